"""What a Dialogue is told. It is told the time with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spoken:
    """The Say with this id is over. `complete`: played to its end; the talk goes on even if not."""

    say_id: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One of 0-9, * and #."""

    key: str


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller began to speak while being listened to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance. `text` is empty when nothing was understood.

    With phrases given, `text` is one of them. `confidence` and `margin` (to the next best) are in 0..1.
    """

    text: str
    language: str
    confidence: float = 1.0
    margin: float = 1.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TimePassed:
    """`next_deadline()` has come."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The work that a command asked for is over.

    `outcome` is one of the outcomes that the verb declares (such as "next", "empty", "busy").
    """

    work_id: int
    outcome: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """The caller's place in the queue, from 1, and the expected wait; None when nothing can be said of it."""

    work_id: int
    position: int
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """The caller and an agent talk: nothing is said or asked until Finished."""

    work_id: int


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The agent was lost: the caller waits again, before all others, and is to be told so."""

    work_id: int


@dataclass(frozen=True, slots=True)
class GivenToQueue:
    """The agent has given the caller to another queue, in which they wait as part of the same work."""

    work_id: int


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new engine has taken the conversation over at the step it was in."""


Event = (
    Spoken
    | KeyPressed
    | SpeechBegan
    | Heard
    | TimePassed
    | Finished
    | QueueMoved
    | AgentAnswered
    | AgentLost
    | GivenToQueue
    | CallerGone
    | Resumed
)
