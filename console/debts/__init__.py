"""Pages of debts."""
