"""The desk: what an agent's page can do, and what it shows."""
