"""Pages and interfaces for people and programs, over HTTP."""
