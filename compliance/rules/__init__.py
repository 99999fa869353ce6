"""The kinds of rules of which packs are made, one a file."""
