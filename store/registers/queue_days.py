"""SqlQueueDays: queues' numbers, counted in the calls' log each time they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.queue_days import QueueDay
from store.registers.transactions import read
from store.tables import call_events

# Written out, for SQLite takes a partial index only for the very words of its condition.
_OF_QUEUES = text("kind IN ('agent_connected', 'queue_left')")
_GONE, _UNANSWERED = "abandoned", ("abandoned", "timeout", "nobody", "lost")


class SqlQueueDays:
    """Implements engine.registers.queue_days.QueueDays."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def since(self, since: datetime, targets: Mapping[str, float]) -> Mapping[str, QueueDay]:
        if not targets:
            return {}
        row = call_events.c
        queue, waited = row.data["queue"].as_string(), row.data["waited_seconds"].as_float()
        noted = select(
            row.call_id,
            row.kind,
            queue.label("queue"),
            waited.label("waited"),
            row.data["outcome"].as_string().label("outcome"),
        ).where(_OF_QUEUES, row.at >= since)
        stays = noted.cte("stays")
        # Of a caller whose agent was lost, the first answer counts.
        answered = (
            select(stays.c.call_id, stays.c.queue, func.min(stays.c.waited).label("waited"))
            .where(stays.c.kind == "agent_connected")
            .group_by(stays.c.call_id, stays.c.queue)
            .cte("answered")
        )
        same = and_(answered.c.call_id == stays.c.call_id, answered.c.queue == stays.c.queue)
        left = (
            select(stays.c.queue, stays.c.outcome, stays.c.waited)
            .outerjoin(answered, same)
            .where(
                stays.c.kind == "queue_left",
                stays.c.outcome.in_(_UNANSWERED),
                answered.c.call_id.is_(None),
            )
            .cte("unanswered")
        )
        target = dict(targets)
        in_time = answered.c.waited <= case(target, value=answered.c.queue, else_=0.0)
        gone = and_(left.c.outcome == _GONE, left.c.waited <= case(target, value=left.c.queue, else_=0.0))
        good = select(
            answered.c.queue, func.count().label("all"), func.sum(case((in_time, 1), else_=0)).label("some")
        ).group_by(answered.c.queue)
        bad = select(
            left.c.queue, func.count().label("all"), func.sum(case((gone, 1), else_=0)).label("some")
        ).group_by(left.c.queue)

        def work(connection: Connection) -> Mapping[str, QueueDay]:
            answers = {one.queue: one for one in connection.execute(good)}
            others = {one.queue: one for one in connection.execute(bad)}
            return {
                name: QueueDay(
                    *((int(answers[name].all), int(answers[name].some)) if name in answers else (0, 0)),
                    *((int(others[name].all), int(others[name].some)) if name in others else (0, 0)),
                )
                for name in target
            }

        return await read(self._engine, work)
