"""A worker that sends what is in the store, with providers of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from engine.followup import sending
from engine.followup.routing import Carrier
from engine.followup.sending import MessageSending, SendingLimits
from messaging.opting import OptingWords, Wish
from messaging.provider import Provider
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import OpenGate

LIMITS = SendingLimits(look_seconds=0.02, tidy_seconds=0.02, ask_seconds=0.02)
Start = Callable[..., Awaitable[MessageSending]]


def wish_of(text: str) -> Wish | None:
    understood = OptingWords().understood(text)
    return None if understood is None else understood.wish


@pytest.fixture
async def start(store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Begin to send; each is closed at the end."""
    running: list[MessageSending] = []

    async def run(*providers: Provider, worker: str = "w1", **more: Any) -> MessageSending:
        gate = more.pop("gate", None) or OpenGate(clock)
        settings = {"limits": LIMITS, "wish_of": wish_of, **more}
        carriers = [Carrier(one) for one in providers]
        begun = MessageSending(store.message_queue(worker), carriers, gate, clock, **settings)
        running.append(begun)
        await begun.start()
        return begun

    yield run
    # A provider of the test that never answers is not waited for when the test is over.
    monkeypatch.setattr(sending, "CLOSE_SECONDS", 0.05)
    for one in running:
        await one.close()
