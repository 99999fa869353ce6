"""Messages as rows, and rows as messages.

Thousands a minute go through here: the quick ways are past SQLAlchemy's work on each value, which would be
most of the cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row

from compliance.facts import Channel, Mode, Purpose
from engine.registers.messages import Message, MessageDirection, MessageEvent
from history.interaction import ContactPoint, PointKind
from messaging.states import MessageState

# Columns that are fields of the same name and need no change of form.
_PLAIN = (
    "id",
    "at",
    "text",
    "contact_id",
    "ours",
    "template",
    "language",
    "subject",
    "html",
    "unsubscribe_url",
    "data",
    "parts",
    "mailing",
    "cascade",
    "cascade_step",
    "campaign",
    "call_id",
    "agent",
    "debt",
    "in_reply_to",
    "external_id",
    "priority",
    "not_before",
    "expires_at",
    "requested_at",
    "requested_until",
    "state_at",
    "provider",
    "why",
    "code",
    "attempts",
    "version",
    "cost",
    "currency",
    "sent_at",
    "delivered_at",
    "read_at",
    "checked_at",
)


_FIELDS = tuple(field.name for field in fields(Message))
_PLACE = {name: place for place, name in enumerate(_FIELDS)}
_POINT, _DATA = _PLACE["point"], _PLACE["data"]
_ENUMS: tuple[tuple[int, dict[Any, Any]], ...] = tuple(
    (_PLACE[name], dict(kind._value2member_map_))
    for name, kind in (
        ("channel", Channel),
        ("direction", MessageDirection),
        ("purpose", Purpose),
        ("mode", Mode),
        ("state", MessageState),
    )
)
_TIMES = tuple(
    _PLACE[name]
    for name in (
        "at",
        "not_before",
        "expires_at",
        "requested_at",
        "requested_until",
        "state_at",
        "sent_at",
        "delivered_at",
        "read_at",
        "checked_at",
    )
)
_COLUMNS = ", ".join(
    "point_kind" if name == "point" else name for name in (*_FIELDS, "point_value", "recorded", "claimed_by")
)
_LOCKED = {
    "postgresql": f"SELECT {_COLUMNS} FROM messages WHERE id = ANY($1::TEXT[]) ORDER BY id FOR UPDATE",  # noqa: S608
    "sqlite": f"SELECT {_COLUMNS} FROM messages WHERE id IN (SELECT value FROM json_each(?1))",  # noqa: S608
}
_values_of = attrgetter(*_FIELDS)


class Locked(NamedTuple):
    """`recorded`: it stands in the history. `claimed_by`: the worker that has it."""

    message: Message
    recorded: bool
    claimed_by: str | None


def locked_messages(connection: Connection, ids: Sequence[str]) -> list[Locked]:
    """In one lasting order. SQLite has one writer at a time anyway."""
    dialect = connection.dialect.name
    given = list(ids) if dialect == "postgresql" else orjson.dumps(list(ids)).decode()
    return [_locked(row) for row in connection.exec_driver_sql(_LOCKED[dialect], (given,)).all()]


def _locked(row: Iterable[Any]) -> Locked:
    *values, point_value, recorded, claimed_by = row
    for place, kind in _ENUMS:
        values[place] = kind[values[place]]
    for place in _TIMES:
        if isinstance(values[place], str):  # SQLite's, in UTC
            values[place] = datetime.fromisoformat(values[place] + "+00:00")
    if isinstance(values[_DATA], str):
        values[_DATA] = orjson.loads(values[_DATA])
    kind_of_point = values[_POINT]
    values[_POINT] = None if kind_of_point is None else ContactPoint(PointKind(kind_of_point), point_value)
    return Locked(Message(*values), bool(recorded), claimed_by)


def changed(message: Message, changes: dict[str, Any]) -> Message:
    """As dataclasses.replace, in a fraction of its time."""
    values = list(_values_of(message))
    for name, value in changes.items():
        values[_PLACE[name]] = value
    return Message(*values)


def message_of(row: Row[Any]) -> Message:
    known = row._mapping
    point = None
    if row.point_kind is not None:
        point = ContactPoint(PointKind(row.point_kind), row.point_value)
    return Message(
        **{name: known[name] for name in _PLAIN},
        channel=Channel(row.channel),
        point=point,
        direction=MessageDirection(row.direction),
        purpose=Purpose(row.purpose),
        mode=Mode(row.mode),
        state=MessageState(row.state),
    )


def message_columns(message: Message) -> dict[str, Any]:
    """Of a message that is kept for the first time."""
    columns: dict[str, Any] = {name: getattr(message, name) for name in _PLAIN}
    return columns | {
        "channel": message.channel.value,
        "direction": message.direction.value,
        "point_kind": None if message.point is None else message.point.kind.value,
        "point_value": None if message.point is None else message.point.value,
        "purpose": message.purpose.value,
        "mode": message.mode.value,
        "state": message.state.value,
        "state_at": message.state_at or message.at,
        "not_before": message.not_before or message.at,
        "data": dict(message.data),
        "recorded": False,
        "to_read": message.direction is MessageDirection.INBOUND,
        "claimed_by": None,
        "claimed_until": None,
    }


def event_of(row: Row[Any]) -> MessageEvent:
    return MessageEvent(row.seq, row.at, MessageState(row.state), row.provider, row.why, row.code)
