"""What happens when, in simulated seconds."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any


class Agenda:
    """Handlers to call at their time; those of the same time in the order in which they were entered."""

    def __init__(self) -> None:
        self.now = 0.0
        self._entered = 0
        self._entries: list[tuple[float, int, Callable[[Any], None], Any]] = []

    def enter(self, at: float, handler: Callable[[Any], None], about: Any) -> None:
        self._entered += 1
        heappush(self._entries, (at, self._entered, handler, about))

    def pass_to(self, until: float) -> None:
        """Everything up to `until` happens, that moment included."""
        entries = self._entries
        while entries and entries[0][0] <= until:
            self.now, _, handler, about = heappop(entries)
            handler(about)
        self.now = until
