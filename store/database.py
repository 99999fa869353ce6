"""Opening the database: which one a URL means, how its connections are set up, what its failures mean."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, NullPool, event, make_url, text
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

CONNECT_LIMIT_SECONDS = 5.0
STATEMENT_LIMIT_SECONDS = 10.0
# How long SQLite waits for another process's write before it reports "database is locked".
SQLITE_BUSY_SECONDS = 5.0

_WRITES = "infolinia_writes"
# What a statement that fails was given stays out of the log: texts, codes, numbers.
_QUIET: Mapping[str, Any] = {"hide_parameters": True}
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


class StoreError(Exception):
    """The store cannot be used; the message is one sentence with the remedy."""


class Failure(Enum):
    """What a failed statement tells."""

    AWAY = "the database is not there or cannot write now; later it may"
    CLASH = "two transactions got in each other's way; trying again at once helps"
    REFUSED = "the values themselves are wrong; trying again never helps"


def database_url(given: str) -> URL:
    """The URL with its asyncio driver. Raises StoreError when it names no database that can be used here."""
    try:
        url = make_url(given)
    except ArgumentError:
        raise StoreError(
            "The database URL cannot be read; write sqlite:////folder/infolinia.db or "
            "postgresql://user:password@host:5432/name."
        ) from None
    match url.get_backend_name():
        case "sqlite":
            if url.database in (None, "", ":memory:"):
                raise StoreError(
                    f"The database URL {given} names no file; write sqlite:////folder/infolinia.db."
                )
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            if not url.database:
                raise StoreError(
                    f"The database URL {shown(url)} names no database; write postgresql://user@host:5432/name."
                )
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise StoreError(f"The database URL begins with {other}; only sqlite and postgresql are known.")


def shown(url: URL) -> str:
    """The URL for people: no driver, no password."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def create_engine(
    url: URL, options: Mapping[str, Any] | None = None, *, statement_seconds: float = STATEMENT_LIMIT_SECONDS
) -> AsyncEngine:
    """An engine whose connections are set up for this store; connects to nothing yet.

    `options` are execution options of all its connections. `statement_seconds`: of PostgreSQL's, the most
    that one statement may take.
    """
    more = {**_QUIET, **_JSON, "execution_options": dict(options or {})}
    if url.get_backend_name() == "postgresql":
        return create_async_engine(
            url,
            pool_size=5,
            max_overflow=5,
            pool_timeout=STATEMENT_LIMIT_SECONDS,
            pool_pre_ping=True,
            connect_args={
                "timeout": CONNECT_LIMIT_SECONDS,
                "command_timeout": statement_seconds,
                "server_settings": {"application_name": "infolinia", "timezone": "UTC"},
            },
            **more,
        )
    engine = create_async_engine(
        url,
        pool_size=3,
        max_overflow=3,
        pool_timeout=STATEMENT_LIMIT_SECONDS,
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
        **more,
    )
    _listen(engine.sync_engine)
    return engine


def create_thread_engine(url: URL, *, connections: int = 0, options: Mapping[str, Any]) -> Engine:
    """An engine on the same SQLite file for threads; so many of its connections are kept, 0: none."""
    pool: dict[str, Any] = {"poolclass": NullPool}
    if connections:
        pool = {
            "pool_size": connections,
            "max_overflow": connections,
            "pool_timeout": STATEMENT_LIMIT_SECONDS,
        }
    engine = create_sync_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
        **pool,
        **_QUIET,
        **_JSON,
        execution_options=dict(options),
    )
    _listen(engine)
    return engine


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by _begin_sqlite; the driver's own would begin only at the first write.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    # A commit survives the process's death; the last ones may be lost with the machine's power.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten: an erased person is not to be read in freed space.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _use_write_ahead_log(cursor: Any) -> None:
    """SQLite does not wait for this change: one of several that open a new file may be locked out."""
    for attempt in range(50):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except Exception as error:  # aiosqlite's and sqlite3's drivers raise classes of their own
            if "locked" not in str(error) or attempt == 49:
                raise
            time.sleep(0.05)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the write lock first: a read lock cannot be raised once another process has written.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def for_writing(connection: Connection) -> Connection:
    """Its transactions take SQLite's write lock when they begin."""
    return connection.execution_options(**{_WRITES: True})


async def connect_for_writing(engine: AsyncEngine) -> AsyncConnection:
    """A connection whose transactions take SQLite's write lock when they begin."""
    return await (await engine.connect()).execution_options(**{_WRITES: True})


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that writes."""
    connection = await connect_for_writing(engine)
    try:
        async with connection.begin():
            yield connection
    finally:
        await connection.close()


async def check_reachable(engine: AsyncEngine, *, make: bool = True) -> None:
    """Raises StoreError with the reason and the remedy when the database cannot be opened.

    `make`: a file that is not there yet is made.
    """
    url = engine.url
    if url.get_backend_name() == "sqlite":
        _check_sqlite_file(Path(url.database or ""), make=make)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        remedy = (
            "check that it is a database file and that this user may write it"
            if url.get_backend_name() == "sqlite"
            else "check that PostgreSQL runs there and that the user, password and database name are right"
        )
        raise StoreError(
            f"The database {shown(url)} cannot be opened ({reason(error)}); {remedy}."
        ) from error


def _check_sqlite_file(path: Path, *, make: bool) -> None:
    if not make and not path.exists():
        raise StoreError(f"There is no database {path} yet: start the hotline once, it makes it.")
    if not path.parent.is_dir():
        raise StoreError(
            f"The folder {path.parent} of the database {path.name} does not exist; make it first."
        )
    try:
        # The history is personal data: nobody else reads the file. One that is there is not opened here:
        # the close would drop this process's locks on it, and others would take its write-ahead log away.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be opened ({error.strerror}); give this user the right to write it."
        ) from error


def reason(error: BaseException) -> str:
    """The database's own words, in one line."""
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig
    words = str(cause).strip() or type(cause).__name__
    return words.splitlines()[0].removeprefix("<class 'asyncpg.exceptions.").replace("'>:", ":").strip()


# Classes of SQLSTATE: 22 data, 23 integrity, 54 limit exceeded (a value too big for an index); 40 rollback.
_REFUSED_CLASSES = frozenset({"22", "23", "54"})
# Raised by the drivers before the database sees the values.
_WRONG_VALUES = (TypeError, OverflowError, UnicodeError)


def failure_of(error: Exception) -> Failure:
    """What a failed write means. Unknown errors count as AWAY: nothing is thrown away for them."""
    if not isinstance(error, DBAPIError):
        return Failure.REFUSED if isinstance(error, _WRONG_VALUES) else Failure.AWAY
    if error.connection_invalidated or error.orig is None:
        return Failure.AWAY
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        if state[:2] == "40":
            return Failure.CLASH
        return Failure.REFUSED if state[:2] in _REFUSED_CLASSES else Failure.AWAY
    # asyncpg's own complaint about a value is a ValueError too; sqlite3's is named by its words.
    original = error.orig.__cause__ or error.orig
    refused = isinstance(
        original, (sqlite3.IntegrityError, sqlite3.DataError, ValueError, *_WRONG_VALUES)
    ) or "binding parameter" in str(original)
    return Failure.REFUSED if refused else Failure.AWAY
