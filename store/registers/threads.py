"""SQLite from threads: a whole transaction in one change of threads.

aiosqlite changes threads for each statement, cursor and result, which costs several times as much as a small
transaction itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event

from engine.ports import StoreUnavailable
from store.database import STATEMENT_LIMIT_SECONDS, create_thread_engine, for_writing

# Connections that are kept: those that read beside each other, and the one that writes.
_CONNECTIONS = 4

Result = TypeVar("Result")


class SqliteThreads:
    """Transactions on the file of one engine; connections are closed with that engine's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = create_thread_engine(
            engine.url, connections=_CONNECTIONS, options=engine.get_execution_options()
        )
        # One after another, as SQLite has it anyway: who waits in here does not ask again and again.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._read, work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Nothing is written for a caller who was cancelled before the end. Raises StoreUnavailable."""
        left = threading.Event()
        start_by = time.monotonic() + STATEMENT_LIMIT_SECONDS
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._writer, self._write, work, left, start_by
            )
        except asyncio.CancelledError:
            left.set()
            raise

    def close(self) -> None:
        self._writer.shutdown(wait=False)
        self._engine.dispose()

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.connect() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], Result], left: threading.Event, start_by: float) -> Result:
        if time.monotonic() > start_by:
            raise StoreUnavailable(f"writing took others more than {STATEMENT_LIMIT_SECONDS:g} s")
        with for_writing(self._engine.connect()) as connection, connection.begin():
            result = work(connection)
            if left.is_set():
                raise _LeftError
            return result


class _LeftError(Exception):
    """Nobody waits for the transaction any more: it is undone."""


_threads: WeakKeyDictionary[Engine, SqliteThreads] = WeakKeyDictionary()


def threads_of(engine: Engine) -> SqliteThreads:
    found = _threads.get(engine)
    if found is None:
        found = _threads[engine] = SqliteThreads(engine)
        event.listen(engine, "engine_disposed", _close)
    return found


def _close(engine: Engine) -> None:
    found = _threads.pop(engine, None)
    if found is not None:
        found.close()
