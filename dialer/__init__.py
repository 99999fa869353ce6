"""Calls to many people: campaigns, their leads, how fast they are dialled, and what comes of it."""
