"""Previews that were made a moment ago: whoever looks again asks neither the segment nor the gate."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from engine.ports import Clock

KEPT_SECONDS = 15.0
MOST = 50

Shown = TypeVar("Shown")


class KeptPreviews(Generic[Shown]):
    """By what was looked at, whose parts compare equal as long as nothing of it has changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[object, ...], tuple[float, Shown]] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Shown | None:
        """None: it has to be made."""
        found = self._kept.get(key)
        return None if found is None or found[0] <= self._clock.monotonic() else found[1]

    def keep(self, key: tuple[object, ...], shown: Shown) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (self._clock.monotonic() + KEPT_SECONDS, shown)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
