"""The subjects of what is published are locked behind everything else, as by all who write of people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from history.publication import Kind, Publication
from store.database import create_engine, database_url
from store.publishing import publish
from store.rows import Rows
from store.statements import POSTGRESQL
from store.store import Store
from tests.store.samples import START, call_changes, number, until
from tests.store.test_profiles import kept

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
async def filled(postgres_url: str, make_store: Callable[..., Store]) -> Store:
    """The person has called, and an attribute of theirs is known."""
    store = make_store(postgres_url)
    await store.start()
    await store.ledger.commit([*call_changes("a"), kept("Łódź")], durable=True)
    return store


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[AsyncConnection]:
    """In a transaction. PostgreSQL looks for deadlocks after a second: longer it waits for nobody."""
    database = create_engine(database_url(postgres_url))
    try:
        async with database.connect() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
            yield connection
    finally:
        await database.dispose()


@pytest.mark.postgres
async def test_a_call_that_waits_for_who_changes_its_person_keeps_nobody_from_publishing(
    filled: Store, other: AsyncConnection
) -> None:
    await other.execute(text("UPDATE contact_attributes SET source = 'console'"))
    call = [*call_changes("b"), kept("Kraków", at=START.replace(hour=17))]
    writing = asyncio.create_task(filled.ledger.commit(call, durable=True))
    await until(lambda: _somebody_waits(other))
    await other.run_sync(publish, [told(Kind.CONTACT_CHANGED)])
    await other.commit()
    await writing
    assert await filled.queries.attribute(number(1), "city") == "Kraków"


@pytest.mark.postgres
async def test_a_call_of_somebody_who_is_just_being_erased_is_that_of_a_new_person(
    filled: Store, other: AsyncConnection
) -> None:
    for table in ("interactions", "contact_attributes", "contact_points", "contacts"):
        await other.execute(text(f"DELETE FROM {table}"))
    writing = asyncio.create_task(filled.ledger.commit(call_changes("b"), durable=True))
    await until(lambda: _somebody_waits(other))
    await other.run_sync(publish, [told(Kind.CONTACT_ERASED)])
    await other.commit()
    await writing
    (row,) = await filled.queries.history()
    assert (row.interaction.subject_id, row.interaction.contact_id) == ("b", "c-b")


def test_attributes_are_written_in_one_lasting_order() -> None:
    rows = Rows(POSTGRESQL)
    for n, name in ((2, "city"), (1, "street"), (1, "city")):
        rows.add(kept("x", n=n, name=name), START)
    contacts = {("phone", number(n).value): f"c{n}" for n in (1, 2)}
    assert [row[:2] for row in rows.attributes(contacts)] == [
        ("c1", "city"),
        ("c1", "street"),
        ("c2", "city"),
    ]


def told(kind: Kind) -> Publication:
    return Publication("told", START, kind, "contact:c-a", {})


async def _somebody_waits(connection: AsyncConnection) -> bool:
    return bool((await connection.execute(text(WAITING))).scalar_one())
