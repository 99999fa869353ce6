"""A leg is one party's channel in a call. Its states are a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class LegRole(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    CUSTOMER = "customer"  # whom we called
    TARGET = "target"  # where a call is transferred to
    SUPERVISOR = "supervisor"
    MEDIA = "media"


class LegState(StrEnum):
    NEW = "new"
    RINGING = "ringing"
    UP = "up"
    HELD = "held"
    ENDED = "ended"


# Each state's lawful successors. ENDED has none: a channel id is never used again.
TRANSITIONS: dict[LegState, frozenset[LegState]] = {
    LegState.NEW: frozenset({LegState.RINGING, LegState.UP, LegState.ENDED}),
    LegState.RINGING: frozenset({LegState.UP, LegState.ENDED}),
    LegState.UP: frozenset({LegState.HELD, LegState.ENDED}),
    LegState.HELD: frozenset({LegState.UP, LegState.ENDED}),
    LegState.ENDED: frozenset(),
}


class LegTransitionError(ValueError):
    """A leg was told to enter a state that its present state does not lead to."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel: `cause` is the Q.850 cause, set when it has ended."""

    channel_id: str
    role: LegRole
    state: LegState = LegState.NEW
    cause: int | None = None

    def moved(self, state: LegState, cause: int | None = None) -> Leg:
        """The leg in its next state. Raises LegTransitionError when the table forbids it."""
        if state not in TRANSITIONS[self.state]:
            raise LegTransitionError(f"leg {self.channel_id} cannot go from {self.state} to {state}")
        return replace(self, state=state, cause=cause)
