"""Receipts that meet another transaction; SQLite has one writer at a time, so on PostgreSQL alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import await_only

from engine.registers.messages import Move
from messaging.provider import Receipt
from messaging.states import MessageState
from store.database import create_engine, database_url
from store.message_parts import early_of
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, message
from tests.messages.queued import begin, claim, state

pytestmark = pytest.mark.postgres
S = MessageState
LOCK_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def other(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url(url))
    yield engine
    await engine.dispose()


async def waits_for_a_lock(looking: AsyncConnection) -> None:
    for _ in range(1000):
        if (await looking.execute(text(LOCK_WAITS))).scalar():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


async def test_a_receipt_of_parts_that_go_meanwhile_holds_none_of_the_others_up(
    store: Store, clock: HandClock, other: AsyncEngine
) -> None:
    queue: SqlMessageQueue = store.message_queue("w1")
    await store.messages.add([message(1), message(2)])
    await claim(queue)
    await begin(queue, clock, "m001", "m002")
    now = clock.now()
    await queue.move(
        [Move(f"m00{n}", S.ACCEPTED, now, attempt=1, references=(f"r{n}",)) for n in (1, 2)],
    )
    receipts = [Receipt("one", f"r{n}", S.DELIVERED, AT) for n in (1, 2)]
    async with other.connect() as connection, other.connect() as looking:
        await connection.execute(text("SELECT 1 FROM messages WHERE id = 'm001' FOR UPDATE"))
        await connection.execute(text("DELETE FROM message_parts WHERE message_id = 'm001'"))
        told = asyncio.create_task(queue.receipts(receipts))
        await waits_for_a_lock(looking)
        await connection.commit()
        moved = await told
    assert [one.id for one in moved] == ["m002"]
    assert (await state(store, "m001"), await state(store, "m002")) == (S.ACCEPTED, S.DELIVERED)


async def test_a_receipt_that_comes_as_the_early_ones_are_taken_is_not_lost(
    store: Store, clock: HandClock, other: AsyncEngine
) -> None:
    queue: SqlMessageQueue = store.message_queue("w1")
    await queue.receipts([Receipt("one", "r1", S.ACCEPTED, AT)])
    delivered = Receipt("one", "r1", S.DELIVERED, AT + timedelta(seconds=3))
    crossed: list[str] = []

    def meanwhile(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("DELETE FROM early_receipts") and not crossed:
            crossed.append(statement)
            await_only(queue.receipts([delivered]))

    event.listen(other.sync_engine, "before_cursor_execute", meanwhile)
    async with other.begin() as connection:
        taken = await connection.run_sync(early_of, [("one", "r1")])
        left = (await connection.execute(text("SELECT count(*) FROM early_receipts"))).scalar()
    assert crossed
    assert [one.state for one in taken] == [S.ACCEPTED, S.DELIVERED]
    assert left == 0
