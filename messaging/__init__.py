"""Messages: what is written to people, by which channel, and what became of it. Pure."""
