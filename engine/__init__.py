"""Runs the cores against ports: calls both ways, the gatekeeper, callbacks, webhooks, recovery."""
