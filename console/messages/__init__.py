"""Pages of messages: all of them, one and its journey, templates, providers."""
