"""Whether this person may be contacted now: rule packs, the gate, its decision and the reasons."""
