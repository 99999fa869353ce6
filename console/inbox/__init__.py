"""The inbox: all dialogues, for supervisors."""
