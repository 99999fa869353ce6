"""Messages as rows, and rows as messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

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
        "claimed_by": None,
        "claimed_until": None,
    }


def event_of(row: Row[Any]) -> MessageEvent:
    return MessageEvent(row.seq, row.at, MessageState(row.state), row.provider, row.why, row.code)
