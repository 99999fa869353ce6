"""What the Distribution is told, and what it answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.agents import AgentStatus
from acd.queues import Waiting


class Refusal(StrEnum):
    """Why a caller waits no longer, other than for having an agent."""

    TIMEOUT = "timeout"
    CLOSED = "closed"
    FULL = "full"
    NOBODY = "nobody"


# --- what happens -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallerJoined:
    """`open`: whether the queue's hours are. `again`: they were let in before, and keep their place."""

    caller: Waiting
    open: bool = True
    again: bool = False


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """They hung up, or chose otherwise."""

    call_id: str


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentMissed:
    """The offer came to nothing: busy, not answered, refused, not reachable."""

    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """`failed`: the two could not be connected. The caller waits on, at the place they had."""

    call_id: str
    agent: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class TalkFound:
    """Two who talk since before this Distribution was made."""

    call_id: str
    agent: str
    queue: str
    since: datetime


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Of an agent who logs in or out, or takes a break."""

    agent: str
    status: AgentStatus


@dataclass(frozen=True, slots=True)
class LineChanged:
    """The agent's telephone is in use, by whatever call, or no longer."""

    agent: str
    busy: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """`next_deadline()` has come."""


Event = (
    CallerJoined
    | CallerLeft
    | AgentAnswered
    | AgentMissed
    | TalkEnded
    | TalkFound
    | StatusChanged
    | LineChanged
    | TimePassed
)


# --- what is to be done: each concerns one caller ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfferCall:
    """Ring the agent. AgentAnswered or AgentMissed follows, unless CancelOffer comes first."""

    call_id: str
    agent: str
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class CancelOffer:
    """Stop ringing; nothing is to be reported. `missed`: the agent let it ring for too long."""

    call_id: str
    agent: str
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """Let the two talk; TalkEnded follows. The caller waits no longer."""

    call_id: str
    agent: str
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The caller's place, from 1, and the expected wait; None when nothing can be said of it."""

    call_id: str
    position: int
    wait_seconds: float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The caller waits no longer."""

    call_id: str
    why: Refusal


Command = OfferCall | CancelOffer | Connected | Moved | Refused
