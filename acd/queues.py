"""A queue as it is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from acd.work import Waiting as Waiting


class Strategy(StrEnum):
    """Which of the free agents gets the next piece of work; the one idle for longest, when they are equal."""

    LONGEST_IDLE = "longest_idle"
    LEAST_OCCUPIED = "least_occupied"  # the smallest part of the last hour spent on work, in whole percent
    FEWEST_CALLS = "fewest_calls"  # pieces of work since midnight UTC
    ROUND_ROBIN = "round_robin"  # by name, the one after the agent to whom the queue offered last


@dataclass(frozen=True, slots=True)
class RelaxStep:
    """After a wait of so many seconds each wanted level is `lower_by` less, 1 at the least; or `drop` is
    wanted no more, whether the queue or the caller wanted it. Steps add up."""

    after_seconds: float
    lower_by: int = 0
    drop: str | None = None


@dataclass(frozen=True, slots=True)
class Overflow:
    """Who has waited for `after_seconds`, or comes `when_full`, waits in the queue `to` instead."""

    to: str
    after_seconds: float | None = None
    when_full: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """`agents`: names; empty for all. `capacity`: so many may wait. `hours`: a name, None for always open.

    `priority` is added to the caller's. `skills`: skill -> wanted level. `max_wait_seconds`: the caller's own
    limit holds as well. `reserve`: so many free agents are kept from work of queues with lower priority.
    `disposition_required`: wrap-up goes on for up to `wrap_up_limit_seconds` while none is given.
    """

    name: str
    agents: frozenset[str] = frozenset()
    hours: str | None = None
    capacity: int = 100
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 10.0
    strategy: Strategy = Strategy.LONGEST_IDLE
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    relax: tuple[RelaxStep, ...] = ()
    overflow: tuple[Overflow, ...] = ()
    max_wait_seconds: float | None = None
    reserve: int = 0
    service_level_seconds: float = 20.0
    disposition_required: bool = False
    wrap_up_limit_seconds: float = 300.0

    def __post_init__(self) -> None:
        steps = tuple(sorted(self.relax, key=lambda step: step.after_seconds))
        object.__setattr__(self, "relax", steps)

    def has_member(self, agent: str) -> bool:
        return not self.agents or agent in self.agents
