"""Pages of campaigns: the list, what each is to do, who is on its list and why, what the rules ask of it."""
