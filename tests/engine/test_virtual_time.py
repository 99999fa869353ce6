"""The loop that jumps, on which the engine's tests run."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import timedelta

import pytest

from tests.virtual_time import (
    ANCHOR,
    LONGEST_RUN_SECONDS,
    Deadlock,
    VirtualClock,
    VirtualTimeLoop,
    run_in_virtual_time,
)


async def test_an_hour_passes_at_once_and_exactly() -> None:
    clock = VirtualClock()
    began = time.monotonic()
    before = clock.monotonic()
    await asyncio.sleep(3600)
    assert clock.monotonic() - before == 3600
    assert clock.now() == ANCHOR + timedelta(seconds=3600)
    assert time.monotonic() - began < 5


async def test_this_folder_runs_on_virtual_time() -> None:
    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)


async def test_timers_fire_in_order_each_at_its_time() -> None:
    loop = asyncio.get_running_loop()
    fired: list[tuple[str, float]] = []

    def note(name: str) -> None:
        fired.append((name, loop.time()))

    for name, seconds in (("late", 20.0), ("soon", 0.1), ("middle", 1 / 3)):
        loop.call_later(seconds, note, name)
    began = loop.time()
    await asyncio.sleep(30)
    assert [name for name, _ in fired] == ["soon", "middle", "late"]
    assert [at - began for _, at in fired] == pytest.approx([0.1, 1 / 3, 20])


async def test_time_stands_still_while_something_is_ready() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(100):
        await asyncio.sleep(0)
    assert loop.time() == began


async def test_a_timeout_comes_after_its_time() -> None:
    clock = VirtualClock()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(600):
            await asyncio.Event().wait()
    assert clock.monotonic() == 600


def test_waiting_for_ever_is_an_error_that_names_who_waits() -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match=r"no timer is set.*forgotten"):
        run_in_virtual_time(forgotten())


def test_waiting_beside_a_timer_that_goes_on_for_ever_is_an_error_too() -> None:
    async def ticking() -> None:
        for _ in itertools.count():
            await asyncio.sleep(LONGEST_RUN_SECONDS / 10)

    with pytest.raises(Deadlock, match=r"still running after 48 virtual hours.*ticking"):
        run_in_virtual_time(ticking())
