"""The facts of one person, read on one connection: contacts merged into one, consents, objections, history.

Whatever is in the database is in force, even when another engine's clock, by which it was written, is ahead
of ours: a time after `now` counts as `now`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, union_all

from compliance.facts import Channel, ConsentFact, Facts, ObjectionFact, PastContact, Reached
from engine.registers.past_contacts import COUNTED_CHANNELS, PastRow, past_contact
from engine.registers.permissions import PersonFacts, PersonQuery
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from history.permissions import Scope
from store.privacy.key import digests_of
from store.registers.pseudonyms import debt_pseudonym, person_pseudonyms
from store.tables import (
    consents,
    contact_group_members,
    contact_groups,
    contact_points,
    contacts,
    decisions,
    do_not_contact,
    do_not_contact_lists,
    interactions,
)

# Rows of history that are looked at; nobody is contacted so often that a limit lies beyond.
_MOST_ROWS = 2000
# Two engines' clocks may differ by so much; within it the order of writing tells what came last.
CLOCK_SLACK = timedelta(minutes=1)
_POINT_KINDS = {
    Channel.CALL: PointKind.PHONE,
    Channel.SMS: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.MESSENGER: PointKind.MESSENGER,
    Channel.PUSH: PointKind.VISITOR,
}

objection_in_force = and_(
    do_not_contact.c.lifted_at.is_(None),
    or_(
        do_not_contact.c.list_name.is_(None),
        and_(
            do_not_contact.c.first_generation <= do_not_contact_lists.c.generation,
            do_not_contact.c.last_generation >= do_not_contact_lists.c.generation,
        ),
    ),
)
objections_with_lists = do_not_contact.outerjoin(
    do_not_contact_lists, do_not_contact_lists.c.name == do_not_contact.c.list_name
)


@dataclass(frozen=True, slots=True)
class _Person:
    contact_id: str | None
    ids: tuple[str, ...]
    row: Row[Any] | None


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
        found = select(contact_points.c.contact_id).where(
            contact_points.c.kind == query.point.kind.value, contact_points.c.value == query.point.value
        )
        given += [row.contact_id for row in connection.execute(found)]
    if not given:
        return _Person(None, (), None)
    rows = {row.id: row for row in connection.execute(select(contacts).where(contacts.c.id.in_(given)))}
    if query.contact_id is not None and query.contact_id not in rows:
        raise Missing(f"There is no contact {query.contact_id}.")
    survivors = list(dict.fromkeys(rows[one].merged_into or one for one in given if one in rows))
    wanted = select(contacts).where(or_(contacts.c.id.in_(survivors), contacts.c.merged_into.in_(survivors)))
    family = {row.id: row for row in connection.execute(wanted.order_by(contacts.c.id))}
    return _Person(survivors[0], tuple(family), family[survivors[0]])


def _points(connection: Connection, ids: Sequence[str]) -> list[ContactPoint]:
    """Oldest first."""
    if not ids:
        return []
    wanted = (
        select(contact_points.c.kind, contact_points.c.value)
        .where(contact_points.c.contact_id.in_(ids))
        .order_by(contact_points.c.added_at, contact_points.c.value)
    )
    return [ContactPoint(PointKind(row.kind), row.value) for row in connection.execute(wanted)]


def _groups(connection: Connection, ids: Sequence[str]) -> Sequence[Any]:
    if not ids:
        return []
    members = contact_group_members
    wanted = (
        select(contact_groups.c.id, contact_groups.c.kind, contact_groups.c.domain)
        .join(members, members.c.group_id == contact_groups.c.id)
        .where(members.c.contact_id.in_(ids))
        .order_by(contact_groups.c.id)
    )
    return connection.execute(wanted).all()


# --- consents ---------------------------------------------------------------------------------------------


def _consents(
    connection: Connection, ids: Sequence[str], point: ContactPoint | None, now: datetime
) -> tuple[ConsentFact, ...]:
    """A consent given for one number is none for another; a withdrawal is for all of the person."""
    if not ids:
        return ()
    wanted = (
        select(consents)
        .where(consents.c.contact_id.in_(ids), consents.c.channel != "")
        .order_by(consents.c.number)
    )
    rows = connection.execute(wanted).all()
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
    wanted = (
        select(do_not_contact)
        .select_from(objections_with_lists)
        .where(do_not_contact.c.value.in_({value for _, value in reached}), objection_in_force)
        .order_by(do_not_contact.c.at, do_not_contact.c.id)
    )
    return tuple(
        ObjectionFact(
            scope=row.scope,
            value=None,  # it was found for this person at this point
            reason=row.reason,
            at=min(row.at, now),
            channels=frozenset(row.channels),
            purposes=frozenset(row.purposes),
        )
        for row in connection.execute(wanted)
        if (row.scope, row.value) in reached
    )


# --- history ----------------------------------------------------------------------------------------------


def _history(
    connection: Connection, ids: Sequence[str], point: ContactPoint | None, since: datetime, now: datetime
) -> tuple[PastContact, ...]:
    """Of the person; and of the point, which may have been another contact's until it was moved."""
    if not ids:
        return ()
    columns = interactions.c
    parts: list[ColumnElement[bool]] = [columns.contact_id.in_(ids)]
    if point is not None:
        elsewhere = or_(columns.contact_id.is_(None), columns.contact_id.not_in(ids))
        parts.append(
            and_(columns.point_value == point.value, columns.point_kind == point.kind.value, elsewhere)
        )
    # One search after the other: each has an index of its own.
    found = union_all(
        *(
            select(
                columns.at,
                columns.channel,
                columns.direction,
                columns.outcome,
                columns.duration_seconds,
                columns.agent,
                columns.data,
            ).where(part, columns.at >= since, columns.channel.in_(COUNTED_CHANNELS))
            for part in parts
        )
    )
    wanted = found.order_by(found.selected_columns.at.desc()).limit(_MOST_ROWS)
    rows = (
        PastRow(min(at, now), channel, direction, outcome, seconds, agent, data)
        for at, channel, direction, outcome, seconds, agent, data in connection.execute(wanted)
    )
    return tuple(past for row in rows if (past := past_contact(row)) is not None)


def _pending(connection: Connection, person: _Person, query: PersonQuery) -> tuple[PastContact, ...]:
    """Contacts that were allowed and are not in the history yet: two engines may ask at the same moment."""
    keys = person_pseudonyms(connection, person.ids)
    if not keys:
        return ()
    wanted = select(
        decisions.c.at, decisions.c.subject, decisions.c.channel, decisions.c.debt, decisions.c.person
    ).where(
        decisions.c.person.in_(keys),
        decisions.c.at >= query.since,
        decisions.c.allowed,
        decisions.c.subject != query.subject,
        or_(decisions.c.subject.startswith("call:"), decisions.c.subject.startswith("message:")),
    )
    pending = {row.subject.partition(":")[2]: row for row in connection.execute(wanted)}
    if not pending:
        return ()
    columns = interactions.c
    # A note about a call is not the call.
    done = select(columns.subject_id).where(
        columns.contact_id.in_(person.ids),
        columns.subject_id.in_(list(pending)),
        columns.direction == "outbound",
        columns.channel.in_(COUNTED_CHANNELS),
    )
    for recorded in connection.execute(done).scalars().all():
        pending.pop(recorded, None)
    found: list[PastContact] = []
    for row in pending.values():
        same = query.debt is not None and debt_pseudonym(keys[row.person], query.debt) == row.debt
        debt = query.debt if same else row.debt
        found.append(PastContact(row.at, Channel(row.channel), Reached.ATTEMPT, debt=debt))
    return tuple(found)
