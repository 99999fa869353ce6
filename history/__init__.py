"""What we know of a person: contacts and the append-only timeline of interactions."""
