"""Calls without telephones, in virtual time: scripts, tests beside flows, coverage, recorded calls."""
