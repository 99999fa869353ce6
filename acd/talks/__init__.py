"""A talk, as a table: what agents may do in it, and what follows when somebody comes or goes."""
