"""Properties are checked without a limit of time for one example: the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("messaging", deadline=None)
settings.load_profile("messaging")
