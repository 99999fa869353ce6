"""Debts apart from people: what is owed, what was promised, and what was paid."""
