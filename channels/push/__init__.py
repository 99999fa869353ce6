"""Web push: notices to browsers that a person allowed them in."""
