"""Recogniser and voices behind the engine's ports."""
