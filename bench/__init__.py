"""Figures: what a call costs and how fast an answer comes. Run on request; nothing here is a test."""
