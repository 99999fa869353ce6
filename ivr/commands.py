"""What a Dialogue asks of its performer: a live call, a rehearsal or a chat. They are performed in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.events import CallEventKind


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be spoken in `language`. A recording of that text, if there is one, replaces the voice."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Sound:
    """A recorded file by name: a file in the prompts folder, or one of Asterisk's own sounds."""

    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say the parts one after another, then report Spoken(say_id).

    `interrupt`: keys and speech may stop it (the Dialogue says so with StopSaying).
    """

    say_id: int
    parts: tuple[Text | Sound, ...]
    interrupt: bool = True


@dataclass(frozen=True, slots=True)
class StopSaying:
    """Be silent at once. No Spoken follows for what was stopped."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen to the caller from now on, until StopListening or another Listen.

    `phrases`: language -> what may be said in it; empty for keys only. `free`: any words, not just phrases.
    `sequence`: several phrases may follow one another in an utterance, such as "two double five"; it is heard
    as these phrases with blanks between. Without it an utterance is one phrase.
    `silence_seconds`: the quiet that ends an utterance (longer while digits are dictated).
    Keys are always reported.
    """

    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    free: bool = False
    silence_seconds: float = 0.4
    sequence: bool = False


@dataclass(frozen=True, slots=True)
class StopListening:
    """Nobody needs to be heard: audio need not flow to us."""


@dataclass(frozen=True, slots=True)
class Record:
    """Take a message, after a beep; then report Finished with "next" or "empty".

    Its values: recording (name) and seconds.
    """

    work_id: int
    box: str
    longest_seconds: int = 120
    silence_seconds: int = 4


@dataclass(frozen=True, slots=True)
class Transfer:
    """Call `number` and connect the caller to it.

    Finished follows with "next" when that conversation has ended, or busy, no_answer, refused, failed.
    """

    work_id: int
    number: str
    ring_seconds: int = 30
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. `reason`: normal, busy or congestion. Nothing follows."""

    reason: str = "normal"


@dataclass(frozen=True, slots=True)
class Note:
    """Write this into the call's event log."""

    kind: CallEventKind
    data: Mapping[str, object] = field(default_factory=dict)


Command = Say | StopSaying | Listen | StopListening | Record | Transfer | HangUp | Note
