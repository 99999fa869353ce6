"""Messages as they are kept: what is to be sent, what was, what came in, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from compliance.facts import Channel, Mode, Purpose
from engine.registers.actor import Actor
from engine.registers.pages import Page
from history.interaction import ContactPoint
from messaging.links import ShortLink
from messaging.provider import Incoming, Receipt
from messaging.states import MessageState

# Lower goes first. Somebody waits on the line for a code; a mailing gives way to all else.
CODE_PRIORITY = -10
USUAL_PRIORITY = 0
BULK_PRIORITY = 10
# The code of one in doubt that somebody has said to leave as it is.
LEFT = "left"


class MessageDirection(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to or from one person.

    `point`: the person's, None once they are erased. `ours`: our own number or address, None: the provider's
    own. `data`: what only its channel knows; `data.shown` is the text as it may be shown, where the text
    itself is secret. `parts`: of an SMS. `requested_at`, `requested_until`: the person asked for it, and it
    may come until then. `code`: the provider's or the rule's own word for what became of it, `why` a
    sentence. `cost` in minor units of `currency`. `attempts`: how often it was handed to a provider.
    """

    id: str
    at: datetime
    channel: Channel
    point: ContactPoint | None
    text: str
    direction: MessageDirection = MessageDirection.OUTBOUND
    contact_id: str | None = None
    ours: str | None = None
    template: str | None = None
    language: str | None = None
    subject: str = ""
    html: str = ""
    unsubscribe_url: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    parts: int | None = None
    purpose: Purpose = Purpose.SERVICE
    mode: Mode = Mode.AGENTLESS
    mailing: str | None = None
    cascade: str | None = None
    cascade_step: int | None = None
    campaign: str | None = None
    call_id: str | None = None
    agent: str | None = None
    debt: str | None = None
    in_reply_to: str | None = None
    external_id: str | None = None
    priority: int = USUAL_PRIORITY
    not_before: datetime | None = None
    expires_at: datetime | None = None
    requested_at: datetime | None = None
    requested_until: datetime | None = None
    state: MessageState = MessageState.QUEUED
    state_at: datetime | None = None
    provider: str | None = None
    why: str = ""
    code: str = ""
    attempts: int = 0
    version: int = 1
    cost: int | None = None
    currency: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """The `seq`th state that a message was in."""

    seq: int
    at: datetime
    state: MessageState
    provider: str | None
    why: str
    code: str


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A part that a provider took; `reference`: its id of it."""

    provider: str
    reference: str
    state: MessageState


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """None and empty: any. `contact_id`: of all contacts merged into the person. `undecided`: without those
    in doubt that somebody has said to leave. `prefix`: how the number or address begins.
    """

    states: Sequence[MessageState] = ()
    channel: Channel | None = None
    direction: MessageDirection | None = None
    contact_id: str | None = None
    provider: str | None = None
    mailing: str | None = None
    cascade: str | None = None
    campaign: str | None = None
    template: str | None = None
    call_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    undecided: bool = False
    prefix: str | None = None


class Messages(Protocol):
    """For pages, the API and the command line. Raises Missing, Refused and StoreUnavailable."""

    async def add(
        self, messages: Sequence[Message], links: Sequence[ShortLink] = (), *, actor: Actor | None = None
    ) -> int:
        """Queue them, in one transaction; ids that are there already are left. Returns how many are new.
        `links`: short links that stand in these. With an `actor` each stands in the audit log.

        Without a contact_id the contact is found by the point, or made.
        """

    async def get(self, id: str) -> Message: ...

    async def events(self, id: str) -> Sequence[MessageEvent]:
        """Oldest first."""

    async def parts(self, id: str) -> Sequence[MessagePart]:
        """What has become of each part that a provider took."""

    async def list(
        self, wanted: MessageFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[Message]:
        """Newest first."""

    async def counts(self, wanted: MessageFilter) -> Mapping[MessageState, int]:
        """By state; states that none is in are left out."""

    async def resend(self, actor: Actor, id: str) -> Message:
        """Send one in doubt again, by order. Refused for any other: it is sent, or was never to be."""

    async def leave(self, actor: Actor, id: str, reason: str) -> Message:
        """Leave one in doubt as it is: somebody has looked. Refused for any other. A late receipt counts."""

    async def stop(self, actor: Actor, id: str, reason: str) -> Message:
        """It is not sent. Refused once a provider may have it."""

    async def stop_all(self, actor: Actor, wanted: MessageFilter, reason: str) -> int:
        """All of these that are still queued, outbound ones; returns how many."""

    async def check(self, id: str, at: datetime) -> Message:
        """Its code was entered or its link followed: that proves that it arrived."""


# --- the worker's side ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """A message becomes `to`, if it may (messaging.states.MOVES).

    `attempt`: only if it is still that one's, counted as in Message.attempts. `claimed`: only if this worker
    still has it. `references`: of the parts that the provider took; `lost_part`: what became of another one.
    `not_before`: of what goes back to be queued.
    """

    message_id: str
    to: MessageState
    at: datetime
    why: str = ""
    code: str = ""
    attempt: int | None = None
    claimed: bool = False
    provider: str | None = None
    references: tuple[str, ...] = ()
    lost_part: MessageState | None = None
    not_before: datetime | None = None
    leased_until: datetime | None = None
    cost: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A part of a message in doubt that its provider has taken."""

    message_id: str
    provider: str
    reference: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """A claimed message that is not sent now; another worker may take it from `until` on."""

    message_id: str
    until: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """`oldest_at`: of what could go out now. `untaken`: jobs of the outbox that no provider is there for."""

    queued: int
    in_doubt: int
    oldest_at: datetime | None
    untaken: int


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many expired, came into doubt or were matched; `more`: there are more to do at once."""

    expired: int = 0
    in_doubt: int = 0
    matched: int = 0
    more: bool = False


class MessageQueue(Protocol):
    """Messages from the side of the one who sends them. Every method raises StoreUnavailable."""

    async def due(self, channels: Sequence[Channel]) -> Sequence[Channel]:
        """Channels that have something to send now."""

    async def take_in(self, channels: Sequence[Channel], *, limit: int = 500) -> int:
        """Make messages of outbox jobs that are due, each job done in the same transaction."""

    async def claim(self, channel: Channel, *, limit: int, lease_seconds: float) -> Sequence[Message]:
        """Up to `limit` that are due, for this worker alone; by priority, then the oldest."""

    async def hand_over(self, chosen: Sequence[tuple[Message, str]], until: datetime) -> Sequence[Message]:
        """Claimed messages, each with its provider's name, become `sending`, in one transaction: those that
        this worker still has, as they are now. After `until` one that nobody has answered for is in doubt.
        """

    async def move(self, moves: Sequence[Move]) -> Sequence[Message]:
        """All in one transaction. Those that were moved, as they are now; others are as they were."""

    async def put_off(self, put_off: Sequence[PutOff]) -> None: ...

    async def receipts(self, receipts: Sequence[Receipt]) -> Sequence[Message]:
        """What became of parts. One of an unknown reference waits for it. Those whose state changed."""

    async def settle(self, moves: Sequence[Move], receipts: Sequence[Receipt]) -> Sequence[Message]:
        """Both in one transaction, as `move` and `receipts`: receipts may be of what is just moved."""

    async def take(self, incoming: Incoming, *, opted_out: bool, opted_in: bool = False) -> Message | None:
        """Keep what a person wrote, once: None when it is known already.

        `opted_out`: it is an opt-out, which stands from this transaction on; what is queued for that person
        and purpose is stopped. `opted_in`: it takes back what they forbade in messages of this channel.
        """

    async def doubtful(self, *, limit: int, after: tuple[str, str] = ("", "")) -> Sequence[Doubtful]:
        """What may be asked about: in doubt, but with a reference. Behind that message and reference."""

    async def tidy(self) -> Tidied:
        """A bounded batch: what expired, what a dead worker had, what came early."""

    async def figures(self, channels: Sequence[Channel]) -> MessageFigures: ...
