"""The port to whoever carries messages: an SMSC, an HTTP provider, a mail server, a push service.

A provider is handed one message at a time and answers for it; receipts and incoming messages come whenever
they come. What it is given has an id of ours, reserved and written down before it is handed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from compliance.facts import Channel
from messaging.states import MessageState


@dataclass(frozen=True, slots=True)
class Submission:
    """One message, ready to go. `to`: E.164, an e-mail address, or the channel's own address of the person.

    `subject`, `html`: e-mail and push. `unsubscribe_url`: where one press ends such messages. `sender` None:
    the provider's own. `expires_at`: not to be delivered after it.
    """

    message_id: str
    channel: Channel
    to: str
    text: str
    sender: str | None = None
    subject: str = ""
    html: str = ""
    language: str | None = None
    unsubscribe_url: str = ""
    expires_at: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)


class Taken(StrEnum):
    """`accepted`: it has it. `rejected`: it will never take this one. `busy`: not now, later (throttled).
    `away`: it cannot be reached, and the message surely did not go out. `unknown`: it was handed over and
    nobody answered, so it may have gone out. `gone`: rejected, and the address is no more."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BUSY = "busy"
    AWAY = "away"
    UNKNOWN = "unknown"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Answer:
    """`references`: the provider's ids of it, one for each part. `code`: the provider's own word.

    A provider that tells our message id back in its receipts has that id as its one reference, also of an
    `unknown` answer: a late receipt then decides.

    `state`: what the message has become already, where the provider tells at once (a push service).
    `cost` in minor units of `currency`, where it tells.
    """

    taken: Taken
    references: tuple[str, ...] = ()
    code: str = ""
    why: str = ""
    retry_after_seconds: float | None = None
    state: MessageState = MessageState.ACCEPTED
    cost: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says has become of the part with that `reference`; `at`: when, by its clock.

    `mark`: our own of the part (messaging.marks), where the provider tells it back, and whom it was `to`.
    """

    provider: str
    reference: str
    state: MessageState
    at: datetime
    code: str = ""
    why: str = ""
    to: str = ""
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a person wrote. `external_id`: the provider's id of it, by which it is taken only once.

    `from_`, `to` as for a Submission. `in_reply_to`: a reference or message id that it answers, where told.
    """

    provider: str
    channel: Channel
    from_: str
    to: str
    text: str
    at: datetime
    external_id: str
    subject: str = ""
    in_reply_to: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Awaited by the provider before it confirms: what they were told is written down when they return.

    They raise when it could not be; the provider then does not confirm, and is told again by the other side.
    `standing`: whether the provider can be used now, and a sentence why not; with a sentence although it can,
    it failed and is tried again. `answered`: message id and the
    answer that came after `submit` had returned `unknown`; only some providers can know it.
    """

    receipt: Callable[[Receipt], Awaitable[None]]
    incoming: Callable[[Incoming], Awaitable[None]]
    standing: Callable[[bool, str], None]
    answered: Callable[[str, Answer], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """`at_once`: messages handed over and not answered yet. `per_second`: None when only `at_once` limits."""

    at_once: int = 10
    per_second: float | None = None


class Provider(Protocol):
    """`name` is that of the configuration."""

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def pace(self) -> Pace: ...

    async def start(self, listeners: Listeners) -> None:
        """Connect, and go on trying. Returns at once; `standing` tells how it went."""

    async def close(self) -> None:
        """What was handed over may be answered for a few seconds; nothing new is taken. Idempotent."""

    async def submit(self, submission: Submission) -> Answer:
        """Hand it over, within a limit of time. Never raises for what the other side does."""

    async def ask(self, reference: str) -> Receipt | None:
        """What has become of it, where the provider can be asked; else None."""
