"""What every register does with its connection: reads, and writes that are tried again after a clash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Connection, Engine, Executable, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.ports import StoreUnavailable
from store.database import Failure, create_thread_engine, failure_of, reason, writing

log = structlog.get_logger("store")

# Tries of one transaction that another one gets in the way of.
_TRIES = 5

# Connections to SQLite that are kept for reading in threads.
_READERS = 3

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

    On SQLite a thread does all of it: aiosqlite changes threads for each statement, cursor and result, which
    costs several times as much as a small page itself.
    """
    if engine.dialect.name == "sqlite":
        return await asyncio.to_thread(_read_in_thread, _thread_engine(engine.sync_engine), work)
    async with reading(engine) as connection:
        return await connection.run_sync(work)


def _read_in_thread(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    try:
        with engine.connect() as connection:
            return work(connection)
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(reason(error)) from error


_thread_engines: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def _thread_engine(engine: Engine) -> Engine:
    """For threads that read the same file; its connections are closed with those of `engine`."""
    found = _thread_engines.get(engine)
    if found is None:
        found = _thread_engines[engine] = create_thread_engine(
            engine.url, connections=_READERS, options=engine.get_execution_options()
        )
        event.listen(engine, "engine_disposed", lambda _: found.dispose())
    return found


async def written(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    """What `work` returns from its transaction; after a clash it is run anew, so it must do nothing else.

    Its own exceptions undo the transaction and are raised as they are. Raises StoreUnavailable when the
    database is away; values that it refuses come as its driver's error: check them first.
    """
    for attempt in range(1, _TRIES + 1):
        try:
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
