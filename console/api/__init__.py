"""The REST API, /api/v1: every operation is declared once, and served, checked and documented from that."""
