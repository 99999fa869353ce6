"""Messages for the command line, beside a running engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.clock import TimeOrderedIds
from engine.ports import Clock
from store.database import create_engine, database_url
from store.registers.messages import SqlMessages
from store.schema import check_current


@asynccontextmanager
async def open_messages(url: str, clock: Clock) -> AsyncIterator[SqlMessages]:
    """Upgrades nothing. Raises StoreError."""
    engine = create_engine(database_url(url))
    try:
        await check_current(engine)
        yield SqlMessages(engine, clock, TimeOrderedIds(clock))
    finally:
        await engine.dispose()
