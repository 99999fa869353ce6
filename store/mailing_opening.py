"""Mailings for the command line, beside a running engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.ports import Clock
from store.database import create_engine, database_url
from store.registers.mailings import SqlMailings
from store.schema import check_current


@asynccontextmanager
async def open_mailings(url: str, clock: Clock) -> AsyncIterator[SqlMailings]:
    """Upgrades nothing. Raises StoreError."""
    engine = create_engine(database_url(url))
    try:
        await check_current(engine)
        yield SqlMailings(engine, clock)
    finally:
        await engine.dispose()
