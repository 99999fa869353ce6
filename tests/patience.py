"""How long tests wait for what must come: so many times longer than a machine needs that has room to spare.

The seconds that a test names are of such a machine. One that shares its cores is several times slower, and a
longer limit costs nothing where all is well: whoever waits asks again and again, and goes on at once.
"""

from __future__ import annotations

SLOWER = 3.0
TRIES = 2  # of what runs a real Asterisk or browser: see conftest.py


def patient(seconds: float) -> float:
    """The limit of a wait that takes less than `seconds` on a machine with room to spare."""
    return SLOWER * seconds


# What a page shows, or lets itself be asked to do.
PAGE_MS = round(patient(10_000))
