"""The engine's chats over a real database: one walk from the first word to the history, over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.clock import SystemClock
from history.interaction import Channel
from messaging.chat import ChatPhase
from store.store import Store
from tests.chats.stage import ChatStage, Visitor
from tests.patience import patient


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(patient(10)):
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


async def test_from_the_first_word_to_the_history(store: Store, clock: SystemClock) -> None:
    began = clock.now() - timedelta(minutes=1)
    stage = ChatStage(store=store.chats, clock=clock, ledger=store.ledger, names="first")
    stage.here("anna")
    visitor = await stage.talking()
    await visitor.say("Where is my parcel?")
    await stage.desk.say("anna", visitor.id, "I am looking.")
    assert await stage.chats.wants_call(visitor.id, visitor.secret, "+48600000001") == "+48600000001"
    chat = stage.chats.get(visitor.id)
    assert chat is not None
    assert await chat.kept(patient(5))
    other = await went_on(stage, store, visitor)
    await until(lambda: visitor.news != [] and visitor.chat.phase is ChatPhase.TALKING)
    await other.desk.say("anna", visitor.id, "It comes today.")
    await other.chats.end(visitor.id, visitor.secret)
    await other.desk.end("anna", visitor.id, "sale")
    chat = other.chats.get(visitor.id)
    assert chat is not None
    assert await chat.kept(patient(5))
    kept = await store.chats.get(visitor.id)
    assert (kept.phase, kept.disposition, kept.answers) == (ChatPhase.CLOSED, "sale", 2)
    assert kept.point is not None
    assert kept.point.value == "+48600000001"
    lines = await store.chats.lines(visitor.id)
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert [line.text for line in lines if line.speaker == "agent" and line.text] == [
        "I am looking.",
        "It comes today.",
    ]
    rows = await store.queries.history(subject_id=visitor.id)
    (row,) = [one.interaction for one in rows if one.interaction.corrects is not None]
    assert (row.channel, row.disposition, row.outcome) == (Channel.CHAT, "sale", "answered")
    days = await store.queue_days.since(began, {"orders": 60.0})
    assert (days["orders"].answered, days["orders"].in_time) == (1, 1)
    await other.close()


async def went_on(stage: ChatStage, store: Store, visitor: Visitor) -> ChatStage:
    """In another engine, behind a crash of the first."""
    await stage.crash()
    other = ChatStage(after=stage, store=store.chats, clock=stage.clock, ledger=store.ledger, names="second")
    other.here("anna")
    await other.chats.start()
    visitor.stage = other
    other.visitors.append(visitor)
    await visitor.come()
    return other
