"""The subjects of what is published are locked behind everything else, as by all who write of people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from history.publication import Kind, Publication
from store.database import create_engine, database_url
from store.publishing import publish
from store.store import Store
from tests.store.samples import START, call_changes, until
from tests.store.test_profiles import kept

CHANGED = "UPDATE contact_attributes SET source = 'console'"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.mark.postgres
async def test_a_call_that_waits_for_who_changes_its_person_keeps_nobody_from_publishing(
    postgres_url: str, make_store: Callable[..., Store]
) -> None:
    store = make_store(postgres_url)
    await store.start()
    await store.ledger.commit([*call_changes("a"), kept("Łódź")], durable=True)
    database = create_engine(database_url(postgres_url))
    try:
        async with database.begin() as console:
            # PostgreSQL looks for deadlocks after a second.
            await console.execute(text("SET LOCAL lock_timeout = '500ms'"))
            await console.execute(text(CHANGED))
            call = [*call_changes("b"), kept("Kraków", at=START.replace(hour=17))]
            writing = asyncio.create_task(store.ledger.commit(call, durable=True))
            await until(lambda: _somebody_waits(console))
            changed = Publication("changed", START, Kind.CONTACT_CHANGED, "contact:c-a", {})
            await console.run_sync(publish, [changed])
        await writing
    finally:
        await database.dispose()
    assert await store.queries.attribute(kept("").point, "city") == "Kraków"


async def _somebody_waits(connection: AsyncConnection) -> bool:
    return bool((await connection.execute(text(WAITING))).scalar_one())
