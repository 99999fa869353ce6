"""A store with a recordings folder, and what reads all of its database in another way."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.gatekeeper import Gatekeeper
from engine.rulebook import RuleBook
from store.database import create_engine, database_url
from store.store import Store
from tests.conftest import HandClock

Dump = Callable[[], Awaitable[str]]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
async def store(url: str, make_store: Callable[..., Store], recordings: Path) -> Store:
    opened = make_store(url, recordings=recordings)
    await opened.start()
    return opened


@pytest.fixture
def gate(store: Store, clock: HandClock) -> Gatekeeper:
    return Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)


@pytest.fixture
def dump(url: str) -> Dump:
    """All rows of all tables as text, the database's own ones too; and on SQLite the bytes of its files."""

    async def of_postgresql() -> str:
        engine = create_engine(database_url(url))
        async with engine.connect() as connection:
            named = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            names = (await connection.execute(named)).scalars().all()
            lines = [
                f"{name}: {row}"
                for name in names
                for row in (
                    await connection.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1"))
                ).scalars()
            ]
        await engine.dispose()
        return "\n".join(lines)

    async def of_sqlite() -> str:
        path = Path(url.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(path)) as connection:
            tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            names = [name for (name,) in connection.execute(tables)]
            return "\n".join(
                f"{name}: {row!r}" for name in names for row in connection.execute(f"SELECT * FROM {name}")
            )

    return of_sqlite if url.startswith("sqlite") else of_postgresql
