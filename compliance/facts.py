"""What the gate is asked and told. Times are aware UTC; nothing here is looked up by the gate itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# How far back `Facts.history` goes. The longest that a pack counts is a calendar month; the callee's day may
# have begun a day earlier.
COUNTED_BACK = timedelta(days=35)


class Channel(StrEnum):
    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
    MESSENGER = "messenger"


class Purpose(StrEnum):
    MARKETING = "marketing"
    COLLECTIONS = "collections"
    SERVICE = "service"
    INFORMATION = "information"


class Mode(StrEnum):
    """How the contact comes about. `agentless`: a machine speaks or writes, chosen by no person."""

    PREVIEW = "preview"
    PROGRESSIVE = "progressive"
    PREDICTIVE = "predictive"
    AGENTLESS = "agentless"
    MANUAL = "manual"


class Reached(StrEnum):
    """The furthest that a contact got; each includes those before it, and `failed` counts nowhere."""

    FAILED = "failed"
    ATTEMPT = "attempt"
    CONNECTION = "connection"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Callee:
    """`number` E.164 (or the channel's address), `timezone` an IANA name, `type` "mobile" or "fixed".

    What is not known is None; the gate then asks for every zone that the number may be in.
    """

    id: str
    number: str
    timezone: str | None = None
    country: str | None = None
    region: str | None = None
    type: str | None = None
    email: str | None = None
    household: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """The person asked for this contact at `at`; `begins`..`ends` is the time they chose, None: any."""

    at: datetime
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    channel: Channel
    purpose: Purpose
    mode: Mode
    contact: Callee
    debt: str | None = None
    requested: Requested | None = None


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """`soft_opt_in`: no consent, but a customer's address used for similar products; few rules take it."""

    channel: Channel
    purpose: str
    given_at: datetime
    withdrawn_at: datetime | None = None
    soft_opt_in: bool = False


@dataclass(frozen=True, slots=True)
class ObjectionFact:
    """`value` None: it is this contact's own. `channels` and `purposes` empty: all."""

    scope: str
    value: str | None
    reason: str
    at: datetime
    channels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PastContact:
    at: datetime
    channel: Channel
    kind: Reached
    direction: str = "outbound"
    debt: str | None = None
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    consents: tuple[ConsentFact, ...] = ()
    do_not_contact: tuple[ObjectionFact, ...] = ()
    history: tuple[PastContact, ...] = ()
