"""How fast a provider may be given messages: a bucket of tokens. Pure; seconds are the loop's own clock's."""

from __future__ import annotations

from messaging.provider import Pace

# What has not been used is kept for so long, so that a pause does not become a burst.
KEPT_SECONDS = 1.0


class Bucket:
    """Holds a second's worth at most, and one token at least."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._per_second = pace.per_second
        self._most = max(1.0, (pace.per_second or 0.0) * KEPT_SECONDS)
        self._tokens = self._most
        self._at = now

    def room(self, now: float) -> int | None:
        """How many may go now; None: there is no limit."""
        if self._per_second is None:
            return None
        self._fill(now)
        return int(self._tokens)

    def take(self, now: float) -> None:
        if self._per_second is not None:
            self._fill(now)
            self._tokens -= 1.0

    def seconds_to_next(self, now: float) -> float:
        """Until there is room for one."""
        if self._per_second is None:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self._per_second)

    def _fill(self, now: float) -> None:
        assert self._per_second is not None
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._per_second)
        self._at = now
