"""What providers tell of messages in the store's queue, and the doubt where they tell nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from compliance.facts import Channel
from engine.registers.actor import ENGINE
from engine.registers.messages import (
    LEFT,
    Message,
    MessageFilter,
    Move,
)
from engine.registers.refusals import Refused
from messaging.marks import mark_of
from messaging.provider import Receipt
from messaging.states import MessageState
from store.database import create_engine, database_url
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, message, phone
from tests.messages.queued import begin, claim, rows, sent, state

S = MessageState


@pytest.fixture
def queue(store: Store) -> SqlMessageQueue:
    return store.message_queue("w1")


async def test_all_parts_make_a_message(store: Store, queue: SqlMessageQueue, clock: HandClock) -> None:
    await sent(store, queue, clock, "r1", "r2")
    await queue.receipts([Receipt("one", "r2", S.DELIVERED, AT)])
    assert await state(store) is S.ACCEPTED
    await queue.receipts([Receipt("one", "r1", S.FAILED, AT, "11", "absent")])
    kept = await store.messages.get("m001")
    assert (kept.state, kept.code, kept.why) == (S.FAILED, "11", "absent")
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT)])
    assert await state(store) is S.DELIVERED


async def test_a_receipt_may_come_before_the_answer(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await begin(queue, clock, "m001")
    assert (
        await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT), Receipt("two", "r1", S.FAILED, AT)])
        == []
    )
    assert await state(store) is S.SENDING
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=("r1",))])
    assert await state(store) is S.DELIVERED
    assert await rows(url, "SELECT provider FROM early_receipts") == [("two",)]
    clock.pass_seconds(4 * 86400)
    await queue.tidy()
    assert await rows(url, "SELECT provider FROM early_receipts") == []


async def test_a_receipt_that_crossed_the_answer_is_found_later(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await sent(store, queue, clock, "r1")
    engine = create_engine(database_url(url))
    async with engine.begin() as connection:  # as by another engine, at the same moment
        await connection.execute(
            text(
                "INSERT INTO early_receipts (provider, reference, state, at, code, why, received_at) VALUES "
                "('one', 'r1', 'delivered', '2026-11-21 16:05:00+00', '', '', '2026-11-21 16:05:00+00')"
            )
        )
    await engine.dispose()
    assert (await queue.tidy()).matched == 1
    assert await state(store) is S.DELIVERED


async def test_a_worker_that_is_gone_leaves_doubt(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await store.messages.add([message(1), message(2)])
    await claim(queue)
    await begin(queue, clock, "m001")
    clock.pass_seconds(61)
    other = store.message_queue("w2")
    assert (await other.tidy()).in_doubt == 1
    assert await claim(other) == ["m002"]  # it was never handed over
    assert await begin(queue, clock, "m002") == []
    assert await state(store) is S.IN_DOUBT
    assert await rows(url, "SELECT outcome FROM interactions") == [("in_doubt",)]
    # The answer comes after all.
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=("r1",))])
    assert await state(store) is S.ACCEPTED
    assert len(await rows(url, "SELECT id FROM interactions")) == 1


async def test_an_answer_is_for_its_own_attempt(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.QUEUED, clock.now(), attempt=1, not_before=clock.now())])
    await claim(queue)
    await begin(queue, clock, "m001")
    assert await queue.move([Move("m001", S.FAILED, clock.now(), attempt=1)]) == []
    assert await state(store) is S.SENDING


async def test_one_in_doubt_is_sent_again_only_by_order(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add([message(1), message(2, state=S.IN_DOUBT)])
    with pytest.raises(Refused, match="only one in doubt"):
        await store.messages.resend(ENGINE, "m001")
    assert (await store.messages.resend(ENGINE, "m002")).state is S.QUEUED
    assert await claim(queue) == ["m001", "m002"]
    assert (await store.messages.stop(ENGINE, "m001", "not wanted")).why == "not wanted"
    with pytest.raises(Refused, match="cannot be stopped"):
        await store.messages.stop(ENGINE, "m001", "again")


async def test_one_that_is_sent_again_is_told_of_by_its_new_parts_alone(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await begin(queue, clock, "m001")
    lost = Move("m001", S.IN_DOUBT, clock.now(), attempt=1, references=("r1",), lost_part=S.IN_DOUBT)
    await queue.move([lost])
    await store.messages.resend(ENGINE, "m001")
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=2, references=("r2", "r3"))])
    await queue.receipts([Receipt("one", "r1", S.FAILED, AT)])
    assert await state(store) is S.ACCEPTED
    await queue.receipts([Receipt("one", one, S.DELIVERED, AT) for one in ("r2", "r3")])
    assert await state(store) is S.DELIVERED


async def test_an_answer_that_is_written_twice_takes_no_receipt_back(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await sent(store, queue, clock, "r1", "r2")
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT)])
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=("r1", "r2"))])
    await queue.receipts([Receipt("one", "r2", S.DELIVERED, AT)])
    assert await state(store) is S.DELIVERED


async def test_one_that_is_queued_again_and_had_arrived_is_not_sent_again(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.IN_DOUBT, clock.now(), attempt=1)])
    await store.messages.resend(ENGINE, "m001")
    again = await queue.claim(Channel.SMS, limit=10, lease_seconds=30)
    await queue.receipts([Receipt("one", "m001", S.DELIVERED, AT)])  # of a provider that tells our own id
    assert await queue.hand_over([(one, "one") for one in again], clock.now() + timedelta(minutes=1)) == []
    assert await state(store) is S.DELIVERED


async def lost(store: Store, queue: SqlMessageQueue, clock: HandClock, given: Message) -> None:
    """It was handed over by a worker that died; then another one looked."""
    await store.messages.add([given])
    claimed = await queue.claim(Channel.SMS, limit=10, lease_seconds=30)
    begun = await queue.hand_over([(one, "one") for one in claimed], clock.now() + timedelta(seconds=60))
    assert [(one.state, one.attempts, one.version) for one in begun] == [(S.SENDING, 1, 2)]
    clock.pass_seconds(61)
    assert (await store.message_queue("w2").tidy()).in_doubt == 1


async def test_a_receipt_with_our_mark_settles_one_whose_answer_died_with_its_worker(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await lost(store, queue, clock, message(1))
    mark, to = mark_of("m001"), phone(1).value
    others = [
        Receipt("one", "r7", S.DELIVERED, AT, to=phone(2).value, mark=mark),
        Receipt("one", "r8", S.DELIVERED, AT, to=to, mark=mark_of("m001", 1)),
        Receipt("two", "r9", S.DELIVERED, AT, to=to, mark=mark),
    ]
    assert await queue.receipts(others) == []
    assert await state(store) is S.IN_DOUBT
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT, to=to, mark=mark)])
    assert await state(store) is S.DELIVERED
    assert [one.reference for one in await store.messages.parts("m001")] == ["r1"]
    waiting = await rows(url, "SELECT reference FROM early_receipts ORDER BY reference")
    assert waiting == [("r7",), ("r8",), ("r9",)]


async def test_of_a_long_message_every_part_must_be_told(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await lost(store, queue, clock, message(1, text="x" * 200))
    for part, expected in ((1, S.IN_DOUBT), (0, S.DELIVERED)):
        mark = mark_of("m001", part)
        await queue.receipts(
            [Receipt("one", f"r{part}", S.DELIVERED, AT, to=phone(1).value, mark=mark)],
        )
        assert await state(store) is expected


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_part_that_was_lost_is_found_by_its_receipt(
    store: Store, queue: SqlMessageQueue, clock: HandClock, order: tuple[int, int]
) -> None:
    await store.messages.add([message(1, text="x" * 200)])
    assert await claim(queue) == ["m001"]
    assert await begin(queue, clock, "m001") == ["m001"]
    doubt = Move("m001", S.IN_DOUBT, clock.now(), attempt=1, references=("r0",), lost_part=S.IN_DOUBT)
    await queue.move([doubt])
    for part in order:
        assert await state(store) is not S.DELIVERED
        told = Receipt("one", f"r{part}", S.DELIVERED, AT, to=phone(1).value, mark=mark_of("m001", part))
        await queue.receipts([told])
    assert await state(store) is S.DELIVERED
    assert [one.reference for one in await store.messages.parts("m001")] == ["r0", "r1"]


async def test_what_may_be_asked_about_comes_page_by_page(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add([message(n) for n in (1, 2, 3)])
    await claim(queue)
    await begin(queue, clock, "m001", "m002", "m003")
    await queue.move(
        [Move(f"m00{n}", S.IN_DOUBT, clock.now(), attempt=1, references=(f"r{n}",)) for n in (1, 2, 3)]
    )
    first = await queue.doubtful(limit=2)
    assert [(one.message_id, one.reference) for one in first] == [("m001", "r1"), ("m002", "r2")]
    rest = await queue.doubtful(limit=2, after=("m002", "r2"))
    assert [(one.message_id, one.provider) for one in rest] == [("m003", "one")]


async def test_one_in_doubt_may_be_left_and_a_receipt_still_counts(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await sent(store, queue, clock, "r1", "r2")
    await store.messages.add([message(2, state=S.IN_DOUBT), message(3, state=S.IN_DOUBT)])
    with pytest.raises(Refused, match="only one in doubt"):
        await store.messages.leave(ENGINE, "m001", "no")
    assert (await store.messages.leave(ENGINE, "m002", "they called\0")).code == LEFT
    doubtful = MessageFilter(states=(S.IN_DOUBT,), undecided=True)
    assert [one.id for one in (await store.messages.list(doubtful)).items] == ["m003"]
    assert await state(store, "m002") is S.IN_DOUBT
    (*_, last) = await store.messages.events("m002")
    assert (last.seq, last.state, last.code, last.why) == (2, S.IN_DOUBT, LEFT, "they called\ufffd")
    found = await rows(url, "SELECT action, subject FROM audit_log")
    assert found == [("message.left", "message:m002")]
    await queue.move([Move("m002", S.DELIVERED, clock.now())])
    assert await state(store, "m002") is S.DELIVERED
    await queue.receipts([Receipt("one", "r2", S.DELIVERED, AT)])
    told_parts = [(one.reference, one.state) for one in await store.messages.parts("m001")]
    assert told_parts == [("r1", S.ACCEPTED), ("r2", S.DELIVERED)]


async def test_what_arrived_after_all_corrects_the_history(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.FAILED, clock.now(), attempt=1, references=("r1",))])
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT)])
    found = await rows(url, "SELECT id, outcome, corrects FROM interactions ORDER BY id")
    assert found == [
        ("m001-arrived", "delivered", "m001-message"),
        ("m001-message", "failed", None),
    ]
