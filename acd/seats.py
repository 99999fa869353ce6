"""Seats: each agent as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from acd.agents import Agent, AgentState, AgentStatus
from acd.work import Waiting

# Each state's lawful successors.
TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.IDLE: frozenset({AgentState.OFFERED, AgentState.TALKING}),
    AgentState.OFFERED: frozenset({AgentState.IDLE, AgentState.TALKING}),
    AgentState.TALKING: frozenset({AgentState.HOLD, AgentState.WRAP_UP, AgentState.IDLE}),
    AgentState.HOLD: frozenset({AgentState.TALKING, AgentState.WRAP_UP, AgentState.IDLE}),
    AgentState.WRAP_UP: frozenset({AgentState.IDLE, AgentState.TALKING}),
}


@dataclass(slots=True)
class Seat:
    """An agent as they are now. `work_id` and `queue` are of the offer or the talk, `caller` of a talk.

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
    reachable: bool = True
    reason: str = ""
    status_since: datetime | None = None
    state_since: datetime | None = None
    work_id: str | None = None
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
            and self.reachable
            and (self.skipped_until is None or self.skipped_until <= now)
        )

    def become(self, state: AgentState, work_id: str | None = None, queue: str | None = None) -> None:
        """Raises ValueError when the table forbids it."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"agent {self.agent.name} cannot go from {self.state} to {state}")
        self.state, self.work_id, self.queue = state, work_id, queue
        self.until = self.talking_since = self.caller = None
