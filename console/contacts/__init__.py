"""The pages of people: the list, a person with their timeline, and what may be done."""
