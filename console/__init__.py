"""The web console: pages, the REST API, accounts, live events, probes and metrics."""
