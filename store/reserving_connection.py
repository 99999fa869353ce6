"""A connection to PostgreSQL that is kept for one thing asked all the time: which leads are next.

SQLAlchemy's way to a connection and back (a ping, a setting, a reset) costs several times as much as asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import StoreUnavailable
from store.database import CONNECT_LIMIT_SECONDS, STATEMENT_LIMIT_SECONDS

# Tries of one statement: a broken connection is made anew once, a deadlock is repeated.
_TRIES = 3
_CLASH = "40"  # class of SQLSTATE: rolled back
# Planning a reservation costs as much as making it, so its plan is kept: through indexes from row to row,
# which no statistics of a list that has just come may talk the server out of.
_PLANS = "; ".join(
    ["SET plan_cache_mode = force_generic_plan"]
    + [f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin")]
)


class ReservingConnection:
    """One question after another. It ends with the engine whose database it asks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: asyncpg.Connection[Any] | None = None
        self._turn = asyncio.Lock()
        event.listen(engine.sync_engine, "engine_disposed", self._end)

    async def fetch(self, sql: str, given: Sequence[object]) -> Sequence[Any]:
        """Rows by name. Raises StoreUnavailable."""
        async with self._turn:
            for attempt in range(1, _TRIES + 1):
                kept = self._connection is not None and not self._connection.is_closed()
                try:
                    if self._connection is None or not kept:
                        self._connection = await self._connect()
                    rows: Sequence[Any] = await self._connection.fetch(sql, *given)
                    return rows
                except asyncpg.PostgresError as error:
                    away = not (error.sqlstate or "").startswith(_CLASH)
                    failed: Exception = error
                except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
                    away, failed = True, error
                if away:
                    self._drop()
                if attempt == _TRIES or (away and not kept):
                    raise StoreUnavailable(str(failed) or type(failed).__name__) from failed
        raise AssertionError("the last try returns or raises")

    async def _connect(self) -> asyncpg.Connection[Any]:
        _, given = self._engine.dialect.create_connect_args(self._engine.url)
        connection = await asyncpg.connect(
            **given,
            timeout=CONNECT_LIMIT_SECONDS,
            command_timeout=STATEMENT_LIMIT_SECONDS,
            server_settings={"application_name": "infolinia", "timezone": "UTC"},
        )
        try:
            await connection.execute(_PLANS)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    def _end(self, engine: Engine) -> None:
        self._drop()
