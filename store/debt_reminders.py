"""Reminders of promises as rows of the outbox: made and ended with the promise, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from dialer.debts.promise import Promise, PromiseCheck, PromiseState
from dialer.debts.reminders import ReminderKind
from engine.registers.debts import ReminderJob, ReminderRow
from store.outbox import open_jobs
from store.tables import outbox

TOPIC = "sms"
NOT_WANTED = "the promise or its instalment is over"


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


def reminders_of(connection: Connection, promise_id: str) -> list[ReminderRow]:
    """By time."""
    columns = outbox.c
    theirs = select(outbox).where(columns.topic == TOPIC, columns.subject == f"promise:{promise_id}")
    return [
        ReminderRow(
            row.not_before,
            row.payload["to"],
            row.payload["text"],
            ReminderKind(row.payload["kind"]),
            row.payload["instalment"],
            row.done_at,
            row.dead_at,
            "" if row.dead_at is None else row.last_error or "",
        )
        for row in connection.execute(theirs.order_by(columns.not_before, columns.id))
    ]


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
