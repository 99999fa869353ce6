"""Messages as they are kept: each state once, with its history row and its news; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from compliance.facts import Channel, Purpose
from engine.changes import JobAdded
from engine.registers.actor import ENGINE
from engine.registers.followups import KeptCode
from engine.registers.messages import (
    CODE_PRIORITY,
    LEFT,
    Message,
    MessageDirection,
    MessageFilter,
    Move,
    PutOff,
)
from engine.registers.permissions import ObjectionFilter
from engine.registers.refusals import Missing, Refused
from history.permissions import Scope
from messaging.marks import mark_of
from messaging.provider import Incoming, Receipt
from messaging.states import MOVES, MessageState
from store import message_queue
from store.database import create_engine, database_url
from store.message_queue import SqlMessageQueue
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, message, phone

S = MessageState


@pytest.fixture
def queue(store: Store) -> SqlMessageQueue:
    return store.message_queue("w1")


async def rows(url: str, sql: str) -> Sequence[tuple[object, ...]]:
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(text(sql))]
    await engine.dispose()
    return found


async def told(url: str) -> list[object]:
    found = await rows(url, "SELECT kind FROM publications WHERE kind LIKE 'message.%' ORDER BY number")
    return [kind for (kind,) in found]


async def claim(queue: SqlMessageQueue, limit: int = 10) -> list[str]:
    return [one.id for one in await queue.claim(Channel.SMS, limit=limit, lease_seconds=30)]


async def begin(queue: SqlMessageQueue, clock: HandClock, *ids: str) -> list[str]:
    """Claimed ones, handed to provider "one"."""
    until = clock.now() + timedelta(seconds=60)
    moves = [
        Move(one, S.SENDING, clock.now(), claimed=True, provider="one", leased_until=until) for one in ids
    ]
    return [one.id for one in await queue.move(moves)]


async def sent(store: Store, queue: SqlMessageQueue, clock: HandClock, *references: str) -> None:
    """Message m001, accepted under these references."""
    await store.messages.add([message(1)])
    assert await claim(queue) == ["m001"]
    assert await begin(queue, clock, "m001") == ["m001"]
    await queue.move([Move("m001", S.ACCEPTED, clock.now(), attempt=1, references=references)])


async def state(store: Store, id: str = "m001") -> MessageState:
    return (await store.messages.get(id)).state


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
