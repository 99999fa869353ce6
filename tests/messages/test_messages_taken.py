"""What people write to us, kept once; their stop stands at once."""

from __future__ import annotations

import asyncio

import pytest

from compliance.facts import Channel, Purpose
from engine.registers.messages import (
    CODE_PRIORITY,
    MessageDirection,
    Move,
)
from engine.registers.permissions import ObjectionFilter
from history.permissions import Scope
from messaging.provider import Incoming
from messaging.states import MessageState
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, message, phone
from tests.messages.queued import begin, claim, rows, sent, state, told

S = MessageState


@pytest.fixture
def queue(store: Store) -> SqlMessageQueue:
    return store.message_queue("w1")


def incoming(n: int, words: str, id: str, **more: object) -> Incoming:
    given = {"in_reply_to": "", **more}
    return Incoming("one", Channel.SMS, phone(n).value, "+48220000099", words, AT, id, **given)  # type: ignore[arg-type]


async def test_what_people_write_is_kept_once(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await sent(store, queue, clock, "r1")
    taken = await queue.take(incoming(1, "Yes\0 please \ud83d", "x1"), opted_out=False)
    assert taken is not None
    assert (taken.direction, taken.in_reply_to, taken.state) == (
        MessageDirection.INBOUND,
        "m001",
        S.DELIVERED,
    )
    assert taken.text == "Yes\ufffd please \ufffd"
    assert await queue.take(incoming(1, "Yes please", "x1"), opted_out=False) is None
    stranger = await queue.take(incoming(7, "Who is this?", "x2"), opted_out=False)
    assert stranger is not None
    assert (stranger.in_reply_to, stranger.contact_id is None) == (None, False)
    found = await rows(url, "SELECT direction, transcript FROM interactions ORDER BY number")
    assert found == [
        ("outbound", "Hello 1"), ("inbound", "Yes\ufffd please \ufffd"), ("inbound", "Who is this?")
    ]  # fmt: skip
    assert await told(url) == ["message.sent", "message.received", "message.received"]


async def test_what_is_told_twice_at_once_is_kept_once(store: Store) -> None:
    """A provider that waits too long for the answer tells it again, maybe to another engine."""
    queues = [store.message_queue(f"w{n}") for n in range(4)]
    told = await asyncio.gather(*(one.take(incoming(1, "STOP", "x1"), opted_out=True) for one in queues))
    (kept,) = [one for one in told if one is not None]
    assert kept.text == "STOP"


async def test_an_opt_out_stands_at_once_and_stops_the_rest(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await store.messages.add([message(1, purpose=Purpose.MARKETING)])
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=("r1",))])
    await store.messages.add(
        [
            message(1, "next", purpose=Purpose.MARKETING),
            message(1, "code", purpose=Purpose.SERVICE),
            message(2, "other", purpose=Purpose.MARKETING),
        ]
    )
    assert await queue.take(incoming(1, "STOP", "x1"), opted_out=True) is not None
    assert [await state(store, one) for one in ("next", "code", "other")] == [S.STOPPED, S.QUEUED, S.QUEUED]
    found = await rows(url, "SELECT scope, source FROM do_not_contact ORDER BY scope")
    assert found == [("number", "sms"), ("person", "sms")]


@pytest.mark.parametrize(
    ("purpose", "priority", "left"),
    [
        (Purpose.SERVICE, CODE_PRIORITY, {"service", "collections"}),
        (Purpose.SERVICE, 0, {"collections"}),
        (Purpose.MARKETING, 0, {"service", "collections"}),
    ],
)
async def test_stop_ends_marketing_and_what_is_answered_but_no_codes(
    store: Store, queue: SqlMessageQueue, clock: HandClock, purpose: Purpose, priority: int, left: set[str]
) -> None:
    await store.messages.add([message(1, purpose=purpose, priority=priority)])
    await claim(queue)
    await begin(queue, clock, "m001")
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=("r1",))])
    purposes = (Purpose.MARKETING, Purpose.SERVICE, Purpose.COLLECTIONS)
    await store.messages.add([message(1, one.value, purpose=one) for one in purposes])
    await queue.take(incoming(1, "STOP", "x1"), opted_out=True)
    assert {one.value for one in purposes if await state(store, one.value) is S.QUEUED} == left
    (number,) = await store.permissions.objections(ObjectionFilter(scope=Scope.NUMBER))
    assert number.purposes == {one.value for one in purposes} - left
