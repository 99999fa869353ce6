"""What a caller may do in their turn: pick an option, give a value, pick from a list."""
