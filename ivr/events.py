"""What a Dialogue is told. It is told the time with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spoken:
    """The Say with this id was heard to its end (or could not be played: the talk goes on)."""

    say_id: int


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
    """The work asked for by Record, Transfer or a later verb's command is over.

    `outcome` is one of the outcomes that the verb declares (such as "next", "empty", "busy").
    """

    work_id: int
    outcome: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new engine has taken the conversation over at the step it was in."""


Event = Spoken | KeyPressed | SpeechBegan | Heard | TimePassed | Finished | CallerGone | Resumed
