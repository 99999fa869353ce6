"""Deliveries from their worker's side, and the end of old ones (engine.registers.webhooks.DeliveryQueue)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Update,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock
from engine.registers.actor import ENGINE
from engine.registers.publications import Told
from engine.registers.webhooks import (
    Claimed,
    DeliveryState,
    Settled,
    Standing,
    Webhook,
    WebhookFigures,
    WebhookState,
)
from history.publication import Kind
from store.audit import note
from store.outbox import claiming, open_jobs
from store.publishing import TRIED_FOR, WAITS_FOR, topic_of
from store.registers.publications import told_of
from store.registers.transactions import read, reading, written
from store.registers.webhooks import webhook_of
from store.tables import outbox, publications, subjects, webhooks

DELIVERED_KEPT = timedelta(days=7)
DEAD_KEPT = timedelta(days=30)
PUBLICATIONS_KEPT = timedelta(days=30)
# Rows of each sort in one transaction, so that it is short.
BATCH = 1000
# When a webhook takes deliveries all the time, that is written down this often.
_NOTED_SECONDS = 60
# A webhook that has failed for so long is told to people.
_TROUBLE = timedelta(minutes=10)


def _unclaimed(now: datetime | BindParameter[Any]) -> Any:
    return or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now)


# Asked twice a second, day and night, so it is built once.
_DUE = select(webhooks.c.id).where(
    webhooks.c.state == WebhookState.ACTIVE.value,
    or_(webhooks.c.retry_at.is_(None), webhooks.c.retry_at <= bindparam("now")),
    exists().where(
        outbox.c.topic == literal(topic_of("")).concat(webhooks.c.id),
        open_jobs(),
        outbox.c.not_before <= bindparam("now"),
        _unclaimed(bindparam("now")),
        or_(outbox.c.expires_at.is_(None), outbox.c.expires_at > bindparam("now")),
    ),
)


class SqlDeliveryQueue:
    """`worker` tells this process from others. Two of one database share the work."""

    def __init__(self, engine: AsyncEngine, clock: Clock, worker: str) -> None:
        self._engine = engine
        self._clock = clock
        self._worker = worker
        self._swept = False

    async def due(self) -> Sequence[str]:
        now = {"now": self._clock.now()}
        return await read(self._engine, lambda connection: connection.execute(_DUE, now).scalars().all())

    async def claim(
        self, webhook_id: str, *, limit: int, lease_seconds: float
    ) -> tuple[Webhook, Sequence[Claimed]] | None:
        now = self._clock.now()

        def work(connection: Connection) -> tuple[Webhook, Sequence[Claimed]] | None:
            row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
            if row is None or row.state != WebhookState.ACTIVE.value:
                return None
            if row.retry_at is not None and row.retry_at > now:
                return None
            jobs = connection.execute(
                claiming(
                    [topic_of(webhook_id)],
                    self._worker,
                    now,
                    limit=1 if row.failures else limit,
                    lease_seconds=lease_seconds,
                )
            ).all()
            if not jobs:
                return None
            told = _told(connection, [job.payload["publication_id"] for job in jobs])
            return webhook_of(row), [
                Claimed(
                    job.id,
                    job.attempts,
                    job.expires_at - WAITS_FOR + TRIED_FOR,
                    told.get(job.payload["publication_id"]),
                )
                for job in sorted(jobs, key=lambda job: job.id)
            ]

        return await written(self._engine, work)

    async def settle(self, webhook_id: str, settled: Sequence[Settled], standing: Standing | None) -> None:
        now = self._clock.now()
        delivered = [one.claimed for one in settled if one.state is DeliveryState.DELIVERED]
        others = [one for one in settled if one.state is not DeliveryState.DELIVERED]

        def work(connection: Connection) -> None:
            if delivered:
                connection.execute(self._ended(delivered).values(done_at=now, last_error=None))
            for one in others:
                dead = one.state is DeliveryState.DEAD
                values = {"dead_at": now} if dead else {"not_before": one.retry_at or now}
                connection.execute(self._ended([one.claimed]).values(last_error=one.error, **values))
            if standing is not None:
                _stand(connection, webhook_id, standing, now)

        await written(self._engine, work)

    def _ended(self, claimed: Sequence[Claimed]) -> Update:
        """The claims that are still this worker's. What is claimed is open: that need not be asked too."""
        tries = [(one.id, one.attempts) for one in claimed]
        return (
            update(outbox)
            .where(
                outbox.c.id.in_([one.id for one in claimed]),
                tuple_(outbox.c.id, outbox.c.attempts).in_(tries),
                outbox.c.claimed_by == self._worker,
            )
            .values(claimed_by=None, claimed_until=None)
        )

    async def tidy(self) -> bool:
        now = self._clock.now()
        first, self._swept = not self._swept, True
        return await written(self._engine, lambda connection: _tidied(connection, now, sweep=first))

    async def figures(self) -> WebhookFigures:
        now = self._clock.now()
        async with reading(self._engine) as connection:
            rows = (await connection.execute(select(webhooks).order_by(webhooks.c.id))).all()
            known = [webhook_of(row) for row in rows]
            topics = [topic_of(webhook.id) for webhook in known]
            of_ours = outbox.c.topic.in_(topics)
            waiting = await connection.scalar(select(func.count()).where(of_ours, open_jobs()))
            dead = await connection.scalar(select(func.count()).where(of_ours, outbox.c.dead_at.is_not(None)))
        return WebhookFigures(
            active=sum(webhook.state is WebhookState.ACTIVE for webhook in known),
            paused=tuple(
                f"Webhook {webhook.id} is paused: {webhook.state_reason}"
                for webhook in known
                if webhook.state is WebhookState.PAUSED and webhook.state_reason
            ),
            failing=tuple(
                f"Webhook {webhook.id} has taken nothing since {webhook.failing_since:%Y-%m-%d %H:%M} UTC: "
                f"{webhook.last_error}."
                for webhook in known
                if webhook.state is WebhookState.ACTIVE
                and webhook.failing_since is not None
                and now - webhook.failing_since >= _TROUBLE
            ),
            waiting=int(waiting or 0),
            dead=int(dead or 0),
        )


