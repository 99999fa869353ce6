"""A lookout looks at once when it is woken or has more to do, soon after, and later after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from engine.lookout import Lookout
from engine.ports import StoreUnavailable


async def test_what_is_written_after_the_wake_is_found_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    third = asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise ValueError("a fault")
        if looks == 4:
            third.set()

    lookout = Lookout("things", look, every_seconds=60.0, soon_seconds=(0.01, 0.01))
    running = asyncio.create_task(lookout.run())
    await asyncio.sleep(0)
    assert looks == 1
    lookout.wake()
    await asyncio.wait_for(third.wait(), 5)  # at once, which failed, and twice more
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_is_more_is_done_at_once_and_a_database_that_is_away_is_told_once(
    logs: list[MutableMapping[str, Any]],
) -> None:
    outcomes = iter([True, True, StoreUnavailable("away"), StoreUnavailable("away"), False])
    looks = 0
    over = asyncio.Event()

    async def look() -> bool:
        nonlocal looks
        looks += 1
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        if not outcome:
            over.set()
        return outcome

    running = asyncio.create_task(Lookout("things", look, every_seconds=60.0, away_seconds=0.01).run())
    await asyncio.wait_for(over.wait(), 5)
    await asyncio.sleep(0)
    assert looks == 5, "and it waits"
    assert [entry["event"] for entry in logs] == ["things wait for the database"]
    running.cancel()
    await asyncio.wait([running])
