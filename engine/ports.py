"""What the engine needs from outside: voice in and out, memory, time and identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from calls.call import Call
from calls.events import CallEvent
from engine.changes import Change
from history.interaction import ContactPoint, Interaction

# --- time and identity ------------------------------------------------------------------------------------


class Clock(Protocol):
    """A UTC anchor taken once and the monotonic counter: time never jumps within a run."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds, for control loops; never stored."""


class Ids(Protocol):
    def new(self) -> str:
        """A fresh id, sortable by the time it was made; safe in URLs, file names and channel ids."""


# --- voice ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was understood of one utterance; `text` is empty when nothing was.

    With phrases given, `text` is one of them. `confidence`, `margin` in 0..1; `seconds` of speech.
    """

    text: str
    language: str
    confidence: float
    margin: float
    seconds: float


class Listening(Protocol):
    """One caller being listened to. Not thread-safe: used from the loop that made it."""

    def feed(self, audio: bytes) -> None:
        """20 ms of PCM as the VoicePath gives it. Never blocks."""

    def close(self) -> None:
        """Stop; nothing is reported afterwards. Idempotent."""


class Recognizer(Protocol):
    def languages(self) -> frozenset[str]:
        """Languages whose speech can be recognised here; the others go by keys."""

    def unknown_words(self, language: str, phrases: Sequence[str]) -> Sequence[str]:
        """Words of the phrases that the language's model lacks and so can never be heard."""

    def listen(
        self,
        *,
        sample_rate: int,
        phrases: Mapping[str, Sequence[str]],
        free: bool,
        silence_seconds: float,
        sequence: bool = False,
        on_speech: Callable[[], None],
        on_utterance: Callable[[Utterance], None],
    ) -> Listening:
        """Start listening in all languages of `phrases` that have a model.

        `sequence`: several phrases may follow one another in one utterance ("two double five"); its text is
        then those phrases joined by single blanks.

        `on_speech` is called as speech begins, `on_utterance` after the silence that ends it; both in the
        caller's loop, again and again until closed. A recogniser that fails reports an empty Utterance.
        """


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text on disk: `path` without extension; `<path>.sln` is 8 kHz and `<path>.sln16` 16 kHz PCM."""

    path: str
    seconds: float

    def file(self, sample_rate: int) -> str:
        return f"{self.path}.sln16" if sample_rate == 16000 else f"{self.path}.sln"


class VoiceFailed(Exception):
    """No voice could speak this text, or no recording has this name; the message says which and why."""


class Synthesizer(Protocol):
    """Each prompt is rendered once and kept; asking again is cheap."""

    async def speak(self, text: str, language: str, *, passing: bool = False) -> Prompt:
        """`passing`: the text is of one call only; the prompt need not last longer. Raises VoiceFailed."""

    def recording(self, name: str, language: str) -> Prompt:
        """A recorded prompt by name. Raises VoiceFailed."""

    async def warm(self, texts: Sequence[tuple[str, str]]) -> None:
        """Render (text, language) pairs ahead of the first call. Raises VoiceFailed at the first bad one."""


# --- memory -----------------------------------------------------------------------------------------------


class LedgerUnavailable(Exception):
    """The database is away and the change was asked to be durable; nothing was written."""


class StoreUnavailable(Exception):
    """The database did not answer a query; the message is its reason."""


class Ledger(Protocol):
    async def commit(self, changes: Sequence[Change], *, durable: bool = False) -> None:
        """Write the changes in one transaction, in order.

        durable=True returns when they are in the database and raises LedgerUnavailable when they cannot be.
        durable=False returns at once; they are grouped with others, and spooled to disk, in order, while the
        database is away.
        """


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An interaction with the name and points of its contact, for lists."""

    interaction: Interaction
    contact_name: str | None
    contact_points: tuple[ContactPoint, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """How many calls went through a flow: in all, by step, and from step to step, each call once.

    `whole` is false when there were more calls than were looked at; then the latest are counted.
    """

    calls: int = 0
    steps: Mapping[str, int] = field(default_factory=dict)
    ways: Mapping[tuple[str, str], int] = field(default_factory=dict)
    whole: bool = True


class Queries(Protocol):
    """Every method raises StoreUnavailable."""

    async def call(self, call_id: str) -> Call | None: ...

    async def events(self, call_id: str) -> Sequence[CallEvent]: ...

    async def unfinished_calls(self, node: str) -> Sequence[Call]:
        """Calls of this node that have no end yet."""

    async def calls_of(self, network_ids: Sequence[str]) -> Mapping[str, str]:
        """The ids of the calls that these already have, by network id."""

    async def history(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        contact_id: str | None = None,
        subject_id: str | None = None,
        calls_only: bool = False,
    ) -> Sequence[HistoryRow]:
        """Newest first; `before` is the id of the last row of the previous page.

        `calls_only` leaves out what other systems wrote: it has no call to be read back.
        """

    async def flow_figures(self, flow: str, since: datetime, *, most_calls: int) -> FlowFigures:
        """Of calls that began at or after `since` and have ended, whatever version of the flow they ran."""


class Profiles(Protocol):
    async def attribute(self, point: ContactPoint, name: str) -> object:
        """What is kept of the person with this point, None when nothing is. Raises StoreUnavailable."""

    async def wrong_answers(self, point: ContactPoint, since: datetime) -> int:
        """How often it was not proved, in calls with this person since then, who they are.

        Codes that were sent are left out. Raises StoreUnavailable.
        """


# --- services of the company ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """A service's answer: `value` is its JSON, None when it sent no content."""

    status: int
    value: object


class ServiceFailed(Exception):
    """A service gave no answer that can be used; the message says why. `status` is None when none came."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class Services(Protocol):
    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        timeout_seconds: float,
    ) -> Reply:
        """Ask a declared service; `path` begins with / and its values are escaped. Raises ServiceFailed."""


class Codes(Protocol):
    def new(self, digits: int) -> str:
        """A code that nobody can guess."""

    def salt(self) -> bytes:
        """Fresh random bytes."""


# --- recordings and the network's own log -----------------------------------------------------------------


class RecordingLost(Exception):
    """A recording could not be kept; the message says which and why, and where it still lies."""


class Recordings(Protocol):
    async def keep(self, path: str, call_id: str, at: datetime) -> str:
        """Move a finished recording into the recordings folder; returns its name there. RecordingLost."""

    async def discard(self, path: str) -> None:
        """Delete a recording that is no message. One that cannot be deleted is told in the log."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call as Asterisk's own log (CEL) tells it, whether or not an engine was there.

    `ended_at` is None when Asterisk itself died under it; `last_seen_at` is its last sign of life.
    `message_path` is a message taken by the dialplan, with `message_seconds` of speech.
    """

    network_id: str
    started_at: datetime
    last_seen_at: datetime
    caller: str
    dialled: str
    trunk: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    message_path: str | None = None
    message_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LoggedLeg:
    """A channel that was placed, as Asterisk's own log tells it. `cause`: Q.850, at its end.

    `ended_at` None: it is up still, or Asterisk itself died under it.
    """

    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None


class NetworkLog(Protocol):
    async def calls_since(self, since: datetime) -> Sequence[LoggedCall]:
        """Inbound calls that began at or after `since` and are over now, oldest first."""

    async def calls_ended_since(self, since: datetime) -> Sequence[LoggedCall]:
        """Inbound calls that ended at or after `since`; those that Asterisk died under are left out."""

    async def call(self, network_id: str, since: datetime) -> LoggedCall | None:
        """One call that began at or after `since`, also one that is still going on."""

    async def leg(self, channel_id: str) -> LoggedLeg | None:
        """One that we placed; None: the log does not know it."""

    async def clips_of(self, call_id: str) -> Sequence[str]:
        """Paths of what was being recorded for the call's flow when its engine died."""

    async def message_of(self, call_id: str) -> tuple[str, float] | None:
        """Path and seconds of a message that was being taken for the call when its engine died."""


# --- visitors who call from a browser ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitorAnswer:
    """The SDP answer to a browser's offer, and the id by which its keys and hang-up are sent."""

    visitor_id: str
    sdp: str


class VisitorRefused(Exception):
    """The browser's call cannot be taken; the message says why (too many, bad SDP, no common codec)."""


class Visitors(Protocol):
    async def offer(self, sdp: str, dialled: str) -> VisitorAnswer:
        """Take a browser's WebRTC offer as a call to `dialled`. Raises VisitorRefused."""

    async def press(self, visitor_id: str, keys: str) -> None:
        """Raises KeyError when there is no such visitor."""

    def __contains__(self, visitor_id: object) -> bool:
        """Whether this visitor's call goes on."""

    async def hang_up(self, visitor_id: str) -> None:
        """Idempotent."""
