"""The list that runs out: which leads can be dialled now, and which come back later."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from dialer.forecast.world import CallList


class Supply:
    """Leads by how often they were tried. Without a list there is no end of them."""

    def __init__(self, calls: CallList | None) -> None:
        self._list = calls
        self._fresh = calls.leads if calls else 0
        self._again: list[tuple[float, int]] = []  # (ready at, tries so far)
        self._ready: deque[int] = deque()  # tries so far
        self._in_flight = 0

    def ready(self, now: float) -> int | None:
        """How many may be dialled at `now`; None for no limit."""
        if self._list is None:
            return None
        while self._again and self._again[0][0] <= now:
            self._ready.append(heappop(self._again)[1])
        return self._fresh + len(self._ready)

    def take(self) -> int:
        """Dials one: those who were tried before come first. How often it was tried, this time included."""
        if self._list is None:
            return 1
        self._in_flight += 1
        if self._ready:
            return self._ready.popleft() + 1
        self._fresh -= 1
        return 1

    def give_back(self, tried: int, now: float, *, reached: bool) -> None:
        """The try is over."""
        if self._list is None:
            return
        self._in_flight -= 1
        if not reached and tried < self._list.tries:
            heappush(self._again, (now + self._list.retry_seconds, tried))

    @property
    def left(self) -> int | None:
        """Leads that are not done, in flight or not; None without a list."""
        return None if self._list is None else self._in_flight + self._fresh + self._waiting

    @property
    def _waiting(self) -> int:
        return len(self._ready) + len(self._again)

    def tries_left(self, unreached: float) -> int | None:
        """Tries that are still to come, if each reaches nobody at the probability `unreached`."""
        if self._list is None:
            return None
        tries = self._list.tries
        waiting = [*self._ready, *(tried for _, tried in self._again)]
        expected = self._fresh * _expected(tries, unreached)
        return round(expected + sum(_expected(tries - tried, unreached) for tried in waiting))


def _expected(tries: int, unreached: float) -> float:
    return sum(unreached**number for number in range(tries))
