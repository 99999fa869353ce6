"""Telling other systems what has changed, as often as it takes."""
