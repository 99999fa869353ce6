"""SMS through providers that speak HTTP, each described by settings rather than by code."""
