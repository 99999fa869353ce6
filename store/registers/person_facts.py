"""The facts of people, read on one connection: contacts merged into one, consents, objections, history.

Whatever is in the database is in force, even when another engine's clock, by which it was written, is ahead
of ours: a time after `now` counts as `now`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from compliance.facts import Channel, ConsentFact, Facts, ObjectionFact, PastContact, Reached
from engine.registers.past_contacts import PastRow, past_contact
from engine.registers.permissions import PersonFacts, PersonQuery
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from history.permissions import Scope
from store.privacy.key import digests_of
from store.registers.person_rows import AskedRows, GatheredRows, PersonRows
from store.registers.pseudonyms import debt_pseudonym

# Two engines' clocks may differ by so much; within it the order of writing tells what came last.
CLOCK_SLACK = timedelta(minutes=1)
_POINT_KINDS = {
    Channel.CALL: PointKind.PHONE,
    Channel.SMS: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.MESSENGER: PointKind.MESSENGER,
    Channel.PUSH: PointKind.VISITOR,
}


@dataclass(frozen=True, slots=True)
class _Person:
    """As far as it is known before objections. `reached`: scopes and values of those that count for them."""

    query: PersonQuery
    contact_id: str | None
    ids: tuple[str, ...]
    row: Any
    points: tuple[ContactPoint, ...]
    point: ContactPoint | None
    groups: Sequence[Any]
    emails: tuple[str, ...]
    reached: frozenset[tuple[str, str]]

    @property
    def objection_values(self) -> list[str]:
        return sorted({value for _, value in self.reached})


def person_facts(connection: Connection, query: PersonQuery, now: datetime) -> PersonFacts:
    """See engine.registers.permissions.Permissions."""
    rows = AskedRows(connection)
    return _facts(rows, _person(connection, rows, query), now)


def people_facts(
    connection: Connection, queries: Sequence[PersonQuery], now: datetime
) -> list[PersonFacts | None]:
    """What person_facts answers to each, with a dozen statements for all; None: there is no such contact."""
    if not queries:
        return []
    rows = GatheredRows(connection, queries)
    people: list[_Person | None] = []
    for query in queries:
        try:
            people.append(_person(connection, rows, query))
        except Missing:
            people.append(None)
    rows.read_objections({value for one in people if one is not None for value in one.objection_values})
    return [None if one is None else _facts(rows, one, now) for one in people]


def _facts(rows: PersonRows, person: _Person, now: datetime) -> PersonFacts:
    facts = Facts(
        consents=_consents(rows, person, now),
        do_not_contact=_objections(rows, person, now),
        history=(*_history(rows, person, now), *_pending(rows, person)),
    )
    row = person.row
    return PersonFacts(
        contact_id=person.contact_id,
        contact_ids=person.ids,
        point=person.point,
        points=person.points,
        time_zone=None if row is None else row.time_zone,
        country=None if row is None else row.country,
        region=None if row is None else row.region,
        email=person.emails[0] if person.emails else None,
        household=next((g.id for g in person.groups if g.kind == "household"), None),
        facts=facts,
    )


def _person(connection: Connection, rows: PersonRows, query: PersonQuery) -> _Person:
    """Raises Missing."""
    contact_id, ids, row = _who(rows, query)
    points = _points(rows, ids)
    point = query.point or next((p for p in points if p.kind is _POINT_KINDS[query.channel]), None)
    groups = rows.groups(ids) if ids else ()
    emails = tuple(p.value for p in (*points, point) if p is not None and p.kind is PointKind.EMAIL)
    reached = _reached(connection, ids, point, groups, emails)
    return _Person(query, contact_id, ids, row, tuple(points), point, groups, emails, reached)


def _who(rows: PersonRows, query: PersonQuery) -> tuple[str | None, tuple[str, ...], Any]:
    """Whose contact, all contacts, and its row. When the point is another's, both are asked about."""
    given: list[str] = [] if query.contact_id is None else [query.contact_id]
    if query.point is not None:
        given += rows.owners(query.point)
    if not given:
        return None, (), None
    found = {row.id: row for row in rows.contacts(given)}
    if query.contact_id is not None and query.contact_id not in found:
        raise Missing(f"There is no contact {query.contact_id}.")
    survivors = list(dict.fromkeys(found[one].merged_into or one for one in given if one in found))
    family = {row.id: row for row in rows.family(survivors)}
    return survivors[0], tuple(family), family[survivors[0]]


