"""Idempotency keys in the database: they hold for all nodes, and over restarts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.idempotency import Fresh, KeptAnswer, KeyedRequest, KeyState, Reused, Running
from store.registers.transactions import written
from store.tables import idempotency_keys as keys

_RUNNING = "running"
_DONE = "done"


class SqlIdempotencyKeys:
    """Implements engine.registers.idempotency.IdempotencyKeys."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = postgresql_insert if engine.dialect.name == "postgresql" else sqlite_insert

    async def begin(self, request: KeyedRequest, at: datetime, *, forget_before: datetime) -> KeyState:
        added = (
            self._insert(keys)
            .values(
                actor=request.actor,
                key=request.key,
                method=request.method,
                path=request.path,
                digest=request.digest,
                state=_RUNNING,
                at=at,
            )
            # On PostgreSQL a twin waits here until the first one's row is there.
            .on_conflict_do_nothing()
        )

        def begun(connection: Connection) -> KeyState:
            connection.execute(delete(keys).where(_is(request), keys.c.at < forget_before))
            if connection.execute(added).rowcount:
                return Fresh()
            row = connection.execute(select(keys).where(_is(request))).one_or_none()
            if row is None:  # released between the two statements: its sender tries again
                return Running(at)
            if row.digest != request.digest:
                return Reused()
            if row.state == _RUNNING:
                return Running(row.at)
            return KeptAnswer(row.status, row.headers, bytes(row.body))

        return await written(self._engine, begun)

    async def finish(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        kept = update(keys).where(_is(request))
        kept = kept.values(state=_DONE, status=answer.status, headers=dict(answer.headers), body=answer.body)
        await written(self._engine, lambda connection: connection.execute(kept).rowcount)

    async def release(self, request: KeyedRequest) -> None:
        gone = delete(keys).where(_is(request), keys.c.state == _RUNNING)
        await written(self._engine, lambda connection: connection.execute(gone).rowcount)

    async def prune(self, before: datetime) -> int:
        old = delete(keys).where(keys.c.at < before)
        return await written(self._engine, lambda connection: connection.execute(old).rowcount)


def _is(request: KeyedRequest) -> ColumnElement[bool]:
    return and_(keys.c.actor == request.actor, keys.c.key == request.key)
