"""Writing rows in one transaction, contacts found or made on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from history.callback_news import callback_published
from history.callbacks import CallbackSource
from history.contact import Contact
from history.contact_news import contact_made
from history.interaction import ContactPoint, PointKind
from history.publication import Publication
from store.callback_keeping import close_missed, deserves_callback, keep_callback
from store.publishing import publish
from store.rows import PointKey, Row, Rows
from store.statements import Statements


def write(connection: Connection, rows: Rows) -> None:
    """Write all rows inside the connection's transaction. What is already there is left as it is.

    Blocks: it runs in a thread of its own, or in the greenlet of an asyncio connection.
    """
    statements = rows.statements
    _execute(connection, statements.add_events, rows.events)
    _execute(connection, statements.add_agent_events, rows.agent_events)
    _execute(connection, statements.put_calls, [row for _, row in rows.calls.values()])
    made: dict[PointKey, tuple[str, datetime]] = {}
    contacts = contacts_of(connection, statements, rows.new_points(), made)
    _execute(connection, statements.add_interactions, rows.interactions(contacts))
    _execute(connection, statements.put_attributes, rows.attributes(contacts))
    consents, consents_told = rows.consented(contacts)
    _execute(connection, statements.add_consents, consents)
    objections, objections_told = rows.objected(contacts)
    _execute(connection, statements.add_objections, objections)
    _execute(connection, statements.add_jobs, rows.jobs)
    _execute(connection, statements.put_parts, [row for _, row in rows.parts.values()])
    _execute(connection, statements.remove_parts, rows.parts_over)
    _execute(connection, statements.add_recordings, rows.recordings)
    callbacks_told = _keep_callbacks(connection, rows, contacts)
    people = survivors(connection, statements, rows.placed(contacts))
    publish(
        connection,
        [
            *made_told(made, rows.committed_at),
            *rows.interactions_told(contacts, people),
            *rows.publications,
            *consents_told,
            *objections_told,
            *callbacks_told,
        ],
    )


def _keep_callbacks(
    connection: Connection, rows: Rows, contacts: Mapping[PointKey, str]
) -> list[Publication]:
    """What is published of callbacks: those asked for, and those whom a call made needless."""
    now = rows.committed_at
    told = close_missed(connection, rows.calls_of_people(contacts), now)
    for request, contact_id in rows.callbacks_asked(contacts):
        missed = request.source is CallbackSource.MISSED
        if missed and not deserves_callback(connection, request, contact_id, now):
            continue
        asked = keep_callback(connection, request, contact_id)
        if not asked.repeated:
            told.append(callback_published(asked.request, now))
    return told


def _execute(connection: Connection, sql: str, rows: list[Row]) -> None:
    if rows:
        connection.exec_driver_sql(sql, rows)


def contacts_of(
    connection: Connection,
    statements: Statements,
    wanted: Mapping[PointKey, tuple[str, datetime]],
    new: dict[PointKey, tuple[str, datetime]] | None = None,
) -> dict[PointKey, str]:
    """The contact of each point; made where there is none. Of two engines that make one at once, one wins.

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
    _execute(connection, statements.add_contacts, made)
    _execute(connection, statements.add_points, points)
    known |= _find(connection, statements, list(missing))
    used = set(known.values())
    orphans: list[Row] = [(contact_id,) for contact_id in {row[0] for row in made} - used]
    _execute(connection, statements.remove_contacts, orphans)
    if new is not None:
        new |= {key: fresh for key, fresh in missing.items() if known[key] == fresh[0]}
    return known


def made_told(made: Mapping[PointKey, tuple[str, datetime]], at: datetime) -> Iterator[Publication]:
    """What is published of contacts that were made on the way."""
    points: dict[str, list[ContactPoint]] = {}
    for (kind, value), (contact_id, _) in made.items():
        points.setdefault(contact_id, []).append(ContactPoint(PointKind(kind), value))
    for contact_id, when in dict(made.values()).items():
        yield contact_made(Contact(contact_id, when, when, points=tuple(points[contact_id])), at)


def survivors(connection: Connection, statements: Statements, contact_ids: Collection[str]) -> dict[str, str]:
    """Of these contacts those that were merged into another, and into which."""
    if not contact_ids:
        return {}
    ids = list(contact_ids)
    given = orjson.dumps(ids).decode() if statements.points_as_json else ids
    return {row[0]: row[1] for row in connection.exec_driver_sql(statements.find_merged, (given,))}


def _find(connection: Connection, statements: Statements, keys: list[PointKey]) -> dict[PointKey, str]:
    values: tuple[object, ...]
    if statements.points_as_json:
        values = (orjson.dumps(keys).decode(),)
    else:
        values = ([kind for kind, _ in keys], [value for _, value in keys])
    found = connection.exec_driver_sql(statements.find_points, values)
    rows: Sequence[Any] = found.all()
    return {(kind, value): contact_id for kind, value, contact_id in rows}