def _points(rows: PersonRows, ids: Sequence[str]) -> list[ContactPoint]:
    """Oldest first."""
    if not ids:
        return []
    return [ContactPoint(PointKind(row.kind), row.value) for row in rows.points(ids)]


# --- consents ---------------------------------------------------------------------------------------------


def _consents(rows: PersonRows, person: _Person, now: datetime) -> tuple[ConsentFact, ...]:
    """A consent given for one number is none for another; a withdrawal is for all of the person."""
    if not person.ids:
        return ()
    kept = rows.consents(person.ids)
    withdrawn = [row for row in kept if not row.given]
    return tuple(
        ConsentFact(
            channel=Channel(row.channel),
            purpose=row.purpose,
            given_at=row.at,
            withdrawn_at=min((min(w.at, now) for w in withdrawn if _ends(w, row)), default=None),
            soft_opt_in=row.basis == "soft_opt_in",
        )
        for row in kept
        if row.given and _is_for(row, person.point)
    )


def _is_for(given: Row[Any], point: ContactPoint | None) -> bool:
    if given.point_value is None or point is None or given.point_kind != point.kind.value:
        return True
    return bool(given.point_value == point.value)


def _ends(withdrawn: Row[Any], given: Row[Any]) -> bool:
    if (withdrawn.channel, withdrawn.purpose) != (given.channel, given.purpose):
        return False
    if withdrawn.at >= given.at:
        return True
    return bool(withdrawn.number > given.number and given.at - withdrawn.at < CLOCK_SLACK)


# --- objections -------------------------------------------------------------------------------------------


def _reached(
    connection: Connection,
    ids: Sequence[str],
    point: ContactPoint | None,
    groups: Iterable[Any],
    emails: Iterable[str],
) -> frozenset[tuple[str, str]]:
    """Of objections that reach this person at this point. Prefixes are looked up by those of the number."""
    reached: set[tuple[str, str]] = {(Scope.PERSON, one) for one in ids}
    if point is not None:
        reached.add((Scope.NUMBER, point.value))
        # An erased person's points stand as digests.
        reached |= {(Scope.NUMBER, digest) for digest in digests_of(connection, {point.value})}
        if point.kind is PointKind.PHONE and point.value.startswith("+"):
            reached |= {(Scope.PREFIX, point.value[:end]) for end in range(2, len(point.value) + 1)}
    domains = {value.rpartition("@")[2].lower() for value in emails}
    for group in groups:
        reached.add((Scope.HOUSEHOLD, group.id))
        if group.domain:
            domains.add(group.domain)
    for domain in domains:
        labels = domain.split(".")
        reached |= {(Scope.DOMAIN, ".".join(labels[n:])) for n in range(len(labels))}
    return frozenset(reached)


def _objections(rows: PersonRows, person: _Person, now: datetime) -> tuple[ObjectionFact, ...]:
    if not person.reached:
        return ()
    return tuple(
        ObjectionFact(
            scope=row.scope,
            value=None,  # it was found for this person at this point
            reason=row.reason,
            at=min(row.at, now),
            channels=frozenset(row.channels),
            purposes=frozenset(row.purposes),
        )
        for row in rows.objections(person.objection_values)
        if (row.scope, row.value) in person.reached
    )


# --- history ----------------------------------------------------------------------------------------------


def _history(rows: PersonRows, person: _Person, now: datetime) -> tuple[PastContact, ...]:
    """Of the person; and of the point, which may have been another contact's until it was moved."""
    if not person.ids:
        return ()
    found = (
        PastRow(min(at, now), channel, direction, outcome, seconds, agent, data)
        for at, channel, direction, outcome, seconds, agent, data in rows.history(
            person.ids, person.point, person.query.since
        )
    )
    return tuple(past for row in found if (past := past_contact(row)) is not None)


def _pending(rows: PersonRows, person: _Person) -> tuple[PastContact, ...]:
    """Contacts that were allowed and are not in the history yet: two engines may ask at the same moment."""
    query = person.query
    keys = rows.pseudonyms(person.ids)
    if not keys:
        return ()
    pending = {row.subject.partition(":")[2]: row for row in rows.allowed(list(keys), query)}
    if not pending:
        return ()
    for recorded in rows.recorded(person.ids, list(pending)):
        pending.pop(recorded, None)
    found: list[PastContact] = []
    for row in pending.values():
        same = query.debt is not None and debt_pseudonym(keys[row.person], query.debt) == row.debt
        debt = query.debt if same else row.debt
        found.append(PastContact(row.at, Channel(row.channel), Reached.ATTEMPT, debt=debt))
    return tuple(found)
