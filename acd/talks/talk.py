"""A talk as desks see it: what an agent may ask for, and who is on the line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActionRefused(Exception):
    """It is not lawful now; the message is one sentence for the agent.

    `why` is a short name and `values` fill its words, for pages that say it in their reader's language.
    """

    def __init__(self, why: str, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.values = values


class TargetKind(StrEnum):
    AGENT = "agent"
    QUEUE = "queue"
    FLOW = "flow"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a call is given to, or who is asked for advice: by name, a number as it is dialled."""

    kind: TargetKind
    name: str


# --- what an agent asks for -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hold:
    """The customer hears music, and the agent nothing."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Back to the customer."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Whether the agent is heard by nobody."""

    on: bool


@dataclass(frozen=True, slots=True)
class SendKeys:
    """Keys of a telephone (0-9, *, #) for the customer's end."""

    keys: str


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask an agent or a number for advice, while the customer hears music."""

    target: Target


@dataclass(frozen=True, slots=True)
class CompleteTransfer:
    """The customer goes to who was consulted; the agent's part is over."""


@dataclass(frozen=True, slots=True)
class Conference:
    """Customer, agent and who was consulted talk, all three."""


@dataclass(frozen=True, slots=True)
class CancelConsult:
    """Whoever is consulted leaves, or is rung no more; back to the customer."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Give the customer away unannounced.

    To a queue or a flow the agent's part is over at once. An agent or a number is rung first, and when nobody
    answers the customer is back with the agent.
    """

    target: Target


@dataclass(frozen=True, slots=True)
class HangUp:
    """The agent leaves the talk."""


@dataclass(frozen=True, slots=True)
class DropParty:
    """Somebody beside agent and customer leaves: `leg` of the TalkView."""

    leg: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    on: bool


@dataclass(frozen=True, slots=True)
class Join:
    """A supervisor barges in: `leg` is up already. They stay with the agent, whatever the agent does."""

    leg: str
    name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The supervisor is taken out of the talk; their channel stays up."""

    leg: str


Action = (
    Hold
    | Resume
    | Mute
    | SendKeys
    | Consult
    | CompleteTransfer
    | Conference
    | CancelConsult
    | Transfer
    | HangUp
    | DropParty
    | PauseRecording
    | Join
    | Leave
)


# --- what desks show --------------------------------------------------------------------------------------


class TalkPhase(StrEnum):
    """`consulting` from the moment in which the other one is rung, of an unannounced transfer too."""

    DIALLING = "dialling"
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    CONFERENCE = "conference"


class PartyRole(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"  # who leads the talk
    CONSULTED = "consulted"  # or rung for a transfer, or the third of a conference
    SUPERVISOR = "supervisor"


class PartyState(StrEnum):
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"  # hears music, or nothing


@dataclass(frozen=True, slots=True)
class PartyView:
    """`name`: of an agent, or the number. `since` of the state."""

    leg: str
    role: PartyRole
    name: str
    state: PartyState
    since: datetime


@dataclass(frozen=True, slots=True)
class TalkView:
    """`agent` leads the talk, "" when the customer talks with a number alone. `queue` is "" for our own call.

    `recording`: "off", "on" or "paused". `held_seconds` in all until now; `connected_at`: customer and agent.
    """

    talk_id: str
    agent: str
    queue: str
    phase: TalkPhase
    parties: tuple[PartyView, ...]
    muted: bool
    recording: str
    connected_at: datetime | None
    held_seconds: float
