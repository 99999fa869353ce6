"""Command line, configuration and composition root: the only place that knows every room."""
