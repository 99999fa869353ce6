"""An agent: what they can do, whether they are there, and what they are busy with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from acd.queues import Waiting


class AgentStatus(StrEnum):
    """What the agent (or the telephone) says: apart from what they are busy with."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


class AgentState(StrEnum):
    """What the agent is busy with."""

    IDLE = "idle"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


# Each state's lawful successors.
TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.IDLE: frozenset({AgentState.OFFERED, AgentState.TALKING}),
    AgentState.OFFERED: frozenset({AgentState.IDLE, AgentState.TALKING}),
    AgentState.TALKING: frozenset({AgentState.WRAP_UP, AgentState.IDLE}),
    AgentState.WRAP_UP: frozenset({AgentState.IDLE, AgentState.TALKING}),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """`skills`: skill -> level from 1 (can) to 5 (master)."""

    name: str
    skills: Mapping[str, int] = field(default_factory=dict)

    def has(self, skills: tuple[str, ...]) -> bool:
        return all(self.skills.get(skill, 0) > 0 for skill in skills)


@dataclass(slots=True)
class Seat:
    """An agent as they are now. `call_id` and `queue` are of the offer or the talk, `caller` of a talk.

    `idle_since` decides whose turn it is. `until`: the end of wrap-up. `skipped_until`: offered nothing
    before, since an offer was not answered. `line_busy`: the telephone is in use, by whatever call.
    """

    agent: Agent
    status: AgentStatus = AgentStatus.OFFLINE
    state: AgentState = AgentState.IDLE
    idle_since: datetime | None = None
    until: datetime | None = None
    skipped_until: datetime | None = None
    line_busy: bool = False
    call_id: str | None = None
    queue: str | None = None
    caller: Waiting | None = None
    talking_since: datetime | None = None

    @property
    def logged_in(self) -> bool:
        return self.status is not AgentStatus.OFFLINE

    def free(self, now: datetime) -> bool:
        """Whether a call can be offered."""
        return (
            self.status is AgentStatus.AVAILABLE
            and self.state is AgentState.IDLE
            and not self.line_busy
            and (self.skipped_until is None or self.skipped_until <= now)
        )

    def become(self, state: AgentState, call_id: str | None = None, queue: str | None = None) -> None:
        """Raises ValueError when the table forbids it."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"agent {self.agent.name} cannot go from {self.state} to {state}")
        self.state, self.call_id, self.queue = state, call_id, queue
        self.until = self.talking_since = self.caller = None
