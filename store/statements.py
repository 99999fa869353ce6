"""The SQL that writes the rows of changes, made once per database kind, and how its driver takes a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import Dialect, Table

from store import tables
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
class Statements:
    """SQL of one database kind, and the form in which its driver takes a time."""

    time: Callable[[datetime], object]
    add_events: str
    add_agent_events: str
    put_calls: str
    add_interactions: str
    add_jobs: str
    put_parts: str
    remove_parts: str
    add_recordings: str
    put_attributes: str
    add_consents: str
    add_objections: str
    add_contacts: str
    add_points: str
    find_points: str
    find_merged: str
    remove_contacts: str
    points_as_json: bool


def _insert(table: Table, columns: Sequence[str], conflict: str) -> str:
    numbers = ", ".join(f"?{number}" for number in range(1, len(columns) + 1))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({numbers}) ON CONFLICT {conflict}"  # noqa: S608


_NEWER_CALL = (
    f"(id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CALL[1:])} "
    "WHERE excluded.last_seq > calls.last_seq"
)
_ADD_EVENTS = _insert(tables.call_events, _columns(tables.call_events), "DO NOTHING")
_ADD_AGENT_EVENTS = _insert(tables.agent_events, _columns(tables.agent_events), "DO NOTHING")
_PUT_CALLS = _insert(tables.calls, _CALL, _NEWER_CALL)
_ADD_INTERACTIONS = _insert(
    tables.interactions, _columns(tables.interactions, "number", "erased_at"), "DO NOTHING"
)
_ADD_RECORDINGS = _insert(tables.recordings, RECORDING_BEGUN, "DO NOTHING")
_ADD_JOBS = _insert(
    tables.outbox,
    _columns(tables.outbox, "attempts", "claimed_by", "claimed_until", "done_at", "dead_at", "last_error"),
    "DO NOTHING",
)
_PUT_PARTS = _insert(
    tables.call_parts,
    _columns(tables.call_parts),
    "(id) DO UPDATE SET version = excluded.version, data = excluded.data "
    "WHERE excluded.version > call_parts.version",
)
_REMOVE_PARTS = "DELETE FROM call_parts WHERE id = ?1"
_PUT_ATTRIBUTES = _insert(
    tables.contact_attributes,
    _columns(tables.contact_attributes),
    "(contact_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, "
    "source = excluded.source WHERE excluded.updated_at >= contact_attributes.updated_at",
)
_ADD_CONSENTS = _insert(tables.consents, CONSENT_COLUMNS, "DO NOTHING")
_ADD_OBJECTIONS = _insert(tables.do_not_contact, OBJECTION_COLUMNS, "DO NOTHING")
_ADD_CONTACTS = _insert(tables.contacts, ("id", "created_at", "updated_at"), "DO NOTHING")
_ADD_POINTS = _insert(tables.contact_points, _columns(tables.contact_points), "DO NOTHING")
_REMOVE_CONTACTS = "DELETE FROM contacts WHERE id = ?1"


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
    add_events=_ADD_EVENTS,
    add_agent_events=_ADD_AGENT_EVENTS,
    put_calls=_PUT_CALLS,
    add_interactions=_ADD_INTERACTIONS,
    add_jobs=_ADD_JOBS,
    put_parts=_PUT_PARTS,
    remove_parts=_REMOVE_PARTS,
    add_recordings=_ADD_RECORDINGS,
    put_attributes=_PUT_ATTRIBUTES,
    add_consents=_ADD_CONSENTS,
    add_objections=_ADD_OBJECTIONS,
    add_contacts=_ADD_CONTACTS,
    add_points=_ADD_POINTS,
    find_points=(
        "SELECT kind, value, contact_id FROM contact_points WHERE (kind, value) IN "
        "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))"
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
    add_events=_numbered(_ADD_EVENTS),
    add_agent_events=_numbered(_ADD_AGENT_EVENTS),
    put_calls=_numbered(_PUT_CALLS),
    add_interactions=_numbered(_ADD_INTERACTIONS),
    add_jobs=_numbered(_ADD_JOBS),
    put_parts=_numbered(_PUT_PARTS),
    remove_parts=_numbered(_REMOVE_PARTS),
    add_recordings=_numbered(_ADD_RECORDINGS),
    put_attributes=_numbered(_PUT_ATTRIBUTES),
    add_consents=_numbered(_ADD_CONSENTS),
    add_objections=_numbered(_ADD_OBJECTIONS),
    add_contacts=_numbered(_ADD_CONTACTS),
    add_points=_numbered(_ADD_POINTS),
    find_points=(
        "SELECT kind, value, contact_id FROM contact_points WHERE (kind, value) IN "
        "(SELECT * FROM unnest($1::text[], $2::text[]))"
    ),
    find_merged=(
        "SELECT id, merged_into FROM contacts WHERE merged_into IS NOT NULL AND id = ANY($1::text[])"
    ),
    remove_contacts=_numbered(_REMOVE_CONTACTS),
    points_as_json=False,
)


def statements_for(dialect: Dialect) -> Statements:
    """Those of a connection's or an engine's database."""
    return POSTGRESQL if dialect.name == "postgresql" else SQLITE
