"""Composition root: every part is made and wired here, started and stopped in order."""
