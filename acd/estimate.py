"""How long those who wait will wait.

The method: what the last talks of the queue took with their wrap-up, on average, times the place in the
queue, divided by the agents for such work who are available, now or after their present work. It knows
nothing of other queues that those agents serve, and of callers who give up: it is too long when many do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

# The expected wait is judged by this many talks.
REMEMBERED_TALKS = 20


# It is no more exact than this, and who waits is not told anew of each fraction of a second.
ROUNDED_TO_SECONDS = 5.0


def expected_wait_seconds(position: int, agents: int, handle_seconds: float) -> float | None:
    """In whole steps of 5 seconds, at least one. None when there are no agents."""
    if agents <= 0:
        return None
    steps = round(handle_seconds * position / agents / ROUNDED_TO_SECONDS)
    return max(1, steps) * ROUNDED_TO_SECONDS


class HandleTimes:
    """What the last talks of each queue took, with their wrap-up, in seconds."""

    def __init__(self, queues: Iterable[str]) -> None:
        self._seconds: dict[str, deque[float]] = {}
        self.keep(queues)

    def keep(self, queues: Iterable[str]) -> None:
        """Of these queues, and no others."""
        self._seconds = {name: self._seconds.get(name, deque(maxlen=REMEMBERED_TALKS)) for name in queues}

    def add(self, queue: str, seconds: float) -> None:
        if queue in self._seconds:
            self._seconds[queue].append(seconds)

    def mean_seconds(self, queue: str) -> float | None:
        """None when nothing is known."""
        seconds = self._seconds.get(queue)
        return sum(seconds) / len(seconds) if seconds else None
