"""What a person allows and forbids, each with its time, source and proof. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from history.interaction import ContactPoint


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the person's own act can be seen or heard: a call, its recording and the second, or a text."""

    call_id: str | None = None
    recording: str | None = None
    second: float | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that was given, or (`given` false) one that was refused or withdrawn, from `at` on.

    `channel`: call, sms, email, push, messenger, or "" for one that is no contact's, such as that a call is
    recorded. `purpose`: marketing, collections, service, information, or a flow's own word ("recording").
    `source`: the flow's name, "api", "import", "agent", "sms"… `basis` is "consent" or "soft_opt_in".
    """

    id: str
    at: datetime
    channel: str
    purpose: str
    given: bool
    source: str
    contact_id: str | None = None
    point: ContactPoint | None = None
    basis: str = "consent"
    proof: Proof = Proof()


class Scope(StrEnum):
    NUMBER = "number"
    PERSON = "person"
    HOUSEHOLD = "household"
    DOMAIN = "domain"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Objection:
    """Do not contact. `value`: E.164, a contact's id, a group's id, an e-mail domain, or a prefix of numbers.

    `channels` and `purposes` empty: all of them. `list_name`: the list from which it was imported.
    """

    id: str
    at: datetime
    scope: Scope
    value: str
    reason: str
    source: str
    channels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    list_name: str | None = None
    lifted_at: datetime | None = None
