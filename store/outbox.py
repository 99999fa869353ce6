"""The outbox from a worker's side: claim jobs, then say of each that it is done, has failed, or is dead.

A claim is a lease: a worker that dies lets it run out, and the job is claimed again, so a job is done at
least once. A worker whose lease was taken over by another can no longer change the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import ReturningUpdate

from engine.ports import Clock
from store.registers.transactions import written
from store.tables import outbox


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """`attempts` counts this one; with `worker` it proves the claim."""

    id: str
    topic: str
    key: str
    subject: str | None
    priority: int
    payload: Mapping[str, object]
    attempts: int
    worker: str
    created_at: datetime
    expires_at: datetime | None


def back_off_seconds(attempts: int, first_seconds: float = 2.0, longest_seconds: float = 3600.0) -> float:
    """Seconds to wait after the given number of failed attempts: doubled each time, up to the longest."""
    return min(longest_seconds, first_seconds * 2.0 ** min(attempts - 1, 60))


class Outbox:
    """Every method raises StoreUnavailable; a claimed job then keeps its lease."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def claim(
        self, topics: Sequence[str], worker: str, *, limit: int, lease_seconds: float
    ) -> Sequence[ClaimedJob]:
        """Up to `limit` jobs that are due, for this worker alone; lower priority first, then the longest due.

        On PostgreSQL rows that another worker is claiming are skipped, not waited for. On SQLite the one
        statement holds the write lock, so it is a compare-and-set.
        """
        claim = claiming(topics, worker, self._clock.now(), limit=limit, lease_seconds=lease_seconds)
        rows = await written(self._engine, lambda connection: connection.execute(claim).all())
        rows = sorted(rows, key=lambda row: (row.priority, row.not_before, row.id))
        return [_claimed(row, worker) for row in rows]

    async def done(self, job: ClaimedJob) -> bool:
        """The job is finished. False when the claim was lost; another worker has or will do it too."""
        return await self._end(job, done_at=self._clock.now(), last_error=None)

    async def fail(self, job: ClaimedJob, error: str, *, retry_after_seconds: float) -> bool:
        """The attempt failed and another is to follow. False when the claim was lost."""
        not_before = self._clock.now() + timedelta(seconds=retry_after_seconds)
        return await self._end(job, not_before=not_before, last_error=error)

    async def bury(self, job: ClaimedJob, error: str) -> bool:
        """The job can never succeed: it stays dead until it is revived. False when the claim was lost."""
        return await self._end(job, dead_at=self._clock.now(), last_error=error)

    async def bury_expired(self) -> int:
        """Mark every open, unclaimed job past its `expires_at` dead; returns how many."""
        now = self._clock.now()
        expired = (
            update(outbox)
            .where(
                open_jobs(),
                outbox.c.expires_at <= now,
                or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
            )
            .values(dead_at=now, last_error="expired", claimed_by=None, claimed_until=None)
        )
        return await self._count(expired)

    async def revive(self, job_id: str) -> bool:
        """Open a dead job again, its attempts counted from none. False when there is no such dead job."""
        revived = (
            update(outbox)
            .where(outbox.c.id == job_id, outbox.c.dead_at.is_not(None))
            .values(dead_at=None, attempts=0, not_before=self._clock.now(), expires_at=None)
        )
        return await self._count(revived) == 1

    async def _end(self, job: ClaimedJob, **values: Any) -> bool:
        ended = (
            update(outbox)
            .where(
                outbox.c.id == job.id,
                outbox.c.claimed_by == job.worker,
                outbox.c.attempts == job.attempts,
                open_jobs(),
            )
            .values(claimed_by=None, claimed_until=None, **values)
        )
        return await self._count(ended) == 1

    async def _count(self, statement: Update) -> int:
        return await written(self._engine, lambda connection: connection.execute(statement).rowcount)


def claiming(
    topics: Sequence[str], worker: str, now: datetime, *, limit: int, lease_seconds: float
) -> ReturningUpdate[Any]:
    """The statement that claims, and returns the jobs in no order."""
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.topic == outbox.c.topic,
        earlier.c.subject == outbox.c.subject,
        earlier.c.id < outbox.c.id,
        earlier.c.done_at.is_(None),
        earlier.c.dead_at.is_(None),
    )
    due = (
        select(outbox.c.id)
        .where(
            outbox.c.topic.in_(topics),
            open_jobs(),
            outbox.c.not_before <= now,
            or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
            or_(outbox.c.expires_at.is_(None), outbox.c.expires_at > now),
            or_(outbox.c.subject.is_(None), ~blocked),
        )
        .order_by(outbox.c.priority, outbox.c.not_before, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(outbox)
        .where(outbox.c.id.in_(select(due.c.id)))
        .values(
            claimed_by=worker,
            claimed_until=now + timedelta(seconds=lease_seconds),
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox)
    )


def open_jobs() -> Any:
    """Neither done nor dead."""
    return and_(outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))


def _claimed(row: Any, worker: str) -> ClaimedJob:
    return ClaimedJob(
        id=row.id,
        topic=row.topic,
        key=row.key,
        subject=row.subject,
        priority=row.priority,
        payload=row.payload,
        attempts=row.attempts,
        worker=worker,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
