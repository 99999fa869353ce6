"""What an agent's page shows: plain values, made by Desks, of one agent at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from acd.agents import AgentState, AgentStatus
from acd.talks.talk import TalkView
from acd.views import AgentView, QueueView
from engine.desk.previews import Preview
from engine.registers.agents import AgentDay
from history.callbacks import CallbackRequest
from history.contact import Contact
from history.interaction import ContactPoint, Interaction
from history.permissions import Consent, Objection


class DeskPart(StrEnum):
    """What has changed, for pages that fetch it anew."""

    STATE = "state"  # status, state, wrap-up
    OFFER = "offer"
    TALK = "talk"
    POPUP = "popup"
    NOTES = "notes"  # note, disposition, what was scheduled
    DAY = "day"
    QUEUES = "queues"
    WRITTEN = "written"  # messages of people: offered, in hand, answered
    CHATS = "chats"  # chats with visitors: offered, their lines, who types, passed on, over
    PHONE = "phone"  # Asterisk was restarted: ask for credentials anew
    ELSEWHERE = "elsewhere"  # another page is the desk now: this one is over
    SIGNED_OUT = "signed_out"  # by a supervisor, or as the person was disabled
    ALL = "all"  # the page fell behind: load everything


class DeskDetail(StrEnum):
    """What of a desk is looked up only where it is shown."""

    CALL = "call"  # offer, talk, popup, wrap_up, note, dispositions
    SIDE = "side"  # script, templates
    DAY = "day"
    QUEUES = "queues"


Details = frozenset[DeskDetail]
EVERYTHING: Details = frozenset(DeskDetail)


class StopKind(StrEnum):
    """A stop on the line that a caller has come along."""

    ARRIVED = "arrived"  # text: the number dialled
    KEY = "key"  # text: the key ("*": secret), detail: the choice
    WORDS = "words"  # text: what was said, detail: the choice or value; confidence
    LOOKED_UP = "looked_up"  # text: the service, detail: its answer
    CHECKED = "checked"  # text: "passed" or "failed"
    QUEUE = "queue"  # text: the queue
    AGENT = "agent"  # text: the agent's name
    CONSENT = "consent"  # text: the purpose, detail: "given" or "refused"


@dataclass(frozen=True, slots=True)
class Stop:
    """`text` is the customer's own where they said it, in `language` (None: unknown). Confidence in 0..1."""

    at: datetime
    kind: StopKind
    text: str
    detail: str = ""
    confidence: float | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Popup:
    """Who calls and why, ready when the browser rings.

    `missing` is a sentence when the history could not be asked: then only what the call itself tells is here.
    `promises` are those whose day is not over; `callbacks` those that stand.
    """

    call_id: str
    direction: str  # "inbound" or "outbound"
    number: str  # "" when withheld
    point: ContactPoint | None
    arrived_at: datetime
    flow: str | None
    language: str | None
    queue: str | None
    queued_at: datetime | None
    waited_seconds: float | None
    stops: tuple[Stop, ...] = ()
    contact: Contact | None = None
    timeline: tuple[Interaction, ...] = ()
    promises: tuple[Interaction, ...] = ()
    callbacks: tuple[CallbackRequest, ...] = ()
    consents: tuple[Consent, ...] = ()
    objections: tuple[Objection, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class OfferView:
    """A caller who rings here. `deadline`: until when."""

    call_id: str
    queue: str
    number: str
    since: datetime
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class NoteView:
    """`seq` counts a page's savings up; a lower one never replaces a higher."""

    call_id: str
    text: str = ""
    seq: int = 0
    saved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DispositionChoice:
    """`label`: language -> words. `next`: "callback", "promise", "stop" or "none"."""

    name: str
    label: Mapping[str, str]
    next: str = "none"


@dataclass(frozen=True, slots=True)
class BreakChoice:
    """`minutes`: how long it should take, None for as long as needed. `label`: language -> words."""

    name: str
    minutes: int | None
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """`text`: language -> words, with the call's own values in their places."""

    name: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """`text`: language -> words; `title` likewise."""

    title: Mapping[str, str]
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrapUpView:
    """Of the talk that is over, or goes on. `until` None: it has not begun.

    `required`: the queue demands a disposition, and there is none yet.
    """

    call_id: str
    queue: str | None
    until: datetime | None
    disposition: str | None = None
    required: bool = False
    callback: CallbackRequest | None = None
    promised: bool = False
    stopped: bool = False
    messages: int = 0


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """`kind`: "agent", "queue", "flow" or "number". `free`: an agent who could answer now.

    `state`: of an agent, what they are at; `takes_chat`: whether there is room for another chat.
    """

    kind: str
    name: str
    shown: str
    state: str = ""
    free: bool = False
    waiting: int = 0
    takes_chat: bool = False


@dataclass(frozen=True, slots=True)
class PhoneCredentials:
    """For the softphone of one page load; the password is void with the next."""

    phone: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeskView:
    """The whole desk of one agent. `now` is the server's time, which timers count from.

    `after`: the status chosen during a talk, which takes effect when it is over. `names`: what agents are
    called, by agent. `preview`: the lead that they look at, whose `popup` it is then. `chats` and
    `messages`: how many they have in hand in writing; `room_for_call`: whether a call may come beside them.
    What was not asked for (DeskDetail) is left out.
    """

    now: datetime
    agent: str
    shown: str
    signed_in: bool
    status: AgentStatus
    reason: str
    status_since: datetime | None
    after: AgentStatus | None
    after_reason: str
    state: AgentState
    state_since: datetime | None
    phone_ready: bool
    offer: OfferView | None = None
    preview: Preview | None = None
    talk: TalkView | None = None
    popup: Popup | None = None
    wrap_up: WrapUpView | None = None
    note: NoteView | None = None
    dispositions: tuple[DispositionChoice, ...] = ()
    script: tuple[ScriptStep, ...] = ()
    templates: tuple[SmsTemplate, ...] = ()
    breaks: tuple[BreakChoice, ...] = ()
    day: AgentDay = field(default_factory=AgentDay)
    queues: tuple[QueueView, ...] = ()
    others: tuple[AgentView, ...] = ()
    chats: int = 0
    messages: int = 0
    room_for_call: bool = True
    names: Mapping[str, str] = field(default_factory=dict)
