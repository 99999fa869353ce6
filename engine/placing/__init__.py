"""Calls that we place, by a flow or by an agent."""
