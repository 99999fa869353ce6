"""What becomes of a talk's legs, and what a talk commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from acd.talks.talk import Target
from calls.events import CallEventKind

# --- what happens to legs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    leg: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A leg has ended. `lost`: not by the will of who was on it."""

    leg: str
    cause: int = 16
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It has rung for too long."""

    leg: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Something else is to become of the customer: everybody else leaves. `lost`: for another agent."""

    lost: bool = False


LegEvent = Answered | Gone | Unanswered | Cut


# --- what is to be done, in order -------------------------------------------------------------------------


class Ending(StrEnum):
    """How a talk is over for the customer's call."""

    AGENT = "agent"  # whoever talked with the customer has hung up: the call goes on without them
    CUSTOMER = "customer"  # they hung up, or never answered
    LOST = "lost"  # the customer is to have another agent, before all others
    QUEUE = "queue"  # `name`: they wait in this queue from now on
    FLOW = "flow"  # `name`: a flow goes on with them


@dataclass(frozen=True, slots=True)
class Arrange:
    """Put everybody where `room_of` says."""


@dataclass(frozen=True, slots=True)
class Ring:
    leg: str
    target: Target
    blind: bool


@dataclass(frozen=True, slots=True)
class EndLeg:
    leg: str


@dataclass(frozen=True, slots=True)
class SetMute:
    leg: str
    on: bool


@dataclass(frozen=True, slots=True)
class Press:
    """Keys for whoever is on this leg."""

    leg: str
    keys: str


@dataclass(frozen=True, slots=True)
class PauseTalk:
    """The recording."""

    on: bool


@dataclass(frozen=True, slots=True)
class Note:
    kind: CallEventKind
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Held:
    """The agent has the customer on hold, or back."""

    agent: str
    on: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """Another agent of ours is on the line."""

    agent: str


@dataclass(frozen=True, slots=True)
class Released:
    """An agent who was asked for advice has left."""

    agent: str


@dataclass(frozen=True, slots=True)
class PartBegan:
    """From now on this agent leads."""

    agent: str
    leg: str


@dataclass(frozen=True, slots=True)
class PartEnded:
    """`by`: "agent", "customer", "transfer", "lost", "system"."""

    agent: str
    by: str
    talked_seconds: float
    held_seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    ending: Ending
    name: str = ""
    cause: int | None = None


Command = (
    Arrange
    | Ring
    | EndLeg
    | SetMute
    | Press
    | PauseTalk
    | Note
    | Held
    | Bound
    | Released
    | PartBegan
    | PartEnded
    | Over
)
