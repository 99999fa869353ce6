"""The kinds of answer that an `ask` understands, one file each."""
