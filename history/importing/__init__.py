"""Lists of people as others keep them: from the cells of a file to drafts of contacts, or to refusals."""
