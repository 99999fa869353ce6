"""A lookout looks at once when it is woken, twice more soon after, and goes on after a failure."""

from __future__ import annotations

import asyncio

import pytest

from engine.lookout import Lookout


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
