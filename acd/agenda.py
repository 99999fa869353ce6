"""What is due when: a heap of moments, in which what was put off is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, Protocol, TypeVar


class Dated(Protocol):
    due: datetime | None


Item = TypeVar("Item", bound=Dated)


class Agenda(Generic[Item]):
    """Each item is due once at the most: at its `due`, which only the agenda sets."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Item]] = []
        self._entries = 0

    def put(self, item: Item, at: datetime | None) -> None:
        """Due at that moment instead of whenever it was; None for never."""
        if item.due == at:
            return
        item.due = at
        if at is not None:
            self._entries += 1
            heappush(self._heap, (at, self._entries, item))

    def next(self) -> datetime | None:
        heap = self._heap
        while heap and heap[0][2].due != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, now: datetime) -> Iterator[Item]:
        """Each item that is due by now; it is due no more unless it is put again, later than now."""
        while (at := self.next()) is not None and at <= now:
            item = heappop(self._heap)[2]
            item.due = None
            yield item
