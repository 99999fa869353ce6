"""Writing rows in one transaction, contacts found or made on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection

from history.callback_news import callback_published
from history.callbacks import CallbackSource
from history.contact import Contact
from history.contact_news import contact_made
from history.interaction import ContactPoint, PointKind
from history.publication import Publication
from store.attempt_keeping import begin_attempts
from store.callback_keeping import called_by_hand, close_missed, deserves_callback, keep_callback
from store.lead_keeping import put_lead
from store.publishing import publish
from store.rows import PointKey, Row, Rows
from store.statements import Statements
from store.together import Together


def write(connection: Connection, rows: Rows, together: Together | None = None) -> None:
    """Write all rows inside the connection's transaction. What is already there is left as it is. What is
    to be written `together` with them is written too.

    Blocks: it runs in a thread of its own, or in the greenlet of an asyncio connection.
    """
    statements = rows.statements
    made: dict[PointKey, tuple[str, datetime]] = {}
    people = people_of(connection, statements, rows.new_points(), made)
    contacts = {key: person.contact_id for key, person in people.items()}
    consents, consents_told = rows.consented(contacts)
    objections, objections_told = rows.objected(contacts)
    begin_attempts(connection, statements, rows)
    for lead in rows.leads:
        put_lead(connection, lead)
    together = together or Together(connection)
    together.add(statements.add_events, rows.events)
    together.add(statements.add_agent_events, rows.agent_events)
    together.add(statements.put_calls, [row for _, row in rows.calls.values()])
    together.add(statements.add_interactions, rows.interactions(contacts))
    together.add(statements.put_attributes, rows.attributes(contacts))
    together.add(statements.add_consents, consents)
    together.add(statements.add_objections, objections)
    together.add(statements.add_jobs, rows.jobs)
    together.add(statements.put_parts, rows.parts_kept())
    together.add(statements.remove_parts, [(part_id,) for part_id in rows.parts_over])
    together.add(statements.add_recordings, rows.recordings)
    together.add(statements.put_attempts, [row for _, row in rows.attempts.values()])
    if rows.callbacks:
        together.do()  # whether somebody is called back depends on what has been written of them
    callbacks_told = _keep_callbacks(connection, rows, contacts, people.values())
    merged = {person.contact_id: person.merged_into for person in people.values() if person.merged_into}
    merged |= _merged(connection, statements, rows.placed(contacts) - set(contacts.values()))
    publish(
        connection,
        [
            *made_told(made, rows.committed_at),
            *rows.interactions_told(contacts, merged),
            *rows.publications,
            *consents_told,
            *objections_told,
            *callbacks_told,
        ],
        together,
    )


def _keep_callbacks(
    connection: Connection, rows: Rows, contacts: Mapping[PointKey, str], people: Iterable[PersonFound]
) -> list[Publication]:
    """What is published of callbacks: those asked for, and those whom a call made needless."""
    now = rows.committed_at
    nobody_waits = {person.contact_id for person in people if not person.waits}
    calls = [
        (call, person)
        for call, person in rows.calls_of_people(contacts)
        if person not in nobody_waits or called_by_hand(call)
    ]
    told = close_missed(connection, calls, now)
    for request, contact_id in rows.callbacks_asked(contacts):
        missed = request.source is CallbackSource.MISSED
        if missed and not deserves_callback(connection, request, contact_id, now):
            continue
        asked = keep_callback(connection, request, contact_id)
        if not asked.repeated:
            told.append(callback_published(asked.request, now))
    return told


@dataclass(frozen=True, slots=True)
class PersonFound:
    """The contact of a point. `waits`: for an answer to a call that was missed."""

    contact_id: str
    merged_into: str | None = None
    waits: bool = False


def contacts_of(
    connection: Connection,
    statements: Statements,
    wanted: Mapping[PointKey, tuple[str, datetime]],
    new: dict[PointKey, tuple[str, datetime]] | None = None,
) -> dict[PointKey, str]:
    """The contact of each point, as people_of."""
    found = people_of(connection, statements, wanted, new)
    return {key: person.contact_id for key, person in found.items()}


def people_of(
    connection: Connection,
    statements: Statements,
    wanted: Mapping[PointKey, tuple[str, datetime]],
    new: dict[PointKey, tuple[str, datetime]] | None = None,
) -> dict[PointKey, PersonFound]:
    """Whose each point is; made where it is nobody's. Of two engines that make one at once, one wins.

    `wanted`: the id and the time for a contact that is made, by point, in one lasting order. Those that were
    made are put into `new`.
    """
    if not wanted:
        return {}
    known = _find(connection, statements, list(wanted))
    missing = {key: fresh for key, fresh in wanted.items() if key not in known}
    if not missing:
        return known
    made: list[Row] = []
    points: list[Row] = []
    for (kind, value), (contact_id, since) in missing.items():
        at = statements.time(since)
        made.append((contact_id, at, at))
        points.append((kind, value, contact_id, at))
    together = Together(connection)
    together.add(statements.add_contacts, made)
    if together.do_counted(statements.add_points, points) == len(points):
        known |= {key: PersonFound(contact_id) for key, (contact_id, _) in missing.items()}
    else:
        known |= _find(connection, statements, list(missing))
        used = {person.contact_id for person in known.values()}
        for orphan in {row[0] for row in made} - used:
            connection.exec_driver_sql(statements.remove_contacts, (orphan,))
    if new is not None:
        new |= {key: fresh for key, fresh in missing.items() if known[key].contact_id == fresh[0]}
    return known


def made_told(made: Mapping[PointKey, tuple[str, datetime]], at: datetime) -> Iterator[Publication]:
    """What is published of contacts that were made on the way."""
    points: dict[str, list[ContactPoint]] = {}
    for (kind, value), (contact_id, _) in made.items():
        points.setdefault(contact_id, []).append(ContactPoint(PointKind(kind), value))
    for contact_id, when in dict(made.values()).items():
        yield contact_made(Contact(contact_id, when, when, points=tuple(points[contact_id])), at)


def _merged(connection: Connection, statements: Statements, contact_ids: Collection[str]) -> dict[str, str]:
    """Of these contacts those that were merged into another, and into which."""
    if not contact_ids:
        return {}
    ids = list(contact_ids)
    given = orjson.dumps(ids).decode() if statements.points_as_json else ids
    return {row[0]: row[1] for row in connection.exec_driver_sql(statements.find_merged, (given,))}


def _find(
    connection: Connection, statements: Statements, keys: list[PointKey]
) -> dict[PointKey, PersonFound]:
    values: tuple[object, ...]
    if statements.points_as_json:
        values = (orjson.dumps(keys).decode(),)
    else:
        values = ([kind for kind, _ in keys], [value for _, value in keys])
    rows = connection.exec_driver_sql(statements.find_points, values)
    return {
        (kind, value): PersonFound(contact_id, merged_into, bool(waits))
        for kind, value, contact_id, merged_into, waits in rows
    }
