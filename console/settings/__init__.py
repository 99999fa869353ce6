"""/settings: who may do what, what they saw and changed, and how agents and queues are set up; for admins."""
