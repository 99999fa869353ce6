"""What we know of a person: contacts, the append-only timeline, permissions, lists of people."""
