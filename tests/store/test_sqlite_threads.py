"""Transactions on SQLite that threads carry out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import StoreUnavailable
from store.database import create_engine, database_url
from store.registers import threads
from store.registers.transactions import read, written


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url(f"sqlite:///{tmp_path}/one.db"))
    await written(engine, lambda connection: _do(connection, "CREATE TABLE notes (note TEXT)"))
    yield engine
    await engine.dispose()


def _do(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql)


def _notes(connection: Connection) -> list[str]:
    return [note for (note,) in connection.exec_driver_sql("SELECT note FROM notes")]


class Held:
    """A transaction that has written and waits before its end."""

    def __init__(self) -> None:
        self.has_written, self.may_end = threading.Event(), threading.Event()

    def work(self, connection: Connection) -> None:
        _do(connection, "INSERT INTO notes VALUES ('held')")
        self.has_written.set()
        assert self.may_end.wait(20)


async def test_nothing_is_written_for_a_caller_who_was_cancelled(engine: AsyncEngine) -> None:
    held = Held()
    asking = asyncio.create_task(written(engine, held.work))
    assert await asyncio.to_thread(held.has_written.wait, 20)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    held.may_end.set()
    await written(engine, lambda connection: _do(connection, "INSERT INTO notes VALUES ('next')"))
    assert await read(engine, _notes) == ["next"]


async def test_who_waits_too_long_for_others_is_told(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    first = asyncio.create_task(written(engine, held.work))
    assert await asyncio.to_thread(held.has_written.wait, 20)
    monkeypatch.setattr(threads, "STATEMENT_LIMIT_SECONDS", 0.0)
    second = asyncio.create_task(
        written(engine, lambda connection: _do(connection, "INSERT INTO notes VALUES ('late')"))
    )
    assert await read(engine, _notes) == []  # reading waits for nobody; and the second one has been queued
    held.may_end.set()
    await first
    with pytest.raises(StoreUnavailable, match="writing took others"):
        await second
    assert await read(engine, _notes) == ["held"]


async def test_a_disposed_engine_works_again(engine: AsyncEngine) -> None:
    await engine.dispose()
    await written(engine, lambda connection: _do(connection, "INSERT INTO notes VALUES ('again')"))
    assert await read(engine, _notes) == ["again"]
