"""The floor: agents, queues and talks as they are now, for supervisors."""
