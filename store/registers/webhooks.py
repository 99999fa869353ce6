"""Webhooks in the database. See engine.registers.webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.actor import Actor
from engine.registers.refusals import Changed, Missing, Refused
from engine.registers.webhooks import (
    MOST_WEBHOOKS,
    Delivery,
    Webhook,
    WebhookChange,
    WebhookState,
)
from history.publication import Kind, Publication
from store.audit import note
from store.publishing import job_id_of, publish, topic_of
from store.registers.deliveries import delivery_of
from store.registers.transactions import reading, written
from store.tables import outbox, subjects, webhooks


class SqlWebhooks:
    """Implements engine.registers.webhooks.Webhooks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(
        self,
        actor: Actor,
        id: str,
        *,
        url: str,
        kinds: Sequence[str],
        description: str,
        secret: str,
        at: datetime,
    ) -> Webhook:
        row = insert(webhooks).values(
            id=id,
            url=url,
            kinds=list(kinds),
            description=description,
            state=WebhookState.ACTIVE.value,
            secret=secret,
            created_at=at,
            changed_at=at,
            version=1,
        )

        def work(connection: Connection) -> Webhook:
            number = connection.scalar(select(func.count()).select_from(webhooks)) or 0
            if number >= MOST_WEBHOOKS:
                raise Refused(f"There are {MOST_WEBHOOKS} webhooks already; delete one that is not used.")
            connection.execute(row)
            note(connection, actor, "webhook.created", topic_of(id), {"url": url, "kinds": list(kinds)}, at)
            return found_webhook(connection, id)

        return await written(self._engine, work)

    async def get(self, id: str) -> Webhook:
        async with reading(self._engine) as connection:
            return await connection.run_sync(found_webhook, id)

    async def list(self, *, limit: int = MOST_WEBHOOKS, after: str | None = None) -> Sequence[Webhook]:
        some = select(webhooks).order_by(webhooks.c.id).limit(limit)
        if after is not None:
            some = some.where(webhooks.c.id > after)
        async with reading(self._engine) as connection:
            return [webhook_of(row) for row in (await connection.execute(some)).all()]

    async def change(
        self, actor: Actor, id: str, version: int, change: WebhookChange, at: datetime
    ) -> Webhook:
        values: dict[str, Any] = {
            "url": change.url,
            "kinds": None if change.kinds is None else list(change.kinds),
            "description": change.description,
            "state": None if change.state is None else change.state.value,
        }
        values = {name: value for name, value in values.items() if value is not None}
        changed = sorted(values)
        if change.state is not None:
            values["state_reason"] = ""
        if change.state is WebhookState.ACTIVE or change.url is not None:
            values |= {"failing_since": None, "failures": 0, "retry_at": None, "last_error": None}

        def work(connection: Connection) -> Webhook:
            _put(connection, id, version, at, values)
            note(connection, actor, "webhook.changed", topic_of(id), {"changed": changed}, at)
            return found_webhook(connection, id)

        return await written(self._engine, work)

    async def rotate(
        self, actor: Actor, id: str, secret: str, *, old_until: datetime, at: datetime
    ) -> Webhook:
        rotated = (
            update(webhooks)
            .where(webhooks.c.id == id)
            .values(
                secret=secret,
                old_secret=webhooks.c.secret,
                old_secret_until=old_until,
                version=webhooks.c.version + 1,
                changed_at=at,
            )
        )

        def work(connection: Connection) -> Webhook:
            connection.execute(rotated)
            found = found_webhook(connection, id)
            note(connection, actor, "webhook.rotated", topic_of(id), {}, at)
            return found

        return await written(self._engine, work)

    async def delete(self, actor: Actor, id: str, at: datetime) -> None:
        def work(connection: Connection) -> None:
            if not connection.execute(delete(webhooks).where(webhooks.c.id == id)).rowcount:
                raise Missing(f"There is no webhook {id}.")
            connection.execute(delete(outbox).where(outbox.c.topic == topic_of(id)))
            note(connection, actor, "webhook.deleted", topic_of(id), {}, at)

        await written(self._engine, work)

    async def ping(self, actor: Actor, id: str, publication_id: str, at: datetime) -> Delivery:
        ping = Publication(publication_id, at, Kind.WEBHOOK_PING, topic_of(id), {"webhook_id": id})

        def work(connection: Connection) -> Delivery:
            if found_webhook(connection, id).state is not WebhookState.ACTIVE:
                raise Refused("The webhook is paused; activate it first.", "state")
            publish(connection, [ping])
            note(connection, actor, "webhook.tested", topic_of(id), {}, at)
            sequence = connection.scalar(
                select(subjects.c.last_seq).where(subjects.c.subject == topic_of(id))
            )
            return delivery_of(connection, job_id_of(id, int(sequence or 0), publication_id), at)

        return await written(self._engine, work)


def webhook_of(row: Row[Any]) -> Webhook:
    secrets = (row.secret,) if row.old_secret is None else (row.secret, row.old_secret)
    return Webhook(
        id=row.id,
        url=row.url,
        kinds=tuple(row.kinds),
        description=row.description,
        state=WebhookState(row.state),
        state_reason=row.state_reason,
        created_at=row.created_at,
        changed_at=row.changed_at,
        version=row.version,
        secrets=secrets,
        old_secret_until=row.old_secret_until,
        failing_since=row.failing_since,
        failures=row.failures,
        retry_at=row.retry_at,
        last_error=row.last_error,
        delivered_at=row.delivered_at,
    )


def found_webhook(connection: Connection, id: str) -> Webhook:
    row = connection.execute(select(webhooks).where(webhooks.c.id == id)).one_or_none()
    if row is None:
        raise Missing(f"There is no webhook {id}.")
    return webhook_of(row)


def _put(connection: Connection, id: str, version: int, at: datetime, values: dict[str, Any]) -> None:
    put = update(webhooks).where(webhooks.c.id == id, webhooks.c.version == version)
    put = put.values(**values, version=version + 1, changed_at=at)
    if not connection.execute(put).rowcount:
        now = found_webhook(connection, id).version
        raise Changed("The webhook was changed meanwhile; read it again, then change that.", now)
