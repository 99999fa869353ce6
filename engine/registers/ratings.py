"""Grades that people gave after a talk, by the queue and the agent of that talk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RatingCount:
    """`total`: the sum of `rated` grades; `declined` gave none. `queue`, `agent` "": nobody talked before."""

    queue: str
    agent: str
    rated: int = 0
    declined: int = 0
    total: int = 0

    @property
    def average(self) -> float | None:
        return self.total / self.rated if self.rated else None


class Ratings(Protocol):
    async def since(self, since: datetime) -> Sequence[RatingCount]:
        """Of calls that began at or after `since`, one for each pair. Raises StoreUnavailable."""


def in_all(
    counts: Iterable[RatingCount], *, queue: str | None = None, agent: str | None = None
) -> RatingCount:
    """Those of a queue or an agent as one."""
    found = [one for one in counts if queue in (None, one.queue) and agent in (None, one.agent)]
    return RatingCount(
        queue or "",
        agent or "",
        sum(one.rated for one in found),
        sum(one.declined for one in found),
        sum(one.total for one in found),
    )
