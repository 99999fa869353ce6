"""A worker that is killed while it sends loses nothing: what it held is sent again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.clock import SystemClock
from history.publication import Publication
from store.store import Store
from tests.publishing.receivers import SECRET, SOMEBODY, receiving, tell, until

PROGRAM = str(Path(__file__).with_name("worker_that_is_killed.py"))
ROOT = Path(__file__).parents[2]


async def worker(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, url, "1.0", cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )


async def test_what_a_killed_worker_held_is_sent_again_in_order(url: str, store: Store) -> None:
    at = SystemClock().now()
    async with receiving() as receiver:
        await store.webhooks.create(
            SOMEBODY, "w", url=receiver.url, kinds=[], description="", secret=SECRET, at=at
        )
        told = [Publication(f"p{n}", at, "contact.changed", f"contact:{n % 3}", {}) for n in range(9)]
        await tell(url, *told)
        receiver.hold = asyncio.Event()
        first = await worker(url)
        await until(lambda: len(receiver.asked) == 3, 20)  # the first of each subject, unanswered
        first.kill()
        await first.wait()
        receiver.hold.set()
        receiver.hold = None
        receiver.taken.clear()  # what it had sent was taken, but it could not write that down
        second = await worker(url)
        try:
            await until(lambda: len(receiver.taken) >= 9, 25)
        finally:
            second.kill()
            await second.wait()
    for subject in ("contact:0", "contact:1", "contact:2"):
        assert sorted(set(receiver.sequences(subject))) == [1, 2, 3]
    assert {d.body["id"] for d in receiver.taken} == {one.id for one in told}
    again = [d for d in receiver.asked if d.body["sequence"] == 1]
    keys = [d.headers["X-Infolinia-Idempotency-Key"] for d in again]
    assert len(keys) == 6
    assert len(set(keys)) == 3  # the receiver can tell that it has them
