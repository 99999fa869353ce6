"""Jobs are done by one worker at a time, in their order, and never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine.changes import JobAdded
from store.outbox import back_off_seconds
from store.store import Store
from tests.conftest import HandClock
from tests.store.samples import START


async def add(store: Store, *jobs: JobAdded) -> None:
    await store.ledger.commit(jobs, durable=True)


def job(id: str, **fields: Any) -> JobAdded:
    return JobAdded(**{"id": id, "topic": "sms", "key": f"k-{id}", "payload": {"id": id}, **fields})


async def claimed(
    store: Store, worker: str = "w1", limit: int = 10, topics: tuple[str, ...] = ("sms",)
) -> list[str]:
    return [j.id for j in await store.outbox.claim(topics, worker, limit=limit, lease_seconds=30)]


async def test_jobs_come_by_priority_then_by_age(store: Store, clock: HandClock) -> None:
    await add(
        store, job("a", priority=5), job("b"), job("c"), job("mail", topic="email"), job("d", priority=-1)
    )
    await add(store, job("e", not_before=clock.now() + timedelta(seconds=60)))
    assert await claimed(store, limit=2) == ["d", "b"]
    assert await claimed(store) == ["c", "a"]
    assert await claimed(store) == []
    clock.pass_seconds(29)
    assert await claimed(store) == []
    clock.pass_seconds(31)
    assert sorted(await claimed(store, topics=("sms", "email"))) == ["a", "b", "c", "d", "e", "mail"]


async def test_a_key_is_added_once(store: Store) -> None:
    await add(store, job("a", key="same", payload={"n": 1}))
    await add(store, job("b", key="same", payload={"n": 2}))
    (one,) = await store.outbox.claim(["sms"], "w1", limit=10, lease_seconds=30)
    assert (one.id, one.payload, one.attempts, one.created_at) == (
        "a",
        {"n": 1},
        1,
        START.replace(microsecond=0),
    )


async def test_no_two_workers_get_the_same_job(url: str, make_store: Callable[..., Store]) -> None:
    stores = [make_store(url, f"spool{n}") for n in range(3)]
    for store in stores:
        await store.start()
    await add(stores[0], *(job(f"{n:03d}") for n in range(300)))

    async def work(store: Store, worker: str) -> list[str]:
        mine: list[str] = []
        while some := await store.outbox.claim(["sms"], worker, limit=7, lease_seconds=300):
            mine += [j.id for j in some]
            for j in some[::2]:
                assert await store.outbox.done(j)
        return mine

    shares = await asyncio.gather(
        *(work(store, f"w{n}-{m}") for n, store in enumerate(stores) for m in range(2))
    )
    everything = [job_id for share in shares for job_id in share]
    assert sorted(everything) == [f"{n:03d}" for n in range(300)]


async def test_jobs_of_one_subject_are_done_one_after_another(store: Store, clock: HandClock) -> None:
    await add(
        store, *(job(f"{n}", subject="call-1", priority=-n) for n in range(3)), job("x", subject="call-2")
    )
    first, other = await store.outbox.claim(["sms"], "w1", limit=10, lease_seconds=30)
    assert (first.id, other.id) == ("0", "x")
    assert await claimed(store) == []
    assert await store.outbox.fail(first, "busy", retry_after_seconds=5)
    # The one behind waits for the retry too.
    assert await claimed(store) == []
    clock.pass_seconds(5)
    (again,) = await store.outbox.claim(["sms"], "w1", limit=10, lease_seconds=30)
    assert (again.id, again.attempts) == ("0", 2)
    assert await store.outbox.bury(again, "refused")
    assert await claimed(store) == ["1"]


async def test_a_worker_that_lost_its_claim_changes_nothing(store: Store, clock: HandClock) -> None:
    await add(store, job("a"))
    (late,) = await store.outbox.claim(["sms"], "w1", limit=1, lease_seconds=30)
    clock.pass_seconds(30)
    (owner,) = await store.outbox.claim(["sms"], "w2", limit=1, lease_seconds=30)
    assert not await store.outbox.done(late)
    assert not await store.outbox.fail(late, "late", retry_after_seconds=0)
    assert not await store.outbox.bury(late, "late")
    assert await store.outbox.done(owner)
    assert not await store.outbox.done(owner)
    clock.pass_seconds(3600)
    assert await claimed(store) == []


async def test_expired_jobs_are_not_done_but_buried_and_can_be_revived(
    store: Store, clock: HandClock
) -> None:
    await add(store, job("a", expires_at=clock.now() + timedelta(seconds=10)), job("b"))
    clock.pass_seconds(10)
    assert await claimed(store) == ["b"]
    assert await store.outbox.bury_expired() == 1
    assert await store.outbox.bury_expired() == 0
    assert not await store.outbox.revive("b")
    assert await store.outbox.revive("a")
    assert await claimed(store) == ["a"]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (5, 32), (12, 3600), (10_000, 3600)])
def test_back_off_doubles_up_to_an_hour(attempts: int, seconds: float) -> None:
    assert back_off_seconds(attempts) == seconds
