"""Forecasts of campaigns, made in a process beside the hotline."""
