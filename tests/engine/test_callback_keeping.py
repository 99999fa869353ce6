"""Callbacks that were not kept are ended in time, and a database that is away stops nothing for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from engine.callback_keeping import AWAY_SECONDS, LOOK_SECONDS, CallbackKeeper
from engine.ports import StoreUnavailable
from engine.registers.callbacks import Callbacks


class OverdueCallbacks:
    """So many requests are overdue, and can be ended while `fault` is not set."""

    def __init__(self) -> None:
        self.overdue = 0
        self.broken = 0
        self.looks = 0
        self.fault: Exception | None = None

    async def mark_broken(self, *, limit: int = 100) -> int:
        self.looks += 1
        if self.fault is not None:
            raise self.fault
        some = min(limit, self.overdue)
        self.overdue -= some
        self.broken += some
        return some

    async def counts(self) -> Mapping[str, int]:
        return {"broken": self.broken}


@pytest.fixture
def callbacks() -> OverdueCallbacks:
    return OverdueCallbacks()


@pytest.fixture
def keeper(callbacks: OverdueCallbacks) -> CallbackKeeper:
    return CallbackKeeper(cast(Callbacks, callbacks))


@asynccontextmanager
async def looking(keeper: CallbackKeeper) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.lookout.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_all_that_are_overdue_are_ended_at_each_look(
    callbacks: OverdueCallbacks, keeper: CallbackKeeper
) -> None:
    assert keeper.counts() == {}
    callbacks.overdue = 250
    async with looking(keeper):
        await asyncio.sleep(1)
        assert (callbacks.overdue, keeper.counts()) == (0, {"broken": 250})
        callbacks.overdue = 100
        await asyncio.sleep(LOOK_SECONDS)
        assert (callbacks.overdue, keeper.counts()) == (0, {"broken": 350})


@pytest.mark.parametrize("fault", [StoreUnavailable("The database is away."), ZeroDivisionError("ours")])
async def test_whatever_fails_it_looks_again(
    callbacks: OverdueCallbacks,
    keeper: CallbackKeeper,
    fault: Exception,
    logs: list[MutableMapping[str, Any]],
) -> None:
    callbacks.overdue = 1
    callbacks.fault = fault
    async with looking(keeper):
        await asyncio.sleep(AWAY_SECONDS - 1)
        assert (callbacks.looks, keeper.counts()) == (1, {})
        assert [entry["log_level"] for entry in logs] == [
            "warning" if isinstance(fault, StoreUnavailable) else "error"
        ]
        callbacks.fault = None
        await asyncio.sleep(2)
        assert keeper.counts() == {"broken": 1}
