"""What people allow and forbid: consents, objections, and the facts that the gate decides on."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from compliance.facts import Channel, Facts
from engine.registers.actor import Actor
from history.interaction import ContactPoint
from history.permissions import Consent, Objection, Scope


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """Who is asked about: a point, a contact, or both. `subject` is the contact that is about to be made."""

    channel: Channel
    since: datetime
    point: ContactPoint | None = None
    contact_id: str | None = None
    subject: str = ""
    debt: str | None = None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person before a contact. `contact_id`: the surviving one, None for nobody known.

    `contact_ids` are all contacts merged into the person, `points` all of theirs. `point` is where the
    channel would reach them. `busy_until`: there is a call with them, or one is about to be, and it is asked
    again then; only who decides on a call knows it.
    """

    contact_id: str | None
    contact_ids: tuple[str, ...]
    point: ContactPoint | None
    points: tuple[ContactPoint, ...] = ()
    time_zone: str | None = None
    country: str | None = None
    region: str | None = None
    email: str | None = None
    household: str | None = None
    facts: Facts = field(default_factory=Facts)
    busy_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectionFilter:
    """Which objections are listed. None: all. `in_force`: neither lifted nor on a list that was replaced."""

    scope: Scope | None = None
    value: str | None = None
    list_name: str | None = None
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of a list that is imported: `value` normalised as its scope wants it."""

    scope: Scope
    value: str


@dataclass(frozen=True, slots=True)
class ListImport:
    """`replace`: what the list had and does not have any more counts no longer, all at one moment."""

    name: str
    reason: str
    source: str
    replace: bool = False
    channels: frozenset[str] = field(default_factory=frozenset)
    purposes: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class ListImported:
    """`read`: entries of the file; `added`, `kept`, `lifted`: objections of the list."""

    read: int
    added: int
    kept: int
    lifted: int


class Permissions(Protocol):
    """Every method raises StoreUnavailable; what names no contact or objection raises Missing."""

    async def consents_of(
        self, contact_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Consent]:
        """Newest first, of all contacts merged into the person. `before`: the id of the last one seen."""

    async def keep_consents(self, contact_id: str, consents: Sequence[Consent], actor: Actor) -> None:
        """Keep what was given, refused or withdrawn, all in one transaction. Raises Refused."""

    async def add_objections(self, objections: Sequence[Objection], actor: Actor) -> Sequence[Objection]:
        """As they stand then: one that is in force already with the same reach is returned as it was."""

    async def objection(self, id: str) -> Objection: ...

    async def lift_objection(self, id: str, reason: str, actor: Actor, at: datetime) -> Objection:
        """It counts no more, and stays on record. Lifting it again changes nothing."""

    async def objections(
        self, wanted: ObjectionFilter, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Objection]:
        """Newest first; `before` is the id of the last one seen."""

    async def import_list(
        self, plan: ListImport, entries: AsyncIterable[ListEntry], actor: Actor, at: datetime
    ) -> ListImported:
        """In batches, however long it is. Until its end a replaced list counts as it was before."""

    async def person_facts(self, query: PersonQuery, now: datetime) -> PersonFacts:
        """What the gate decides on. Raises Missing for a contact id that is none."""
