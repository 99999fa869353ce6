"""The agent's desk: its page, the parts that are fetched anew, and what is sent from it."""
