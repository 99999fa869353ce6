"""Talks that are recorded: whether, how they are kept, and their transcripts."""
