"""The database behind the Ledger and Queries ports: SQLite or PostgreSQL."""
