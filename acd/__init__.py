"""Who talks to whom: callers who wait, agents who are free, and the offers that bring them together."""
