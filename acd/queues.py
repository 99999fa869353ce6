"""A queue as it is set up, and one caller who waits in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Demand = tuple[str, tuple[str, ...]]
"""A queue's name, and the skills that are needed."""


class Strategy(StrEnum):
    """Which of the free agents gets the next call."""

    LONGEST_IDLE = "longest_idle"


@dataclass(frozen=True, slots=True)
class Queue:
    """`agents`: names; empty for all. `capacity`: so many may wait. `hours`: a name, None for always open."""

    name: str
    agents: frozenset[str] = frozenset()
    hours: str | None = None
    capacity: int = 100
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 10.0
    strategy: Strategy = Strategy.LONGEST_IDLE


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue. `skills`: the agent must have all of them. A higher `priority` goes first."""

    call_id: str
    queue: str
    since: datetime
    skills: tuple[str, ...] = ()
    priority: int = 0
    max_wait_seconds: float = 600.0

    @property
    def deadline(self) -> datetime:
        return self.since + timedelta(seconds=self.max_wait_seconds)

    @property
    def demand(self) -> Demand:
        """Callers of one demand can be served by the same agents."""
        return self.queue, self.skills

    @property
    def turn(self) -> tuple[int, datetime, str]:
        """Sorts those who wait into the order in which they are served."""
        return -self.priority, self.since, self.call_id


@dataclass(frozen=True, slots=True)
class Offer:
    """An agent's telephone rings for a caller, at the longest until `deadline`."""

    call_id: str
    agent: str
    deadline: datetime
