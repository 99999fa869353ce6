"""Who follows the events misses none, also where a smaller number is committed after a greater one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import StoreUnavailable
from history.publication import Publication
from store.database import create_engine, database_url, writing
from store.publishing import publish
from store.registers import publications as register
from store.registers.publications import SqlPublications
from store.store import Store
from tests.conftest import HandClock
from tests.publishing.receivers import publication, tell


@pytest.fixture
async def engine(url: str, store: Store) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url(url))
    yield engine
    await engine.dispose()


async def told_slowly(
    engine: AsyncEngine, publications: list[Publication], seconds: float, begun: asyncio.Event | None = None
) -> None:
    """Published, and committed later."""
    async with writing(engine) as connection:
        await connection.run_sync(publish, publications)
        if begun is not None:
            begun.set()
        await asyncio.sleep(seconds)


async def test_kinds_and_subjects_are_chosen(url: str, store: Store, clock: HandClock) -> None:
    assert await store.publications.settled() == 0
    await tell(
        url,
        publication("1", clock),
        publication("2", clock, "call:x", "call.started"),
        publication("3", clock, "call:x", "call.ended"),
        publication("4", clock, "contact:b"),
    )
    log = store.publications
    assert await log.settled() == 4
    assert [told.id for told in await log.between(1, 3, limit=10)] == ["2", "3"]
    assert [told.id for told in await log.between(0, 4, limit=2)] == ["1", "2"]
    assert [told.id for told in await log.between(0, 4, limit=9, subject="call:x")] == ["2", "3"]
    assert [told.id for told in await log.between(0, 4, limit=9, kinds=["call.ended"])] == ["3"]


@pytest.mark.postgres
async def test_a_greater_number_is_not_shown_before_a_smaller_one(
    postgres_url: str, clock: HandClock
) -> None:
    engine = create_engine(database_url(postgres_url))
    log = SqlPublications(engine)
    assert await log.settled() == 0
    async with writing(engine) as connection:
        await connection.run_sync(publish, [publication("early", clock)])
        await tell(postgres_url, publication("late", clock, "contact:b"))
        # The greater number is committed and can be read; whoever went by it would miss the smaller.
        assert [told.number for told in await log.between(0, 100, limit=10)] == [2]
        assert await log.settled() == 0
    assert await log.settled() == 2
    assert [told.id for told in await log.between(0, 2, limit=10)] == ["early", "late"]
    await engine.dispose()


@pytest.mark.postgres
async def test_a_new_process_waits_for_what_was_running(
    postgres_url: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(database_url(postgres_url))
    await tell(postgres_url, publication("first", clock))
    begun = asyncio.Event()
    slow = asyncio.ensure_future(told_slowly(engine, [publication("slow", clock)], 0.4, begun))
    await begun.wait()
    await tell(postgres_url, publication("late", clock, "contact:b"))
    assert await SqlPublications(engine).settled() == 3
    await slow
    monkeypatch.setattr(register, "FIRST_LIMIT_SECONDS", 0.2)
    begun.clear()
    slow = asyncio.ensure_future(told_slowly(engine, [publication("slower", clock)], 1.0, begun))
    await begun.wait()
    with pytest.raises(StoreUnavailable, match="open for long"):
        await SqlPublications(engine).settled()
    await slow
    await engine.dispose()


async def test_a_follower_sees_each_event_once_and_in_order(engine: AsyncEngine, clock: HandClock) -> None:
    chance = random.Random(11)
    written: list[str] = []
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for turn in range(15):
            subjects = [f"contact:{writer}-{n}" for n in range(chance.randint(1, 3))]
            some = [publication(f"{writer}-{turn}-{n}", clock, subject) for n, subject in enumerate(subjects)]
            await told_slowly(engine, some, chance.choice([0, 0, 0.001, 0.02]))
            written.extend(one.id for one in some)

    async def follow(log: SqlPublications) -> list[tuple[int, str]]:
        position, seen = 0, []
        while True:
            ending = done.is_set()
            head = await log.settled()
            while position < head:
                some = await log.between(position, head, limit=7)
                seen += [(told.number, told.id) for told in some]
                position = some[-1].number if len(some) == 7 else head
            if ending:
                return seen
            await asyncio.sleep(0.002)

    followers = [asyncio.ensure_future(follow(SqlPublications(engine))) for _ in range(2)]
    await asyncio.gather(*(write(writer) for writer in range(4)))
    done.set()
    for seen in await asyncio.gather(*followers):
        assert [number for number, _ in seen] == sorted(number for number, _ in seen)
        assert sorted(one for _, one in seen) == sorted(written)
