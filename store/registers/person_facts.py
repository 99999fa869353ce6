"""The facts of one person, read on one connection: contacts merged into one, consents, objections, history.

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
from store.registers.person_sql import (
    ALLOWED,
    CONSENTS,
    CONTACTS,
    FAMILY,
    GROUPS,
    OBJECTIONS,
    OWNER,
    POINTS,
    RECORDED,
    history_of,
)
from store.registers.pseudonyms import debt_pseudonym, person_pseudonyms

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
    contact_id: str | None
    ids: tuple[str, ...]
    row: Any


def person_facts(connection: Connection, query: PersonQuery, now: datetime) -> PersonFacts:
    """See engine.registers.permissions.Permissions."""
    person = _person(connection, query)
    points = _points(connection, person.ids)
    point = query.point or next((p for p in points if p.kind is _POINT_KINDS[query.channel]), None)
    groups = _groups(connection, person.ids)
    emails = [p.value for p in (*points, point) if p is not None and p.kind is PointKind.EMAIL]
    domains = {value.rpartition("@")[2].lower() for value in emails} | {g.domain for g in groups if g.domain}
    facts = Facts(
        consents=_consents(connection, person.ids, point, now),
        do_not_contact=_objections(connection, person.ids, point, [g.id for g in groups], domains, now),
        history=(
            *_history(connection, person.ids, point, query.since, now),
            *_pending(connection, person, query),
        ),
    )
    row = person.row
    return PersonFacts(
        contact_id=person.contact_id,
        contact_ids=person.ids,
        point=point,
        points=tuple(points),
        time_zone=None if row is None else row.time_zone,
        country=None if row is None else row.country,
        region=None if row is None else row.region,
        email=emails[0] if emails else None,
        household=next((g.id for g in groups if g.kind == "household"), None),
        facts=facts,
    )


def _person(connection: Connection, query: PersonQuery) -> _Person:
    """Who it is. When the point is somebody else's than the contact named, both are asked about."""
    given: list[str] = [] if query.contact_id is None else [query.contact_id]
    if query.point is not None:
        named = {"kind": query.point.kind.value, "value": query.point.value}
        given += connection.execute(OWNER, named).scalars().all()
    if not given:
        return _Person(None, (), None)
    rows = {row.id: row for row in connection.execute(CONTACTS, {"ids": given})}
    if query.contact_id is not None and query.contact_id not in rows:
        raise Missing(f"There is no contact {query.contact_id}.")
    survivors = list(dict.fromkeys(rows[one].merged_into or one for one in given if one in rows))
    family = {row.id: row for row in connection.execute(FAMILY, {"ids": survivors})}
    return _Person(survivors[0], tuple(family), family[survivors[0]])


def _points(connection: Connection, ids: Sequence[str]) -> list[ContactPoint]:
    """Oldest first."""
    if not ids:
        return []
    return [ContactPoint(PointKind(row.kind), row.value) for row in connection.execute(POINTS, {"ids": ids})]


def _groups(connection: Connection, ids: Sequence[str]) -> Sequence[Any]:
    if not ids:
        return []
    return connection.execute(GROUPS, {"ids": ids}).all()


# --- consents ---------------------------------------------------------------------------------------------


def _consents(
    connection: Connection, ids: Sequence[str], point: ContactPoint | None, now: datetime
) -> tuple[ConsentFact, ...]:
    """A consent given for one number is none for another; a withdrawal is for all of the person."""
    if not ids:
        return ()
    rows = connection.execute(CONSENTS, {"ids": ids}).all()
    withdrawn = [row for row in rows if not row.given]
    return tuple(
        ConsentFact(
            channel=Channel(row.channel),
            purpose=row.purpose,
            given_at=row.at,
            withdrawn_at=min((min(w.at, now) for w in withdrawn if _ends(w, row)), default=None),
            soft_opt_in=row.basis == "soft_opt_in",
        )
        for row in rows
        if row.given and _is_for(row, point)
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


def _objections(
    connection: Connection,
    ids: Sequence[str],
    point: ContactPoint | None,
    groups: Iterable[str],
    domains: Iterable[str],
    now: datetime,
) -> tuple[ObjectionFact, ...]:
    """Those that reach this person at this point. Prefixes are looked up by those of the number."""
    reached: dict[tuple[str, str], None] = {}
    number = None if point is None else point.value
    if number is not None:
        reached[Scope.NUMBER, number] = None
    if point is not None and point.kind is PointKind.PHONE and point.value.startswith("+"):
        for length in range(2, len(point.value) + 1):
            reached[Scope.PREFIX, point.value[:length]] = None
    reached |= dict.fromkeys((Scope.PERSON, one) for one in ids)
    reached |= dict.fromkeys((Scope.HOUSEHOLD, one) for one in groups)
    for domain in domains:
        labels = domain.split(".")
        reached |= dict.fromkeys((Scope.DOMAIN, ".".join(labels[n:])) for n in range(len(labels)))
    # An erased person's points stand as digests.
    numbers = {value for scope, value in reached if scope == Scope.NUMBER}
    reached |= dict.fromkeys((Scope.NUMBER, digest) for digest in digests_of(connection, numbers))
    if not reached:
        return ()
    wanted = {"values": sorted({value for _, value in reached})}
    return tuple(
        ObjectionFact(
            scope=row.scope,
            value=None,  # it was found for this person at this point
            reason=row.reason,
            at=min(row.at, now),
            channels=frozenset(row.channels),
            purposes=frozenset(row.purposes),
        )
        for row in connection.execute(OBJECTIONS, wanted)
        if (row.scope, row.value) in reached
    )


# --- history ----------------------------------------------------------------------------------------------


def _history(
    connection: Connection, ids: Sequence[str], point: ContactPoint | None, since: datetime, now: datetime
) -> tuple[PastContact, ...]:
    """Of the person; and of the point, which may have been another contact's until it was moved."""
    if not ids:
        return ()
    wanted: dict[str, object] = {"ids": ids, "since": since}
    if point is not None:
        wanted |= {"kind": point.kind.value, "value": point.value}
    rows = (
        PastRow(min(at, now), channel, direction, outcome, seconds, agent, data)
        for at, channel, direction, outcome, seconds, agent, data in connection.execute(
            history_of(point is not None), wanted
        )
    )
    return tuple(past for row in rows if (past := past_contact(row)) is not None)


def _pending(connection: Connection, person: _Person, query: PersonQuery) -> tuple[PastContact, ...]:
    """Contacts that were allowed and are not in the history yet: two engines may ask at the same moment."""
    keys = person_pseudonyms(connection, person.ids)
    if not keys:
        return ()
    wanted = {"people": list(keys), "since": query.since, "subject": query.subject}
    pending = {row.subject.partition(":")[2]: row for row in connection.execute(ALLOWED, wanted)}
    if not pending:
        return ()
    done = {"ids": person.ids, "subjects": list(pending)}
    for recorded in connection.execute(RECORDED, done).scalars().all():
        pending.pop(recorded, None)
    found: list[PastContact] = []
    for row in pending.values():
        same = query.debt is not None and debt_pseudonym(keys[row.person], query.debt) == row.debt
        debt = query.debt if same else row.debt
        found.append(PastContact(row.at, Channel(row.channel), Reached.ATTEMPT, debt=debt))
    return tuple(found)
