"""How a pacer decides: what it has learned, what it foresees, what it may risk."""
