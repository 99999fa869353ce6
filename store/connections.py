"""The ledger's own connection, kept open: one transaction after another, with few switches of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import structlog
from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.database import connect_for_writing, create_thread_engine, for_writing, reason

log = structlog.get_logger("store")

Work = Callable[[Connection], None]


class WritingConnection(Protocol):
    """Not to be used by two tasks at once."""

    async def transact(self, work: Work) -> None:
        """Run `work` in one transaction, over a new connection when there is none."""

    async def drop(self) -> None:
        """Give up a connection that may be broken."""

    async def close(self) -> None:
        """For good. Idempotent."""


def connection_for(engine: AsyncEngine) -> WritingConnection:
    if engine.dialect.name == "sqlite":
        return _ThreadConnection(engine.url, engine.get_execution_options())
    return _LoopConnection(engine)


class _LoopConnection:
    """PostgreSQL: asyncpg in the event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def transact(self, work: Work) -> None:
        if self._connection is None:
            self._connection = await connect_for_writing(self._engine)
        async with self._connection.begin():
            await self._connection.run_sync(work)

    async def drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.invalidate()
            await connection.close()
        except (SQLAlchemyError, OSError) as error:
            log.debug("a broken connection could not be closed", reason=reason(error))

    async def close(self) -> None:
        await self.drop()


class _ThreadConnection:
    """SQLite: a thread of its own does the whole transaction.

    aiosqlite changes threads some twenty times in one, for each cursor, statement and result, which costs
    several times as much as the writing itself.
    """

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        self._engine = create_thread_engine(url, options=options)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._connection: Connection | None = None
        self._closed = False

    async def transact(self, work: Work) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    async def drop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self.drop()
            self._thread.shutdown(wait=False)

    def _transact(self, work: Work) -> None:
        if self._connection is None:
            self._connection = for_writing(self._engine.connect())
        with self._connection.begin():
            work(self._connection)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