def _told(connection: Connection, ids: list[str]) -> dict[str, Told]:
    rows = connection.execute(select(publications).where(publications.c.id.in_(ids)))
    return {row.id: told_of(row) for row in rows}


def _stand(connection: Connection, webhook_id: str, standing: Standing, now: datetime) -> None:
    values: dict[str, Any] = {
        "failing_since": standing.failing_since,
        "failures": standing.failures,
        "retry_at": standing.retry_at,
        "last_error": standing.last_error,
        "delivered_at": standing.delivered_at,
    }
    changed = update(webhooks).where(webhooks.c.id == webhook_id)
    if standing.failing_since is None:  # as nearly always: not written each time
        changed = changed.where(
            or_(
                webhooks.c.failing_since.is_not(None),
                webhooks.c.delivered_at.is_(None),
                webhooks.c.delivered_at < now - timedelta(seconds=_NOTED_SECONDS),
            )
        )
    connection.execute(changed.values(**values))
    if standing.pause is None:
        return
    paused = (
        update(webhooks)
        .where(webhooks.c.id == webhook_id, webhooks.c.state == WebhookState.ACTIVE.value)
        .values(
            state=WebhookState.PAUSED.value,
            state_reason=standing.pause,
            version=webhooks.c.version + 1,
            changed_at=now,
        )
    )
    if connection.execute(paused).rowcount:
        note(connection, ENGINE, "webhook.paused", topic_of(webhook_id), {"why": standing.pause}, now)


def _tidied(connection: Connection, now: datetime, *, sweep: bool) -> bool:
    """One batch of each sort. `sweep`: also what was queued for a webhook while it was being deleted."""
    topics = [topic_of(webhook_id) for webhook_id in connection.scalars(select(webhooks.c.id))]
    of_ours = outbox.c.topic.in_(topics)
    expired = select(outbox.c.id).where(of_ours, open_jobs(), outbox.c.expires_at <= now, _unclaimed(now))
    buried = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(expired.limit(BATCH)))
        .values(dead_at=now, last_error=func.coalesce(outbox.c.last_error, "it was not sent in time"))
    ).rowcount
    old = [
        select(outbox.c.id).where(of_ours, outbox.c.dead_at < now - DEAD_KEPT),
        select(outbox.c.id).where(
            of_ours, outbox.c.created_at < now - DELIVERED_KEPT, outbox.c.done_at < now - DELIVERED_KEPT
        ),
    ]
    if sweep:
        old.append(
            select(outbox.c.id).where(
                outbox.c.topic.startswith(topic_of("")),
                ~outbox.c.topic.in_(topics),
            )
        )
    dropped = [
        connection.execute(delete(outbox).where(outbox.c.id.in_(ids.limit(BATCH)))).rowcount for ids in old
    ]
    return max(buried, *dropped, _forgotten(connection, now)) >= BATCH


def _forgotten(connection: Connection, now: datetime) -> int:
    """Old publications are dropped, and subjects of which nothing more can be told."""
    rows = connection.execute(
        select(publications.c.number, publications.c.kind, publications.c.subject)
        .where(publications.c.at < now - PUBLICATIONS_KEPT)
        .order_by(publications.c.at)
        .limit(BATCH)
    ).all()
    ended = [row.subject for row in rows if row.kind in (Kind.CALL_ENDED, Kind.CONTACT_ERASED)]
    connection.execute(delete(subjects).where(subjects.c.subject.in_(ended)))
    connection.execute(delete(publications).where(publications.c.number.in_([row.number for row in rows])))
    return len(rows)
