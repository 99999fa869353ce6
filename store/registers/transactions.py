"""What every register does with its connection: reads, and writes that are tried again after a clash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Executable
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.ports import StoreUnavailable
from store.database import Failure, failure_of, reason, writing
from store.registers.threads import threads_of

log = structlog.get_logger("store")

# Tries of one transaction that another one gets in the way of.
_TRIES = 5

Result = TypeVar("Result")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection whose failures come as StoreUnavailable."""
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(reason(error)) from error


async def read(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    """What `work` reads, in one transaction. Raises StoreUnavailable; exceptions of its own as they are.

    On SQLite a thread does all of it: `work` touches nothing that others change.
    """
    if engine.dialect.name != "sqlite":
        async with reading(engine) as connection:
            return await connection.run_sync(work)
    try:
        return await threads_of(engine.sync_engine).read(work)
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(reason(error)) from error


async def written(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    """What `work` returns from its transaction; after a clash it is run anew, so it must do nothing else.

    Its own exceptions undo the transaction and are raised as they are. Raises StoreUnavailable when the
    database is away; values that it refuses come as its driver's error: check them first. On SQLite a thread
    does all of it, as in `read`.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            if engine.dialect.name == "sqlite":
                return await threads_of(engine.sync_engine).write(work)
            async with writing(engine) as connection:
                return await connection.run_sync(work)
        except (SQLAlchemyError, OSError) as error:
            failure = failure_of(error)
            if failure is Failure.REFUSED:
                raise
            if failure is Failure.AWAY or attempt == _TRIES:
                raise StoreUnavailable(reason(error)) from error
    raise AssertionError("the last try returns or raises")


async def write_or_leave(engine: AsyncEngine, statement: Executable) -> None:
    """Write what may as well be written the next time, such as when something was last used."""

    def work(connection: Connection) -> None:
        connection.execute(statement)

    try:
        await written(engine, work)
    except StoreUnavailable as away:
        log.debug("put off until the next time", reason=str(away))
