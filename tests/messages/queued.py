"""Messages of the store's queue, taken by hand: what tests of it begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text

from compliance.facts import Channel
from engine.registers.messages import Move
from messaging.states import MessageState
from store.database import create_engine, database_url
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import message

S = MessageState


async def rows(url: str, sql: str) -> Sequence[tuple[object, ...]]:
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(text(sql))]
    await engine.dispose()
    return found


async def told(url: str) -> list[object]:
    found = await rows(url, "SELECT kind FROM publications WHERE kind LIKE 'message.%' ORDER BY number")
    return [kind for (kind,) in found]


async def claim(queue: SqlMessageQueue, limit: int = 10) -> list[str]:
    return [one.id for one in await queue.claim(Channel.SMS, limit=limit, lease_seconds=30)]


async def begin(queue: SqlMessageQueue, clock: HandClock, *ids: str) -> list[str]:
    """Claimed ones, handed to provider "one"."""
    until = clock.now() + timedelta(seconds=60)
    moves = [
        Move(one, S.SENDING, clock.now(), claimed=True, provider="one", leased_until=until) for one in ids
    ]
    return [one.id for one in await queue.move(moves)]


async def sent(store: Store, queue: SqlMessageQueue, clock: HandClock, *references: str) -> None:
    """Message m001, accepted under these references."""
    await store.messages.add([message(1)])
    assert await claim(queue) == ["m001"]
    assert await begin(queue, clock, "m001") == ["m001"]
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=references)])


async def state(store: Store, id: str = "m001") -> MessageState:
    return (await store.messages.get(id)).state
