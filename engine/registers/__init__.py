"""Registers: what is kept and is asked for, changed and listed one thing at a time.

The ledger takes what calls leave behind, in order and without an answer. A register answers: it refuses a
change of what somebody else has changed meanwhile. Both publish with the change, in one transaction.
"""
