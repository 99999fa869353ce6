"""Flow files of an installation: found, checked, tested, reloaded."""
