"""Runs the cores against ports: inbound calls, recovery, and what is live now."""
