"""An agent: what they can do, how much at once, and what they say they are there for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from acd.work import WorkKind


class AgentStatus(StrEnum):
    """What the agent has chosen, apart from what they are busy with."""

    AVAILABLE = "available"
    BREAK = "break"
    TRAINING = "training"
    MISSED = "missed"  # by rule: an offer was not answered; until the agent says otherwise
    OFFLINE = "offline"


class AgentState(StrEnum):
    """What the agent is busy with: of several pieces of work, the one that binds them most."""

    IDLE = "idle"
    OFFERED = "offered"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"


class MissedRule(StrEnum):
    """What comes of an offer that an agent does not answer."""

    PAUSE = "pause"  # nothing is offered to them for a while
    STATUS = "status"  # they are `missed` until they say that they are there


DEFAULT_CAPACITY: Mapping[WorkKind, int] = {WorkKind.CALL: 1, WorkKind.CHAT: 3, WorkKind.TASK: 1}
CALLS_ALONE = frozenset({WorkKind.CALL})


@dataclass(frozen=True, slots=True)
class Agent:
    """`skills`: skill -> level from 1 (can) to 5 (master). `capacity`: kind of work -> so much at once.

    Work of a kind in `alone` is offered only to an agent without other work, and no other work beside it. A
    kind that `capacity` does not name has the default.
    """

    name: str
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: Mapping[WorkKind, int] = field(default_factory=dict)
    alone: frozenset[WorkKind] = CALLS_ALONE
    missed: MissedRule = MissedRule.PAUSE

    def room_for(self, kind: WorkKind) -> int:
        return self.capacity.get(kind, DEFAULT_CAPACITY[kind])
