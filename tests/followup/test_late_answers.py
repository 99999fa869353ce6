"""Answers that come when nobody waits for them any more, and receipts that name our own id."""

from __future__ import annotations

import asyncio

import pytest

from engine.followup.writing import Writer
from engine.ports import StoreUnavailable
from engine.registers.actor import ENGINE
from engine.registers.messages import Move
from messaging.provider import Answer, Taken
from messaging.states import MessageState
from store.store import Store
from tests.conftest import HandClock
from tests.followup.conftest import Start
from tests.messages.carrying import HandProvider, always, message
from tests.messages.test_sending import becomes

S = MessageState


async def late(provider: HandProvider, answer: Answer, id: str = "m001") -> None:
    assert provider.listeners is not None
    assert provider.listeners.answered is not None
    await provider.listeners.answered(id, answer)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(Taken.ACCEPTED, ("r1",)), S.ACCEPTED),
        (Answer(Taken.REJECTED, code="0x0B", why="invalid address"), S.FAILED),
        (Answer(Taken.UNKNOWN, ("r1",)), S.IN_DOUBT),
    ],
)
async def test_a_late_answer_ends_the_doubt(
    store: Store, start: Start, answer: Answer, state: MessageState
) -> None:
    provider = HandProvider(answers=always(Taken.UNKNOWN, why="nobody answered"))
    await store.messages.add([message(parts=1)])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    await late(provider, answer)
    assert (await store.messages.get("m001")).state is state
    assert len(provider.taken) == 1


async def test_a_receipt_for_what_was_answered_late_finds_it(store: Store, start: Start) -> None:
    provider = HandProvider(answers=always(Taken.UNKNOWN))
    await store.messages.add([message(parts=2)])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    await provider.tell("r2", S.DELIVERED)  # before we know its reference
    await late(provider, Answer(Taken.ACCEPTED, ("r1", "r2")))
    await becomes(store, "m001", S.ACCEPTED)
    await provider.tell("r1", S.DELIVERED)
    await becomes(store, "m001", S.DELIVERED)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Answer(Taken.ACCEPTED, ("r1", "r2")), S.DELIVERED), (Answer(Taken.REJECTED, ("r1",)), S.FAILED)],
)
async def test_a_late_answer_tells_of_the_parts_that_were_in_doubt(
    store: Store, start: Start, answer: Answer, state: MessageState
) -> None:
    provider = HandProvider(answers=always(Taken.UNKNOWN, references=("r1",)))
    await store.messages.add([message(parts=2)])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    await late(provider, answer)
    for reference in answer.references:
        await provider.tell(reference, S.DELIVERED)
    assert (await store.messages.get("m001")).state is state


async def test_what_was_late_refused_for_now_goes_out_again(store: Store, start: Start) -> None:
    answers = iter([Answer(Taken.UNKNOWN), Answer(Taken.ACCEPTED, ("r1",))])
    provider = HandProvider(answers=lambda _: next(answers))
    await store.messages.add([message()])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    await late(provider, Answer(Taken.BUSY, retry_after_seconds=0.0))
    assert (await store.messages.get("m001")).state is S.QUEUED


async def test_a_late_answer_to_the_first_try_says_nothing_of_the_second(store: Store, start: Start) -> None:
    provider = HandProvider(answers=always(Taken.UNKNOWN))
    await store.messages.add([message()])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    provider.hangs = True
    await store.messages.resend(ENGINE, "m001")
    await becomes(store, "m001", S.SENDING)
    await late(provider, Answer(Taken.REJECTED, why="no"))
    assert (await store.messages.get("m001")).state is S.SENDING


async def test_our_own_id_is_of_all_parts(store: Store, start: Start) -> None:
    provider = HandProvider(answers=lambda one: Answer(Taken.UNKNOWN, (one.message_id,)))
    await store.messages.add([message(parts=3)])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    await provider.tell("m001", S.DELIVERED)
    await becomes(store, "m001", S.DELIVERED)


async def test_a_receipt_with_our_id_counts_only_from_its_provider(store: Store, start: Start) -> None:
    """Of a message whose answer died with the engine that waited for it."""
    provider, other = HandProvider(), HandProvider("two")
    provider.hangs = True
    await store.messages.add([message()])
    await start(provider)
    await becomes(store, "m001", S.SENDING)
    await start(other, worker="w2")
    await other.tell("m001", S.FAILED)
    assert (await store.messages.get("m001")).state is S.SENDING
    await provider.tell("m001", S.DELIVERED)
    await becomes(store, "m001", S.DELIVERED)


async def test_who_waits_for_a_late_answer_to_be_written_is_told_that_it_never_is(clock: HandClock) -> None:
    class AwayQueue:
        async def settle(self, moves: object, receipts: object) -> object:
            raise StoreUnavailable("the database is away")

    writer = Writer(AwayQueue(), lambda _: None)  # type: ignore[arg-type]
    writer.start()
    waiting = asyncio.create_task(writer.answered_late(Move("m001", S.ACCEPTED, clock.now())))
    await asyncio.sleep(0)
    await writer.close()
    async with asyncio.timeout(5):
        with pytest.raises(StoreUnavailable):
            await waiting
