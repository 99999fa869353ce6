"""What a Dialogue asks of its performer: a live call, a rehearsal or a chat. They are performed in order.

A command with a `work_id` is work: it takes its time, and Finished(work_id, outcome, values) ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.events import CallEventKind


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be spoken in `language`. A recording of that text, if there is one, replaces the voice.

    `passing`: they hold values of this call, so their sound is kept no longer than it is needed.
    """

    text: str
    language: str
    passing: bool = False


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
    """Take a message for `box`, or without one a clip for the flow, after a beep.

    Finished with "next" or "empty". Its values: recording (name) and seconds.
    """

    work_id: int
    box: str | None
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
class Enqueue:
    """Let the caller wait for an agent of `queue`, with music, until LeaveQueue.

    QueueMoved tells the place in it whenever that changes, AgentAnswered that they talk now. Finished follows
    with "next" when that conversation has ended, or timeout, closed, full, nobody.
    """

    work_id: int
    queue: str
    skills: tuple[str, ...] = ()
    priority: int = 0
    max_wait_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """The caller waits no longer. No Finished follows."""

    work_id: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask a declared service. `path` begins with / and every value in it is escaped; `body` is sent as JSON.

    `logged_path`: the path as a log may show it, when there is a secret value in it.
    Finished with "next" and value `reply` (JSON), or "failed" within `timeout_seconds`.
    """

    work_id: int
    service: str
    method: str
    path: str
    body: Mapping[str, object] | None = None
    timeout_seconds: float = 5.0
    logged_path: str = ""


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """Look an attribute of the caller's profile up. Finished with "next" and `value`, or "unknown"."""

    work_id: int
    attribute: str


@dataclass(frozen=True, slots=True)
class WriteProfile:
    """Set an attribute of the caller's profile. Finished with "next", or "unknown" for a withheld number."""

    work_id: int
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send `text` to a number. Finished with "next" (it is queued), "refused" (by a rule) or "failed".

    `purpose` is one of compliance.facts.Purpose: the rules that hold follow from it.
    """

    work_id: int
    to: str
    text: str
    language: str
    channel: str = "sms"
    purpose: str = "service"


@dataclass(frozen=True, slots=True)
class RequestCallback:
    """Have `number` (E.164) called back by a campaign. Finished with "next", or "declined" by a rule."""

    work_id: int
    campaign: str
    number: str
    within_seconds: float


@dataclass(frozen=True, slots=True)
class KeepConsent:
    """Keep that the caller consents to `purpose`, or does not. `by`: key, speech or silence.

    `channels`: over which they may be contacted for it; none: it is about something else than contacts.
    """

    work_id: int
    purpose: str
    given: bool
    by: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopContact:
    """Keep that `number` wants no more contact over `channels`."""

    work_id: int
    number: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeepPromise:
    """Keep a promise to pay. `amount`: a decimal such as 120.50; `due`: an ISO date.

    In `instalments` equal parts, a `every` ("week", "month") apart, the first by `due`. `reference` "": for
    the debt that the call is about. Finished with "next", or "refused" when the balance does not allow it.
    """

    work_id: int
    amount: str
    currency: str
    due: str
    reference: str
    instalments: int = 1
    every: str = "month"


@dataclass(frozen=True, slots=True)
class ReadDebt:
    """Look the debt up that the call is about. Finished with "next" and `debt`, or "unknown".

    It is "unknown" too as long as the caller has not proved in this call who they are.
    """

    work_id: int


@dataclass(frozen=True, slots=True)
class DisputeDebt:
    """The caller says that they do not owe it, and why. Finished with "next", or "unknown"."""

    work_id: int
    note: str


CODE = "‹code›"
"""Stands in the text of a SendCode where the code goes: the Dialogue never knows it."""


@dataclass(frozen=True, slots=True)
class SendCode:
    """Make a code of so many digits and send `text` with it. Finished with "next" or "failed"."""

    work_id: int
    to: str
    text: str
    language: str
    digits: int


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Compare the caller's answer with the code sent last, or with an attribute of their profile.

    `attribute` None: the code; with `debt` the last digits of the creditor's reference of the debt that the
    call is about. Finished with "verified" or "failed".
    """

    work_id: int
    answer: str
    attribute: str | None = None
    debt: bool = False


Errand = (
    Fetch
    | ReadProfile
    | WriteProfile
    | SendMessage
    | RequestCallback
    | KeepConsent
    | StopContact
    | KeepPromise
    | ReadDebt
    | DisputeDebt
    | SendCode
    | CheckAnswer
)
"""Work that does not touch the caller's channel."""

Work = Record | Transfer | Enqueue | Errand


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. `reason`: normal, busy or congestion. Nothing follows."""

    reason: str = "normal"


@dataclass(frozen=True, slots=True)
class Note:
    """Write this into the call's event log."""

    kind: CallEventKind
    data: Mapping[str, object] = field(default_factory=dict)


Command = Say | StopSaying | Listen | StopListening | Work | LeaveQueue | HangUp | Note
