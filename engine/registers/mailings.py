"""Mailings: one template or cascade to many people, as it is kept, and as a worker writes its messages.

Every method raises StoreUnavailable; what is not there, Missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Protocol

from compliance.facts import Channel, Purpose
from engine.registers.actor import Actor
from engine.registers.cascades import KeptRun
from engine.registers.messages import Message
from engine.registers.pages import Page
from history.contact import Contact
from messaging.cascade import Ending
from messaging.links import ShortLink
from messaging.mailing import LeftOut, MailingState, Order, Progress

MOST_CONTACTS = 10_000


@dataclass(frozen=True, slots=True)
class Mailing:
    """`template` with its `channel`, or `cascade`. It goes to `segment_id`, or to `contact_ids`.

    `values`: what the template takes. `language`: for people whose own is not known. `campaign`: by its
    name packs of rules may be asked. `per_second`: None, as fast as providers take. `opens`, `closes`:
    between them, in the configured zone, messages are written; None: at any hour. `ends_at`: none later.
    `recipients` and `left_out` are known from the start on, `purpose` from the check on. `prepared`: how many
    of the recipients are written down; messages begin to be written when all are.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    template: str | None = None
    channel: Channel | None = None
    cascade: str | None = None
    segment_id: str | None = None
    contact_ids: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose | None = None
    language: str | None = None
    campaign: str | None = None
    per_second: float | None = None
    opens: time | None = None
    closes: time | None = None
    ends_at: datetime | None = None
    state: MailingState = MailingState.DRAFT
    note: str = ""
    version: int = 1
    started_at: datetime | None = None
    over_at: datetime | None = None
    recipients: int = 0
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    prepared: int = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would get it now: how many, how many not and why, and a fair share of them, whole."""

    recipients: int
    left_out: Mapping[LeftOut, int]
    sample: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class MailingFigures:
    """`unwritten`: people for whom there were no words, by the reason. `endings`: of a cascade's runs.
    `silent`: a provider took them, and nobody told what became of them while they could still arrive, or
    while their cascade went on. Nothing more is waited for.
    """

    progress: Progress
    unwritten: Mapping[str, int]
    endings: Mapping[Ending, int] = field(default_factory=dict)
    running: int = 0
    silent: int = 0

    @property
    def settled(self) -> bool:
        """Nothing that was begun is on its way any more."""
        return self.progress.under_way <= self.silent and not self.running

    @property
    def done(self) -> bool:
        return self.settled and self.progress.to_come <= 0


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """One person of a mailing. `message_id`: of its message, or of its cascade's run; None: not yet, or none.

    `why`: no message was written for this.
    """

    n: int
    contact_id: str
    written_at: datetime | None
    message_id: str | None
    why: str


class Mailings(Protocol):
    """For pages, the API and the command line."""

    async def create(self, actor: Actor, mailing: Mailing) -> Mailing:
        """Refused when the name is taken."""

    async def get(self, id: str) -> Mailing: ...

    async def list(
        self, state: MailingState | None = None, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Mailing]:
        """Newest first."""

    async def change(self, actor: Actor, mailing: Mailing, *, order: Order = Order.CHANGE) -> Mailing:
        """All that is written of it; Changed when its version is another by now, Refused in a wrong state."""

    async def order(self, actor: Actor, id: str, order: Order, reason: str = "") -> Mailing:
        """Start, pause, go on, stop. Raises Refused; a start also Changed, when it is written anew meanwhile.

        Who gets it is known with the start. A few are written down at once; of more the worker does so.
        """

    async def audience(self, mailing: Mailing, *, most: int) -> Audience:
        """As it would be frozen now, with `most` people evenly over all."""

    async def figures(self, id: str) -> MailingFigures: ...

    async def progress(self, some: Sequence[Mailing]) -> Mapping[str, Progress]:
        """By their ids, for lists of them: without opt-outs and cost; recipients are those of the start."""

    async def recipients(
        self, id: str, *, unwritten: bool = False, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[RecipientOutcome]:
        """In their order. `unwritten`: only those who get no message."""

    async def attribute_names(self) -> Sequence[str]:
        """All that anybody's profile has, for templates."""


# --- the worker's side ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToWrite:
    """A frozen recipient. `contact`: the person as they are now; None: erased. `twice`: they have become one
    person with another recipient, who gets it.
    """

    n: int
    contact: Contact | None
    twice: bool = False


@dataclass(frozen=True, slots=True)
class WrittenOne:
    """What became of a recipient: messages and the cascade's run, or why there are none."""

    n: int
    messages: tuple[Message, ...] = ()
    links: tuple[ShortLink, ...] = ()
    run: KeptRun | None = None
    why: str = ""


class MailingQueue(Protocol):
    async def claim(self, *, lease_seconds: float) -> Sequence[Mailing]:
        """Those on their way, for this worker alone until then: preparing, running, paused, and stopped
        but not swept."""

    async def prepare(self, id: str, *, lease_seconds: float) -> bool:
        """Write the next batch of its recipients down, and renew the lease; with the last it runs. False, and
        nothing is written: the mailing is not preparing any more, or is another worker's.
        """

    async def to_write(self, id: str, *, limit: int) -> Sequence[ToWrite]:
        """The next recipients without a message."""

    async def write(self, id: str, written: Sequence[WrittenOne], *, lease_seconds: float) -> bool:
        """All in one transaction, which renews the lease. False, and nothing is written: the mailing is not
        running any more, or is another worker's.
        """

    async def hold(self, id: str) -> int:
        """Keep a batch of what is queued of a paused mailing from going out; 0: there is no more of it."""

    async def release(self, id: str) -> int:
        """Let a batch of what was held go out: the mailing goes on. 0: there is no more of it."""

    async def sweep(self, id: str) -> bool:
        """Stop a batch of what a stopped mailing has queued, and its cascades; True: there may be more."""

    async def finish(self, id: str) -> bool:
        """When every message has its final state."""

    async def note(self, id: str, told: str) -> None:
        """Show it with one that prepares or runs, and goes on to; "" takes it back."""

    async def overtime(self, id: str, reason: str) -> None:
        """Stop one that is not over: its time is."""
