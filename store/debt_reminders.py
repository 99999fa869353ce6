"""Reminders of promises as rows of the outbox: made and ended with the promise, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from dialer.debts.promise import Promise, PromiseCheck, PromiseState
from dialer.debts.reminders import ReminderKind
from engine.registers.debts import ReminderJob, ReminderRow
from engine.registers.messages import Move
from messaging.states import MessageState
from store.message_moves import Moves
from store.outbox import open_jobs
from store.tables import messages, outbox

TOPIC = "sms"
NOT_WANTED = "the promise or its instalment is over"
_UNSENT = frozenset({MessageState.FAILED, MessageState.EXPIRED, MessageState.REFUSED, MessageState.STOPPED})


def add_reminders(
    connection: Connection, promise: Promise, jobs: Sequence[ReminderJob], now: datetime
) -> None:
    rows = [
        {
            "id": f"reminder:{job.id}",
            "topic": TOPIC,
            "key": f"reminder:{job.id}",
            "subject": _subject(promise),
            "priority": 0,
            "payload": _payload(promise, job, now),
            "created_at": now,
            "not_before": job.at,
            "expires_at": job.until,
        }
        for job in jobs
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def end_reminders(connection: Connection, promise: Promise, told: PromiseCheck, now: datetime) -> None:
    """Those of a promise that is not open any more, and of instalments that are paid. One that is being sent
    goes on.
    """
    columns = outbox.c
    unclaimed = or_(columns.claimed_until.is_(None), columns.claimed_until <= now)
    theirs = select(columns.id, columns.payload).where(
        columns.topic == TOPIC, columns.subject == _subject(promise), open_jobs(), unclaimed
    )
    ended = [
        row.id
        for row in connection.execute(theirs)
        if promise.state is not PromiseState.OPEN or int(row.payload["instalment"]) <= told.covered
    ]
    if ended:
        this = update(outbox).where(columns.id.in_(ended))
        connection.execute(this.values(dead_at=now, last_error=NOT_WANTED))
    _stop_messages(connection, promise, told, now)


def _stop_messages(connection: Connection, promise: Promise, told: PromiseCheck, now: datetime) -> None:
    """Reminders that have become messages and still wait."""
    columns = outbox.c
    taken_in = (
        select(columns.id, columns.payload)
        .join(messages, messages.c.id == columns.id)
        .where(
            columns.topic == TOPIC,
            columns.subject == _subject(promise),
            columns.done_at.is_not(None),
            messages.c.state == MessageState.QUEUED.value,
        )
    )
    ended = [
        row.id
        for row in connection.execute(taken_in)
        if promise.state is not PromiseState.OPEN or int(row.payload["instalment"]) <= told.covered
    ]
    if ended:
        moves = Moves(connection, now)
        moves.make([Move(one, MessageState.STOPPED, now, NOT_WANTED, "promise") for one in sorted(ended)])
        moves.write()


def reminders_of(connection: Connection, promise_id: str) -> list[ReminderRow]:
    """By time."""
    columns = outbox.c
    sent_at = messages.c.sent_at.label("sent_at")
    state, why = messages.c.state.label("message_state"), messages.c.why.label("message_why")
    theirs = (
        select(outbox, sent_at, state, why, messages.c.state_at.label("message_at"))
        .outerjoin(messages, messages.c.id == columns.id)
        .where(columns.topic == TOPIC, columns.subject == f"promise:{promise_id}")
    )
    return [
        ReminderRow(
            row.not_before,
            row.payload["to"],
            row.payload["text"],
            ReminderKind(row.payload["kind"]),
            row.payload["instalment"],
            *_became(row),
        )
        for row in connection.execute(theirs.order_by(columns.not_before, columns.id))
    ]


def _became(row: Row[Any]) -> tuple[datetime | None, datetime | None, str]:
    """When it was sent, when it was ended unsent, and why."""
    if row.message_state is None:
        return row.done_at, row.dead_at, "" if row.dead_at is None else row.last_error or ""
    if row.message_state in _UNSENT:
        return None, row.message_at, row.message_why
    return row.sent_at, None, ""


def _subject(promise: Promise) -> str:
    return f"promise:{promise.id}"


def _payload(promise: Promise, job: ReminderJob, now: datetime) -> dict[str, Any]:
    return {
        "call_id": promise.call_id,
        "to": job.to,
        "text": job.text,
        "language": job.language,
        "purpose": "collections",
        "contact_id": promise.contact_id,
        "debt": promise.debt,
        "promise": promise.id,
        "instalment": job.instalment,
        "kind": job.kind.value,
        "at": now.isoformat(),
    }
