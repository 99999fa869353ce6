"""Deliveries in the database: rows of the outbox, seen from those who look after webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.actor import Actor
from engine.registers.publications import Told
from engine.registers.refusals import Missing, Refused
from engine.registers.webhooks import Delivery, DeliveryState
from store.audit import note
from store.outbox import open_jobs
from store.publishing import WAITS_FOR, job_id_of, topic_of, wanted
from store.registers.publications import told_of
from store.registers.transactions import reading, written
from store.tables import outbox, publications, webhooks

# Publications looked through in one transaction of a replay.
_REPLAYED_AT_ONCE = 500

_Jobs = list[dict[str, object]]


class SqlDeliveries:
    """Implements engine.registers.webhooks.Deliveries."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = postgresql_insert if engine.dialect.name == "postgresql" else sqlite_insert

    async def list(
        self,
        webhook_id: str,
        now: datetime,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[Delivery]:
        some = (
            _deliveries()
            .where(outbox.c.topic == topic_of(webhook_id))
            .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
            .limit(limit)
        )
        if state is not None:
            some = some.where(_in_state(state, now))
        if before is not None:
            some = some.where(tuple_(outbox.c.created_at, outbox.c.id) < tuple_(*before))
        async with reading(self._engine) as connection:
            await connection.run_sync(_kinds_of, webhook_id)
            return [_shown(row, now) for row in (await connection.execute(some)).all()]

    async def replay(self, actor: Actor, delivery_id: str, at: datetime) -> Delivery:
        again = update(outbox).where(outbox.c.id == delivery_id, ~open_jobs()).values(_again(at))

        def work(connection: Connection) -> Delivery:
            known = delivery_of(connection, delivery_id, at)
            if known.told is None:
                raise Refused("What it told is no longer kept, so it cannot be delivered again.")
            if not connection.execute(again).rowcount:
                raise Refused("It waits to be delivered already.")
            note(connection, actor, "delivery.replayed", topic_of(known.webhook_id), {"id": delivery_id}, at)
            return delivery_of(connection, delivery_id, at)

        return await written(self._engine, work)

    async def replay_since(self, actor: Actor, webhook_id: str, since: datetime, at: datetime) -> int:
        def begin(connection: Connection) -> frozenset[str]:
            data = {"since": since.isoformat()}
            note(connection, actor, "webhook.replayed", topic_of(webhook_id), data, at)
            return _kinds_of(connection, webhook_id)

        kinds = await written(self._engine, begin)
        replayed = number = 0
        while True:
            some = (
                select(publications)
                .where(publications.c.at >= since, publications.c.at <= at, publications.c.number > number)
                .order_by(publications.c.number)
                .limit(_REPLAYED_AT_ONCE)
            )
            async with reading(self._engine) as connection:
                rows = (await connection.execute(some)).all()
            told = [told_of(row) for row in rows]
            jobs = [
                _job_of(webhook_id, one, at)
                for one in told
                if wanted(webhook_id, kinds, one.kind, one.subject)
            ]
            if jobs:
                replayed += await written(self._engine, partial(self._requeue, webhook_id, jobs, at))
            if len(rows) < _REPLAYED_AT_ONCE:
                return replayed
            number = told[-1].number

    def _requeue(self, webhook_id: str, jobs: _Jobs, at: datetime, connection: Connection) -> int:
        """Queue what ended or never was; what waits is left as it is."""
        if connection.scalar(select(webhooks.c.id).where(webhooks.c.id == webhook_id)) is None:
            return 0  # deleted meanwhile
        queued = (
            self._insert(outbox)
            .values(jobs)
            .on_conflict_do_update(index_elements=[outbox.c.id], set_=_again(at), where=~open_jobs())
            .returning(outbox.c.id)
        )
        return len(connection.execute(queued).all())


def _kinds_of(connection: Connection, webhook_id: str) -> frozenset[str]:
    kinds = connection.scalar(select(webhooks.c.kinds).where(webhooks.c.id == webhook_id))
    if kinds is None:
        raise Missing(f"There is no webhook {webhook_id}.")
    return frozenset(kinds)


def _again(at: datetime) -> dict[str, Any]:
    return {
        "done_at": None,
        "dead_at": None,
        "attempts": 0,
        "not_before": at,
        "expires_at": at + WAITS_FOR,
        "last_error": None,
    }


def _in_state(state: DeliveryState, now: datetime) -> ColumnElement[bool]:
    held = and_(outbox.c.claimed_until.is_not(None), outbox.c.claimed_until > now)
    match state:
        case DeliveryState.DELIVERED:
            return outbox.c.done_at.is_not(None)
        case DeliveryState.DEAD:
            return outbox.c.dead_at.is_not(None)
        case DeliveryState.SENDING:
            return and_(open_jobs(), held)
        case DeliveryState.WAITING:
            return and_(open_jobs(), or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now))


def _job_of(webhook_id: str, told: Told, at: datetime) -> dict[str, object]:
    job_id = job_id_of(webhook_id, told.sequence, told.id)
    return {
        "id": job_id,
        "topic": topic_of(webhook_id),
        "key": job_id,
        "subject": told.subject,
        "priority": 0,
        "payload": {"publication_id": told.id},
        "created_at": told.at,
        "not_before": at,
        "expires_at": at + WAITS_FOR,
    }


def _deliveries() -> Any:
    publication_id = outbox.c.payload["publication_id"].as_string()
    told = [column.label(f"told_{column.name}") for column in publications.c]
    return select(outbox, *told).outerjoin(publications, publications.c.id == publication_id)


def delivery_of(connection: Connection, delivery_id: str, now: datetime) -> Delivery:
    row = connection.execute(
        _deliveries().where(outbox.c.id == delivery_id, outbox.c.topic.startswith(topic_of("")))
    ).one_or_none()
    if row is None:
        raise Missing(f"There is no delivery {delivery_id}.")
    return _shown(row, now)


def _shown(row: Row[Any], now: datetime) -> Delivery:
    if row.done_at is not None:
        state = DeliveryState.DELIVERED
    elif row.dead_at is not None:
        state = DeliveryState.DEAD
    else:
        held = row.claimed_until is not None and row.claimed_until > now
        state = DeliveryState.SENDING if held else DeliveryState.WAITING
    return Delivery(
        id=row.id,
        webhook_id=row.topic.removeprefix(topic_of("")),
        state=state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.not_before,
        ended_at=row.done_at or row.dead_at,
        last_error=row.last_error,
        told=_told(row),
    )


def _told(row: Row[Any]) -> Told | None:
    if row.told_number is None:
        return None
    return Told(
        row.told_number,
        row.told_id,
        row.told_at,
        row.told_kind,
        row.told_subject,
        row.told_seq,
        row.told_data,
    )
