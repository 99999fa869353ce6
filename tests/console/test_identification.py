"""Who asks is known while the database hangs, if they were there lately, and nobody else is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp.test_utils import make_mocked_request

from console.accounts import identification
from console.accounts.identification import COOKIE, Identification
from engine.ports import StoreUnavailable
from engine.registers.access import Role
from engine.registers.accounts import Person, Session
from tests.console.stage import FixedClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Session(Person("p1", "Anna", Role.AGENT, NOW, NOW), NOW, NOW)
ASKED = make_mocked_request("GET", "/desk", headers={"Host": "localhost", "Cookie": f"{COOKIE}=secret"})


class Sessions:
    def __init__(self) -> None:
        self.answer: Session | Exception | None = ANNA
        self.hangs = asyncio.Event()
        self.hangs.set()
        self.asked = 0

    async def find(self, digest: str, at: datetime, *, renew: bool) -> Session | None:
        self.asked += 1
        await self.hangs.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setattr(identification, "PATIENCE_SECONDS", 0.02)
    return Sessions()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def known(sessions: Sessions, clock: FixedClock) -> Identification:
    return Identification(cast(Any, SimpleNamespace(sessions=sessions)), clock)


async def test_who_was_there_lately_does_not_wait_for_a_database_that_hangs(
    known: Identification, sessions: Sessions
) -> None:
    assert await known.identify(ASKED) is not None
    sessions.hangs.clear()
    told = await asyncio.wait_for(asyncio.gather(*(known.identify(ASKED) for _ in range(20))), 2)
    assert {one.name for one in told if one} == {"Anna"}
    assert sessions.asked == 2  # one question at a time
    sessions.hangs.set()


async def test_what_the_database_says_at_last_holds(known: Identification, sessions: Sessions) -> None:
    assert await known.identify(ASKED) is not None
    sessions.hangs.clear()
    sessions.answer = None  # signed out meanwhile
    assert await known.identify(ASKED) is not None
    sessions.hangs.set()
    await asyncio.sleep(0)
    assert await known.identify(ASKED) is None
    sessions.hangs.clear()
    with pytest.raises(TimeoutError):  # nobody's word is taken any more
        await asyncio.wait_for(known.identify(ASKED), 0.1)
    sessions.hangs.set()


async def test_a_stranger_waits_and_is_told_that_it_is_away(
    known: Identification, sessions: Sessions
) -> None:
    sessions.answer = StoreUnavailable("it is frozen")
    with pytest.raises(StoreUnavailable):
        await known.identify(ASKED)


async def test_after_a_quarter_of_an_hour_nobody_is_believed(
    known: Identification, sessions: Sessions, clock: FixedClock
) -> None:
    assert await known.identify(ASKED) is not None
    sessions.answer = StoreUnavailable("it is frozen")
    assert await known.identify(ASKED) is not None
    clock.at += timedelta(seconds=901)
    with pytest.raises(StoreUnavailable):
        await known.identify(ASKED)
