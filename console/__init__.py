"""The web console: the hotline's page, its calls and their history, live; probes and metrics."""
