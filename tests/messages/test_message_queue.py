"""Messages as they are kept: each state once, with its history row and its news; on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from compliance.facts import Channel
from engine.changes import JobAdded
from engine.registers.actor import ENGINE
from engine.registers.followups import KeptCode
from engine.registers.messages import (
    MessageFilter,
    Move,
    PutOff,
)
from engine.registers.refusals import Missing, Refused
from messaging.provider import Receipt
from messaging.states import MOVES, MessageState
from store import message_queue
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, message, phone
from tests.messages.queued import claim, rows, sent, state, told

S = MessageState


@pytest.fixture
def queue(store: Store) -> SqlMessageQueue:
    return store.message_queue("w1")


async def test_messages_go_by_priority_then_by_age(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await store.messages.add(
        [
            message(1, priority=10, at=AT - timedelta(hours=1)),
            message(2),
            message(3, at=AT - timedelta(minutes=1)),
            message(4, priority=-10),
            message(5, not_before=AT + timedelta(seconds=60)),
            message(6, expires_at=AT),
        ]
    )
    assert await queue.due([Channel.SMS, Channel.EMAIL]) == [Channel.SMS]
    assert await claim(queue, 3) == ["m004", "m003", "m002"]
    assert await claim(queue) == ["m001"]
    assert await queue.due([Channel.SMS]) == [] or await claim(queue) == []
    clock.pass_seconds(61)
    assert sorted(await claim(queue)) == ["m001", "m002", "m003", "m004", "m005"]


async def test_a_message_is_kept_once(store: Store) -> None:
    assert await store.messages.add([message(1), message(2)]) == 2
    assert await store.messages.add([message(2, text="other"), message(3)]) == 1
    assert (await store.messages.get("m002")).text == "Hello 2"
    with pytest.raises(Missing, match="no message m009"):
        await store.messages.get("m009")


async def test_a_sent_message_stands_in_the_history_once(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await sent(store, queue, clock, "r1")
    clock.pass_seconds(5)
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT + timedelta(seconds=3))])
    await queue.receipts([Receipt("one", "r1", S.DELIVERED, AT)] * 2)
    kept = await store.messages.get("m001")
    assert (kept.state, kept.attempts, kept.provider) == (S.DELIVERED, 1, "one")
    assert (kept.sent_at, kept.delivered_at) == (AT, AT + timedelta(seconds=3))
    found = await rows(url, "SELECT subject_id, direction, outcome, contact_id FROM interactions")
    assert found == [("m001", "outbound", "accepted", kept.contact_id)]
    events = await store.messages.events("m001")
    assert [(one.seq, one.state) for one in events] == [
        (1, S.QUEUED), (2, S.SENDING), (3, S.ACCEPTED), (4, S.DELIVERED)
    ]  # fmt: skip
    assert await told(url) == ["message.sent", "message.delivered"]


async def test_only_moves_of_the_table_are_made(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    pairs = [(before, after) for before in MessageState for after in MessageState]
    names = {pair: f"{pair[0]}-{pair[1]}" for pair in pairs}
    await store.messages.add([message(1, names[pair], state=pair[0]) for pair in pairs])
    moved = await queue.move([Move(names[pair], pair[1], clock.now()) for pair in pairs])
    assert {one.id for one in moved} == {names[pair] for pair in pairs if pair[1] in MOVES[pair[0]]}
    for pair in pairs[::7]:
        assert await state(store, names[pair]) is (pair[1] if pair[1] in MOVES[pair[0]] else pair[0])


async def test_however_many_are_due_the_oldest_go_first(
    store: Store, queue: SqlMessageQueue, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_queue, "FEW", 0)
    later = AT + timedelta(seconds=60)
    await store.messages.add(
        [message(1), message(2, at=AT - timedelta(seconds=1)), message(3, not_before=later)]
    )
    assert await claim(queue, 1) == ["m002"]
    assert await claim(queue) == ["m001"]


async def test_what_was_put_off_waits(store: Store, queue: SqlMessageQueue, clock: HandClock) -> None:
    await store.messages.add([message(1)])
    await claim(queue)
    await queue.put_off([PutOff("m001", clock.now() + timedelta(hours=1), "night")])
    assert await queue.due([Channel.SMS]) == []
    clock.pass_seconds(3601)
    assert await claim(queue) == ["m001"]
    assert (await store.messages.get("m001")).why == "night"


async def test_what_is_too_late_expires_and_is_told(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    await store.messages.add([message(1, expires_at=AT + timedelta(seconds=10))])
    clock.pass_seconds(11)
    assert (await queue.tidy()).expired == 1
    assert await state(store) is S.EXPIRED
    assert await told(url) == ["message.failed"]
    (row,) = await rows(url, "SELECT data FROM interactions")
    assert '"failed"' in str(row[0]) or "'failed'" in str(row[0])


# --- jobs of the outbox -----------------------------------------------------------------------------------


def job(id: str, **more: object) -> JobAdded:
    payload = {"to": phone(1).value, "text": f"text of {id}", "language": "pl", "call_id": "c1"}
    given = {"topic": "sms", "key": f"k-{id}", "payload": payload, "subject": phone(1).value, **more}
    return JobAdded(id, **given)  # type: ignore[arg-type]


async def test_jobs_become_messages_once(
    store: Store, queue: SqlMessageQueue, clock: HandClock, url: str
) -> None:
    later = clock.now() + timedelta(hours=1)
    code = {"to": phone(2).value, "text": "Code 123456", "shown": "Code …", "purpose": "service",
            "requested_until": later.isoformat()}  # fmt: skip
    await store.ledger.commit(
        [
            job("a"),
            job("b", priority=-10, payload=code, expires_at=later),
            job("c", not_before=later),
            job("d", payload={"to": "+48600000009"}),
            job("e", topic="promise"),
        ],
        durable=True,
    )
    assert await queue.take_in([Channel.EMAIL]) == 0
    assert await queue.take_in([Channel.SMS]) == 3
    assert await queue.take_in([Channel.SMS]) == 0
    assert await claim(queue) == ["b", "a"]
    a, b = await store.messages.get("a"), await store.messages.get("b")
    assert (a.text, a.language, a.call_id) == ("text of a", "pl", "c1")
    assert a.requested_until is not None
    assert a.expires_at == a.at + timedelta(hours=72)
    assert (b.priority, b.expires_at, b.requested_until) == (-10, later, later)
    left = await rows(url, "SELECT id, done_at IS NULL, dead_at IS NULL FROM outbox ORDER BY id")
    assert [(one, not open_, not dead) for one, open_, dead in left] == [
        ("a", True, False), ("b", True, False), ("c", False, False), ("d", False, True), ("e", False, False),
    ]  # fmt: skip
    assert (await queue.figures([Channel.EMAIL])).untaken == 1


# --- what people write ------------------------------------------------------------------------------------


async def test_lists_and_counts(store: Store, queue: SqlMessageQueue, clock: HandClock) -> None:
    await store.messages.add([message(n, mailing="june" if n % 2 else None) for n in range(1, 8)])
    wanted = MessageFilter(mailing="june")
    first = await store.messages.list(wanted, limit=3)
    assert [one.id for one in first.items] == ["m007", "m005", "m003"]
    rest = await store.messages.list(wanted, limit=3, after=first.after)
    assert ([one.id for one in rest.items], rest.after) == (["m001"], None)
    assert await store.messages.stop_all(ENGINE, wanted, "the mailing was stopped") == 4
    assert await store.messages.counts(MessageFilter()) == {S.STOPPED: 4, S.QUEUED: 3}
    mine = await store.messages.get("m002")
    of_one = await store.messages.list(MessageFilter(contact_id=mine.contact_id))
    assert [one.id for one in of_one.items] == ["m002"]


async def test_a_code_that_was_entered_proves_that_it_arrived(
    store: Store, queue: SqlMessageQueue, clock: HandClock
) -> None:
    await sent(store, queue, clock, "r1")
    assert (await store.messages.check("m001", AT)).state is S.CHECKED
    assert (await store.messages.check("m001", AT)).checked_at == AT


async def test_of_codes_that_are_asked_for_at_once_no_more_are_sent_than_may(store: Store) -> None:
    def code(n: int) -> KeptCode:
        return KeptCode(f"c{n}", f"s{n}", 6, 5, AT, AT + timedelta(minutes=10))

    async def add(n: int) -> None:
        since = AT - timedelta(hours=1)
        await store.one_time_codes.add(code(n), b"", b"", message(1, f"s{n}"), since=since, most=2)

    done = await asyncio.gather(*(add(n) for n in range(6)), return_exceptions=True)
    assert [type(one) for one in done if one] == [Refused] * 4
