"""Two or more people on the line: what acd.talks decides, done on Asterisk and written into the log."""
