"""Flow files read into flows: YAML with places, models, checks, called flows put in, the schema."""
