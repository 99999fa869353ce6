"""The SQL that writes the rows of changes, made once per database kind, and how its driver takes a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson
from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql

from store import tables
from store.attempt_rows import ATTEMPT_COLUMNS, ATTEMPT_PROGRESS
from store.permission_rows import CONSENT_COLUMNS, OBJECTION_COLUMNS


def _columns(table: Table, *defaulted: str) -> tuple[str, ...]:
    """The columns written, in the table's order, which the tuples of store.rows follow."""
    return tuple(name for name in table.c.keys() if name not in defaulted)  # noqa: SIM118


_CALL = _columns(tables.calls)
# What is known of a recording as it begins.
RECORDING_BEGUN = (
    "id",
    "call_id",
    "agent",
    "queue",
    "node",
    "basis",
    "started_at",
    "language",
    "raw",
    "raw_heard",
    "state",
    "pauses",
    "transcript_state",
)


@dataclass(frozen=True, slots=True)
class Write:
    """One kind of write. `each` is done once for every row, whose values it takes.

    `many` takes all rows at once, on PostgreSQL: a list of each column. Their numbers go where the braces
    are, so that it may be a part of a greater statement.
    """

    each: str
    many: str


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL of one database kind, and the form in which its driver takes a time."""

    time: Callable[[datetime], object]
    add_events: Write
    add_agent_events: Write
    put_calls: Write
    add_interactions: Write
    add_jobs: Write
    put_parts: Write
    remove_parts: Write
    add_recordings: Write
    add_attempts: Write
    put_attempts: Write
    put_attributes: Write
    add_consents: Write
    add_objections: Write
    add_contacts: Write
    add_points: Write
    put_messages: Write
    add_message_events: Write
    find_points: str
    find_merged: str
    remove_contacts: str
    points_as_json: bool


_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def _insert(table: Table, columns: Sequence[str], conflict: str) -> Write:
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    numbers = ", ".join(f"?{number}" for number in range(1, len(columns) + 1))
    types = {name: table.c[name].type.compile(_POSTGRESQL) for name in columns}
    # The driver takes a list of texts for one of JSON.
    lists = ", ".join(f"{{}}::{'TEXT' if kind == 'JSONB' else kind}[]" for kind in types.values())
    given = ", ".join(f"given.{name}{'::JSONB' if kind == 'JSONB' else ''}" for name, kind in types.items())
    return Write(
        f"{into} VALUES ({numbers}) ON CONFLICT {conflict}",
        f"{into} SELECT {given} FROM unnest({lists}) AS given ({', '.join(columns)}) ON CONFLICT {conflict}",  # noqa: S608
    )


def _update(table: Table, columns: Sequence[str], guards: Sequence[str]) -> Write:
    """Of each row that the guards still find: `columns` are given first, then what the guards must be."""
    names = [*columns, *(f"{guard}_was" for guard in guards)]
    kinds = [table.c[name].type.compile(_POSTGRESQL) for name in (*columns, *guards)]
    put = ", ".join(f"{name} = ?{number}" for number, name in enumerate(columns, 1))
    kept = " AND ".join(f"{name} = ?{number}" for number, name in enumerate(guards, len(columns) + 1))
    lists = ", ".join(f"{{}}::{kind}[]" for kind in kinds)
    put_given = ", ".join(f"{name} = given.{name}" for name in columns)
    kept_given = " AND ".join(f"{table.name}.{guard} = given.{guard}_was" for guard in guards)
    return Write(
        f"UPDATE {table.name} SET {put} WHERE {kept}",  # noqa: S608 - our own names
        f"UPDATE {table.name} SET {put_given} FROM unnest({lists}) "  # noqa: S608 - our own names
        f"AS given ({', '.join(names)}) WHERE {kept_given}",
    )


# What moves with a message's state; the tuples of store.message_moves follow it.
MESSAGE_MOVED = (
    "state",
    "state_at",
    "provider",
    "why",
    "code",
    "attempts",
    "version",
    "not_before",
    "cost",
    "currency",
    "sent_at",
    "delivered_at",
    "read_at",
    "checked_at",
    "recorded",
    "claimed_by",
    "claimed_until",
)
_NEWER_CALL = (
    f"(id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CALL[1:])} "
    "WHERE excluded.last_seq > calls.last_seq"
)
_WRITES = {
    "add_events": _insert(tables.call_events, _columns(tables.call_events), "DO NOTHING"),
    "add_agent_events": _insert(tables.agent_events, _columns(tables.agent_events), "DO NOTHING"),
    "put_calls": _insert(tables.calls, _CALL, _NEWER_CALL),
    "add_interactions": _insert(
        tables.interactions, _columns(tables.interactions, "number", "erased_at"), "DO NOTHING"
    ),
    "add_recordings": _insert(tables.recordings, RECORDING_BEGUN, "DO NOTHING"),
    "add_attempts": _insert(tables.attempts, ATTEMPT_COLUMNS, "(id) DO NOTHING"),
    "put_attempts": _insert(
        tables.attempts,
        ATTEMPT_COLUMNS,
        f"(id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in ATTEMPT_PROGRESS)} "
        "WHERE excluded.step > attempts.step",
    ),
    "add_jobs": _insert(
        tables.outbox,
        _columns(
            tables.outbox, "attempts", "claimed_by", "claimed_until", "done_at", "dead_at", "last_error"
        ),
        "DO NOTHING",
    ),
    "put_parts": _insert(
        tables.call_parts,
        _columns(tables.call_parts),
        "(id) DO UPDATE SET version = excluded.version, data = excluded.data "
        "WHERE excluded.version > call_parts.version",
    ),
    "remove_parts": Write(
        "DELETE FROM call_parts WHERE id = ?1", "DELETE FROM call_parts WHERE id = ANY({}::TEXT[])"
    ),
    "put_attributes": _insert(
        tables.contact_attributes,
        _columns(tables.contact_attributes),
        "(contact_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, "
        "source = excluded.source WHERE excluded.updated_at >= contact_attributes.updated_at",
    ),
    "add_consents": _insert(tables.consents, CONSENT_COLUMNS, "DO NOTHING"),
    "add_objections": _insert(tables.do_not_contact, OBJECTION_COLUMNS, "DO NOTHING"),
    "add_contacts": _insert(tables.contacts, ("id", "created_at", "updated_at"), "DO NOTHING"),
    "add_points": _insert(tables.contact_points, _columns(tables.contact_points), "DO NOTHING"),
    "put_messages": _update(tables.messages, MESSAGE_MOVED, ("id", "state", "version")),
    "add_message_events": _insert(tables.message_events, _columns(tables.message_events), "DO NOTHING"),
}
_REMOVE_CONTACTS = "DELETE FROM contacts WHERE id = ?1"
# With whether a missed call of theirs is to be answered: this one may make that needless.
_FIND_POINTS = (
    "SELECT point.kind, point.value, contact.id, contact.merged_into, EXISTS ("
    "SELECT 1 FROM callback_requests AS request WHERE request.state = 'open' AND request.source = 'missed' "
    "AND request.person = coalesce(contact.merged_into, contact.id)) "
    "FROM contact_points AS point JOIN contacts AS contact ON contact.id = point.contact_id "
    "WHERE (point.kind, point.value) IN (SELECT {given})"
)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise TypeError(f"{at} has no time zone; times are aware UTC")
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _sqlite_time(at: datetime) -> str:
    # The form SQLAlchemy writes and reads: UTC, no zone, always six digits, so that text sorts as time.
    # orjson writes "2026-11-21T16:05:00.000250+00:00", without the fraction when it is 0, in a third of
    # isoformat's time; a call has ten of them.
    text = orjson.dumps(_utc(at)).decode()
    return f"{text[1:11]} {text[12:27]}" if len(text) == 34 else f"{text[1:11]} {text[12:20]}.000000"


def _numbered(sql: str) -> str:
    return sql.replace("?", "$")


SQLITE = Statements(
    time=_sqlite_time,
    **_WRITES,
    find_points=_FIND_POINTS.format(
        given="json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)"
    ),
    find_merged=(
        "SELECT id, merged_into FROM contacts WHERE merged_into IS NOT NULL "
        "AND id IN (SELECT value FROM json_each(?1))"
    ),
    remove_contacts=_REMOVE_CONTACTS,
    points_as_json=True,
)
POSTGRESQL = Statements(
    time=_utc,
    **{name: replace(write, each=_numbered(write.each)) for name, write in _WRITES.items()},
    # Whose rows are about to be written cannot be erased meanwhile; locked in one lasting order.
    find_points=_FIND_POINTS.format(given="* FROM unnest($1::text[], $2::text[])")
    + " ORDER BY contact.id FOR KEY SHARE OF contact",
    find_merged=(
        "SELECT id, merged_into FROM contacts WHERE merged_into IS NOT NULL AND id = ANY($1::text[])"
    ),
    remove_contacts=_numbered(_REMOVE_CONTACTS),
    points_as_json=False,
)


def statements_for(dialect: Dialect) -> Statements:
    """Those of a connection's or an engine's database."""
    return POSTGRESQL if dialect.name == "postgresql" else SQLITE
