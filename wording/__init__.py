"""How things are said and understood in Polish, English and Russian."""
