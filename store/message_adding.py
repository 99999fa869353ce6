"""Messages kept for the first time, contacts found or made on the way, and jobs of the outbox taken in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from compliance.facts import Channel, Mode, Purpose
from engine.registers.messages import Message
from history.interaction import ContactPoint, PointKind
from store.message_moves import batches, event_row
from store.message_rows import message_columns
from store.outbox import open_jobs
from store.publishing import publish
from store.statements import statements_for
from store.tables import message_events, messages, outbox
from store.writing import contacts_of, made_told

# Topics of the outbox that are messages.
TOPICS = {Channel.SMS: "sms"}
# What a flow or an agent sends is asked for by whoever is on the line, for so long.
REQUESTED_FOR = timedelta(minutes=15)

log = structlog.get_logger("messages")


def add_messages(
    connection: Connection, given: Sequence[Message], new_id: Callable[[], str], now: datetime
) -> list[Message]:
    """Those that are new, with their contacts. Ids that are there already are left. Publishes last."""
    known: set[str] = set()
    for some in batches([message.id for message in given]):
        known |= set(connection.execute(select(messages.c.id).where(messages.c.id.in_(some))).scalars())
    fresh = {message.id: message for message in given if message.id not in known}
    if not fresh:
        return []
    wanted = {
        (message.point.kind.value, message.point.value): message.at
        for message in fresh.values()
        if message.contact_id is None and message.point is not None
    }
    made: dict[tuple[str, str], tuple[str, datetime]] = {}
    people = contacts_of(
        connection,
        statements_for(connection.dialect),
        {key: (new_id(), wanted[key]) for key in sorted(wanted)},
        made,
    )
    placed = [_placed(message, people) for message in fresh.values()]
    dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    add = dialect(messages).on_conflict_do_nothing(index_elements=["id"])
    connection.execute(add, [message_columns(message) for message in placed])
    told = dialect(message_events).on_conflict_do_nothing()
    connection.execute(told, [event_row(message, now) for message in placed])
    publish(connection, list(made_told(made, now)))
    return placed


def _placed(message: Message, people: dict[tuple[str, str], str]) -> Message:
    contact_id = message.contact_id
    if contact_id is None and message.point is not None:
        contact_id = people[message.point.kind.value, message.point.value]
    return replace(
        message,
        contact_id=contact_id,
        not_before=message.not_before or message.at,
        state_at=message.state_at or message.at,
    )


def take_jobs(
    connection: Connection,
    channels: Sequence[Channel],
    new_id: Callable[[], str],
    now: datetime,
    *,
    limit: int,
    kept_for: timedelta,
) -> int:
    """Jobs that are due, or too late, become messages of the same id: whoever takes a job twice adds nothing.

    One without an expiry is worth sending for `kept_for`.
    """
    topics = {TOPICS[channel]: channel for channel in channels if channel in TOPICS}
    due = (
        select(outbox)
        .where(
            outbox.c.topic.in_(topics),
            open_jobs(),
            outbox.c.not_before <= now,
            or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
        )
        .order_by(outbox.c.priority, outbox.c.not_before, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(due).all()
    if not rows:
        return 0
    found: list[Message] = []
    for row in rows:
        try:
            found.append(_message_of(row, topics[row.topic], kept_for))
        except (KeyError, TypeError, ValueError) as wrong:
            # Not its payload: that is a person's number and text.
            log.error("a job of the outbox is no message", job=row.id, why=type(wrong).__name__)
            bury = update(outbox).where(outbox.c.id == row.id)
            connection.execute(bury.values(dead_at=now, last_error="it is no message"))
    done = update(outbox).where(outbox.c.id.in_([message.id for message in found]))
    connection.execute(done.values(done_at=now, last_error=None, claimed_by=None, claimed_until=None))
    add_messages(connection, found, new_id, now)
    for row in rows:
        if (shown := row.payload.get("shown")) is not None:  # from here on the message has the code, alone
            hidden = update(outbox).where(outbox.c.id == row.id)
            connection.execute(hidden.values(payload={**row.payload, "text": shown}))
    return len(rows)


def _message_of(row: Row[Any], channel: Channel, kept_for: timedelta) -> Message:
    payload: dict[str, Any] = row.payload
    at = max(row.created_at, row.not_before)
    requested_until = payload.get("requested_until")
    if "purpose" not in payload:  # of an older release: a flow's or an agent's
        until: datetime | None = row.created_at + REQUESTED_FOR
    else:
        until = None if requested_until is None else datetime.fromisoformat(requested_until)
    shown = payload.get("shown")
    return Message(
        id=row.id,
        at=at,
        channel=channel,
        point=ContactPoint(PointKind.PHONE, str(payload["to"])),
        text=str(payload["text"]),
        contact_id=payload.get("contact_id"),
        language=payload.get("language"),
        data={} if shown is None else {"shown": shown},
        purpose=Purpose(payload.get("purpose", Purpose.SERVICE)),
        mode=Mode(payload.get("mode", Mode.AGENTLESS)),
        template=payload.get("template"),
        campaign=payload.get("campaign"),
        call_id=payload.get("call_id"),
        agent=payload.get("agent"),
        debt=payload.get("debt"),
        priority=row.priority,
        expires_at=row.expires_at or at + kept_for,
        requested_at=None if until is None else row.created_at,
        requested_until=until,
    )
