"""The verbs of the flow language, one file each: its model, its outcomes, and what it does in a talk."""
