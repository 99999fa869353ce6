"""What failed rests for a while, ever longer, and holds nothing else up."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from engine.ports import Clock

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 600.0
# Of more than these the first are tried again at once: something is wrong with all of them.
MOST = 5_000

Key = TypeVar("Key", bound=Hashable)


class Resting(Generic[Key]):
    """Each rests 5 s after it failed, then twice as long each time, up to ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # How often it failed, and until when it rests.
        self._failed: dict[Key, tuple[int, float]] = {}

    def failed(self, key: Key) -> bool:
        """True: for the first time, which is told."""
        times, _ = self._failed.pop(key, (0, 0.0))
        if len(self._failed) >= MOST:
            del self._failed[next(iter(self._failed))]
        pause = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(times, 20))
        self._failed[key] = (times + 1, self._clock.monotonic() + pause)
        return times == 0

    def went_well(self, key: Key) -> bool:
        """True: it had failed before."""
        return self._failed.pop(key, None) is not None

    def now(self) -> frozenset[Key]:
        """Those that rest."""
        at = self._clock.monotonic()
        return frozenset(key for key, (_, until) in self._failed.items() if until > at)
