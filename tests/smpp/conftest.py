"""A provider at an SMSC, and listeners that remember."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from channels.smpp import binds
from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from compliance.facts import Channel
from engine.clock import SystemClock
from messaging.provider import Answer, Incoming, Listeners, Receipt, Submission
from messaging.states import MessageState
from tests.patience import patient
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc


@dataclass
class Kept:
    """`failing`: so many of the next calls raise instead of keeping. `may_go_on`: texts wait for it."""

    receipts: list[Receipt] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    standings: list[tuple[bool, str]] = field(default_factory=list)
    answered: list[tuple[str, Answer]] = field(default_factory=list)
    failing: int = 0
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    may_be_answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()
        self.may_be_answered.set()

    def listeners(self) -> Listeners:
        return Listeners(self._receipt, self._incoming, self._standing, self._answered)

    async def until(self, there: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        try:
            async with asyncio.timeout(patient(seconds)):
                while not there():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{what} did not come; kept: {self}") from None

    async def up(self) -> None:
        await self.until(lambda: bool(self.standings) and self.standings[-1][0], "the bind")

    def states(self) -> dict[str, MessageState]:
        return {receipt.reference: receipt.state for receipt in self.receipts}

    async def _receipt(self, receipt: Receipt) -> None:
        self._may_fail()
        self.receipts.append(receipt)

    async def _incoming(self, incoming: Incoming) -> None:
        await self.may_go_on.wait()
        self._may_fail()
        self.incoming.append(incoming)

    async def _answered(self, message_id: str, answer: Answer) -> None:
        await self.may_be_answered.wait()
        self.answered.append((message_id, answer))

    def _standing(self, is_up: bool, why: str) -> None:
        self.standings.append((is_up, why))

    def _may_fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError("the database is away")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The hotline runs on uvloop, whose transports are its own."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def opened(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`async with opened(smsc, window=5) as provider`: bound, and closed at the end."""
    monkeypatch.setattr(binds, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(binds, "LONGEST_PAUSE_SECONDS", 0.2)

    @asynccontextmanager
    async def open_(smsc: Smsc | int, *, up: bool = True, **changes: Any) -> AsyncIterator[SmppProvider]:
        port = smsc if isinstance(smsc, int) else smsc.port
        settings = {
            "name": "operator",
            "sender": "Anna",
            "password": PASSWORD,
            "system_id": SYSTEM_ID,
            **changes,
        }
        provider = SmppProvider(
            SmppSettings(endpoints=(Endpoint("127.0.0.1", port),), **settings), SystemClock()
        )
        await provider.start(kept.listeners())
        try:
            if up:
                await kept.up()
            yield provider
        finally:
            await provider.close()

    return open_


def message(number: int = 1, text: str = "Good morning", **changes: Any) -> Submission:
    return Submission(f"m{number}", Channel.SMS, **{"to": f"+48600000{number:03d}", "text": text, **changes})


@pytest.fixture
def make_message() -> Callable[..., Submission]:
    return message
