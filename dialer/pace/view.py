"""What a pacer is told, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class PacingSettings:
    """Seconds unless said otherwise.

    `abandon_cap`: abandoned / answered by a person, over the whole run, false positives of machine
    detection included. `connect_window`: from the end of detection until an agent must be connected.
    `min_ring`: how long a call must ring before it may be cancelled. `lines`: simultaneous calls. `tick`:
    between decisions. `horizon`: the planned length of the run, if known. `machine_error`: the estimated
    share of people taken for machines; they are invisible here and count as abandoned.
    """

    abandon_cap: float = 0.03
    connect_window: float = 2.0
    ring_timeout: float = 25.0
    min_ring: float = 15.0
    lines: int = 48
    tick: float = 0.5
    horizon: float | None = None
    machine_error: float = 0.0


@dataclass(frozen=True, slots=True)
class AgentView:
    id: str
    state: Literal["idle", "talking", "wrapping"]
    since: float


@dataclass(frozen=True, slots=True)
class CallView:
    id: str
    dialled_at: float
    stage: Literal["dialling", "ringing", "detecting", "waiting"]
    since: float


@dataclass(frozen=True, slots=True)
class CallEnded:
    call_id: str
    result: Literal["no_answer", "failed", "machine", "abandoned", "cancelled", "hung_up"]
    dialled_at: float
    answered_at: float | None
    at: float


@dataclass(frozen=True, slots=True)
class PersonAnswered:
    """Detection said that it is a person; they are connected, or wait."""

    call_id: str
    dialled_at: float
    answered_at: float
    at: float


@dataclass(frozen=True, slots=True)
class TalkEnded:
    agent_id: str
    talk_seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class AgentFreed:
    """The wrap-up is over. `stays` is false if the agent leaves now."""

    agent_id: str
    talk_seconds: float
    wrap_seconds: float
    at: float
    stays: bool


@dataclass(frozen=True, slots=True)
class AgentLoggedIn:
    agent_id: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentLoggedOut:
    agent_id: str
    at: float


PacingEvent = CallEnded | PersonAnswered | TalkEnded | AgentFreed | AgentLoggedIn | AgentLoggedOut


@dataclass(frozen=True, slots=True)
class PacingView:
    """The world at `now` (monotonic seconds), and what happened since the last decision.

    `attempts`, `live` and `abandoned` count over the legal window so far, restarts included.
    `dial_limit`: calls that may still be placed this second; None for no limit.
    """

    now: float
    agents: Sequence[AgentView]
    calls: Sequence[CallView]
    events: Sequence[PacingEvent]
    free_lines: int
    attempts: int
    live: int
    abandoned: int
    leads_left: int | None = None
    dial_limit: int | None = None


@dataclass(frozen=True, slots=True)
class PacingDecision:
    """Calls to place now, and the ids of ringing calls to give up."""

    dial: int
    cancel: tuple[str, ...] = ()


class Pacer(Protocol):
    def decide(self, view: PacingView) -> PacingDecision: ...

    def knowledge(self) -> dict[str, Any]:
        """JSON-able; given back to `create_pacer` after a restart."""
        ...

    def explain(self) -> dict[str, Any]:
        """What it believes, and why it dialled what it dialled last."""
        ...
