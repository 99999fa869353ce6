"""The one place that reads the time, and the ids that are sorted by it."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

from engine.ports import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letters that look like digits

_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


class SystemClock:
    """UTC as it was at the start plus the monotonic counter: stepping the host's clock moves no deadline."""

    def __init__(self) -> None:
        self._anchor = datetime.fromtimestamp(time.time(), UTC)
        self._anchor_monotonic = time.monotonic()

    def now(self) -> datetime:
        return self._anchor + timedelta(seconds=time.monotonic() - self._anchor_monotonic)

    def monotonic(self) -> float:
        return time.monotonic()


class TimeOrderedIds:
    """26 characters: 48 bits of milliseconds, then 80 random bits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> str:
        bits = int(self._clock.now().timestamp() * 1000) << 80 | secrets.randbits(80)
        return "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])
