"""What the Distribution is told, and what it answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.agents import AgentStatus
from acd.work import Waiting, WorkKind


class Refusal(StrEnum):
    """Why a caller waits no longer, other than for having an agent."""

    TIMEOUT = "timeout"
    CLOSED = "closed"
    FULL = "full"
    NOBODY = "nobody"
    BUSY = "busy"  # of AgentTaken: the agent has no room for it


# --- what happens -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallerJoined:
    """`open`: whether the queue's hours are. `again`: they were let in before, and keep their place.

    `front`: before all others, whatever their priority: of a caller whose agent was lost.
    """

    caller: Waiting
    open: bool = True
    again: bool = False
    front: bool = False


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """They hung up, or chose otherwise."""

    work_id: str


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    work_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentMissed:
    """The offer came to nothing: busy, not answered, refused, not reachable."""

    work_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The agent has put the other side on hold, or taken it back."""

    work_id: str
    agent: str
    on: bool


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The agent's part of the work is over. `failed`: the two could not be connected.

    A caller who could not be connected waits on, at the place they had.
    """

    work_id: str
    agent: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class TalkFound:
    """Two who talk, since before this Distribution was made or without an offer. `wrap_up_seconds` as there
    of AgentTaken."""

    work_id: str
    agent: str
    queue: str
    since: datetime
    kind: WorkKind = WorkKind.CALL
    wrap_up_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AgentTaken:
    """The agent has work that no queue offered: a manual call, or one that a dialer placed for them.

    TalkEnded follows. Answered by Refused when the agent has no room for it. `wrap_up_seconds`: None for
    those of the queue. What was being offered to the agent is taken back.
    """

    work_id: str
    agent: str
    queue: str = ""
    kind: WorkKind = WorkKind.CALL
    wrap_up_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AgentRung:
    """A colleague has the agent's telephone rung for work of theirs: for advice, or to give it away.

    What was being offered to the agent is taken back. TalkFound follows, or RingingEnded.
    """

    work_id: str
    agent: str
    queue: str = ""
    kind: WorkKind = WorkKind.CALL


@dataclass(frozen=True, slots=True)
class RingingEnded:
    """The agent is rung by a colleague no longer; not heeded once they talk."""

    work_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class Disposed:
    """The agent has said what came of the work."""

    work_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    """The agent is done with wrap-up. Not heeded while the queue demands a disposition and has none."""

    agent: str


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Of an agent who signs in or out, or takes a break. During work it is taken after it."""

    agent: str
    status: AgentStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StandingFound:
    """How an earlier engine left an agent; wrap-up goes on until `wrap_up_until`."""

    agent: str
    status: AgentStatus
    reason: str
    since: datetime
    wrap_up_work: str | None = None
    wrap_up_until: datetime | None = None
    wrap_up_queue: str = ""


@dataclass(frozen=True, slots=True)
class LineChanged:
    """`busy`: the agent's telephone is in use, by whatever call. `reachable`: a call can ring there."""

    agent: str
    busy: bool
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class DeskChanged:
    """Whether a page of the agent's desk is open: what is written comes there, and nowhere else."""

    agent: str
    present: bool


@dataclass(frozen=True, slots=True)
class OpeningChanged:
    """A queue's hours have begun or ended. Those who wait are served; nobody overflows to a closed queue."""

    queue: str
    open: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """`next_deadline()` has come."""


Event = (
    CallerJoined
    | CallerLeft
    | AgentAnswered
    | AgentMissed
    | HoldChanged
    | TalkEnded
    | TalkFound
    | AgentTaken
    | AgentRung
    | RingingEnded
    | Disposed
    | WrapUpEnded
    | StatusChanged
    | StandingFound
    | LineChanged
    | DeskChanged
    | OpeningChanged
    | TimePassed
)


# --- what is to be done: each concerns one piece of work ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfferCall:
    """Ring the agent. AgentAnswered or AgentMissed follows, unless CancelOffer comes first."""

    work_id: str
    agent: str
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class CancelOffer:
    """Stop ringing; nothing is to be reported. `missed`: the agent let it ring for too long."""

    work_id: str
    agent: str
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """Let the two talk; TalkEnded follows. The caller waits no longer."""

    work_id: str
    agent: str
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The caller's place, from 1, and the expected wait; None when nothing can be said of it."""

    work_id: str
    position: int
    wait_seconds: float | None


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The caller waits in another queue from now on, since the same moment."""

    work_id: str
    queue: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The caller waits no longer."""

    work_id: str
    why: Refusal


Command = OfferCall | CancelOffer | Connected | Moved | Overflowed | Refused
