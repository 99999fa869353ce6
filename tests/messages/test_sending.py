"""The worker that sends: order, gate, pace, failover, doubt, and cut between every two of its steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from compliance.decision import Decision
from engine.changes import JobAdded
from engine.followup.routing import Carrier
from engine.followup.sending import MessageSending, SendingLimits
from engine.gatekeeper import Gatekeeper
from engine.registers.actor import ENGINE
from engine.registers.decisions import DecisionFilter
from engine.registers.messages import MessageFilter
from engine.rulebook import RuleBook
from history.permissions import Objection, Scope
from messaging.opting import Wish
from messaging.provider import Answer, Pace, Receipt, Submission, Taken
from messaging.states import FINAL, MessageState
from store.store import Store
from tests.conftest import HandClock
from tests.messages.carrying import AT, HandProvider, OpenGate, always, message, phone

S = MessageState
LIMITS = SendingLimits(look_seconds=0.02, tidy_seconds=0.02, ask_seconds=0.02)


@pytest.fixture
def gate(clock: HandClock) -> OpenGate:
    return OpenGate(clock)


Start = Callable[..., Awaitable[MessageSending]]


@pytest.fixture
async def start(store: Store, clock: HandClock, gate: OpenGate) -> AsyncIterator[Start]:
    running: list[MessageSending] = []

    async def run(*carriers: HandProvider | Carrier, worker: str = "w1", **more: Any) -> MessageSending:
        carried = [one if isinstance(one, Carrier) else Carrier(one) for one in carriers]
        settings = {"queue": store.message_queue(worker), "gate": gate, "limits": LIMITS, **more}
        sending = MessageSending(settings.pop("queue"), carried, settings.pop("gate"), clock, **settings)
        running.append(sending)
        await sending.start()
        return sending

    yield run
    for one in running:
        await one.close()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - it asks the database
            await asyncio.sleep(0.01)


async def all_in(store: Store, *states: MessageState) -> None:
    async def there() -> bool:
        found = set(await store.messages.counts(MessageFilter()))
        return bool(found) and found <= set(states)

    await until(there)


async def state(store: Store, id: str) -> MessageState:
    return (await store.messages.get(id)).state


async def becomes(store: Store, id: str, wanted: MessageState) -> None:
    async def there() -> bool:
        return await state(store, id) is wanted

    await until(there)


async def test_a_job_of_the_outbox_is_sent_and_delivered(store: Store, start: Start) -> None:
    provider = HandProvider()
    payload = {"to": phone(1).value, "text": "Hello", "language": "en", "call_id": "c1"}
    await store.ledger.commit([JobAdded("j1", "sms", "k1", payload)], durable=True)
    await start(provider)
    await all_in(store, S.ACCEPTED)
    assert [(one.message_id, one.to, one.text) for one in provider.taken] == [("j1", phone(1).value, "Hello")]
    await provider.tell("one-j1", S.DELIVERED)
    assert await state(store, "j1") is S.DELIVERED


async def test_after_an_outage_the_backlog_goes_in_order(
    store: Store, start: Start, clock: HandClock
) -> None:
    await store.messages.add(
        [
            message(1, priority=10, at=AT - timedelta(minutes=9)),
            message(2, at=AT),
            message(3, at=AT - timedelta(minutes=5)),
            message(4, priority=-10, expires_at=AT + timedelta(minutes=10)),
            message(5, priority=-10, at=AT + timedelta(minutes=50)),
        ]
    )
    provider = HandProvider(pace=Pace(at_once=1))
    away = HandProvider("two")
    away.start = lambda listeners: _never_stands(away, listeners)  # type: ignore[method-assign]
    sending = await start(away)
    clock.pass_seconds(3600)
    await becomes(store, "m004", S.EXPIRED)
    assert away.taken == []
    await sending.close()
    await start(provider, worker="w2")
    await all_in(store, S.ACCEPTED, S.EXPIRED)
    assert [one.message_id for one in provider.taken] == ["m005", "m003", "m002", "m001"]


async def _never_stands(provider: HandProvider, listeners: Any) -> None:
    provider.listeners = listeners
    listeners.standing(False, "nobody answers")


async def test_what_a_rule_forbids_waits_or_is_refused(
    store: Store, start: Start, clock: HandClock, gate: OpenGate
) -> None:
    def forbidden(rule: str, minutes: int | None) -> Decision:
        then = None if minutes is None else AT + timedelta(minutes=minutes)
        return Decision(False, rule, "it is night", then, ())

    for n, (rule, minutes) in enumerate(
        [("hours", 30), ("hours", 90), ("objection", None), ("gate/facts", None)]
    ):
        gate.refusals[f"message:m{n:03d}"] = forbidden(rule, minutes)
    await store.messages.add([message(n, expires_at=AT + timedelta(minutes=60)) for n in range(5)])
    provider = HandProvider()
    await start(provider)
    await all_in(store, S.QUEUED, S.REFUSED, S.ACCEPTED)
    await becomes(store, "m002", S.REFUSED)
    await becomes(store, "m001", S.REFUSED)
    await becomes(store, "m004", S.ACCEPTED)
    assert (await store.messages.get("m002")).code == "objection"

    async def put_off() -> bool:
        then = [(await store.messages.get(one)).not_before for one in ("m000", "m003")]
        return then == [AT + timedelta(minutes=30), AT + timedelta(seconds=30)]

    await until(put_off)
    gate.refusals.clear()
    clock.pass_seconds(31)
    await becomes(store, "m003", S.ACCEPTED)
    assert await state(store, "m000") is S.QUEUED
    clock.pass_seconds(1800)
    await becomes(store, "m000", S.ACCEPTED)


async def test_an_answer_makes_each_state(store: Store, start: Start, clock: HandClock) -> None:
    answers = {
        "m001": Answer(Taken.ACCEPTED, ("r1",), cost=7, currency="PLN"),
        "m002": Answer(Taken.REJECTED, code="11", why="no such number"),
        "m003": Answer(Taken.GONE),
        "m004": Answer(Taken.UNKNOWN, why="nobody answered"),
        "m005": Answer(Taken.ACCEPTED, state=S.DELIVERED),
        "m006": Answer(Taken.REJECTED, ("r6",), "1", "its second part was refused"),
    }

    def answer(submission: Submission) -> Answer:
        if submission.message_id == "m007":
            raise RuntimeError
        return answers[submission.message_id]

    await store.messages.add([message(n) for n in range(1, 8)])
    provider = HandProvider(answers=answer)
    await start(provider)
    await all_in(store, *FINAL, S.ACCEPTED)
    found = [(await state(store, f"m{n:03d}")).value for n in range(1, 8)]
    assert found == ["accepted", "failed", "failed", "in_doubt", "delivered", "failed", "in_doubt"]
    paid, refused = await store.messages.get("m001"), await store.messages.get("m002")
    assert (paid.cost, paid.currency, refused.code, refused.why) == (7, "PLN", "11", "no such number")
    # The part that went out does not make the message whole.
    await provider.tell("r6", S.DELIVERED)
    assert await state(store, "m006") is S.FAILED


async def test_busy_and_away_go_to_another_or_later(store: Store, start: Start, clock: HandClock) -> None:
    tries: list[str] = []

    def once(taken: Taken) -> Callable[[Submission], Answer]:
        def answer(submission: Submission) -> Answer:
            tries.append(submission.message_id)
            return Answer(taken if tries.count(submission.message_id) == 1 else Taken.ACCEPTED)

        return answer

    await store.messages.add([message(1)])
    throttled = HandProvider(answers=once(Taken.BUSY))
    sending = await start(throttled)
    await until(lambda: _is(len(throttled.taken) == 1))
    await becomes(store, "m001", S.QUEUED)
    assert not sending.lanes()[0].usable(clock.monotonic())
    clock.pass_seconds(3)
    await becomes(store, "m001", S.ACCEPTED)
    assert (await store.messages.get("m001")).attempts == 2
    await sending.close()

    away, other = HandProvider("away", answers=always(Taken.AWAY)), HandProvider("other")
    await start(Carrier(away, weight=1000), Carrier(other), worker="w2")
    await store.messages.add([message(2)])
    await until(lambda: _is(len(away.taken) == 1))
    await becomes(store, "m002", S.QUEUED)
    clock.pass_seconds(1.9)
    away.stands(False, "it went down")
    clock.pass_seconds(1)
    await becomes(store, "m002", S.ACCEPTED)
    assert (await store.messages.get("m002")).provider == "other"


async def test_a_provider_that_failed_is_well_when_it_has_answered_and_a_stop_is_no_trouble(
    start: Start,
) -> None:
    provider = HandProvider("one")
    with capture_logs() as logs:
        sending = await start(provider)
        (lane,) = sending.lanes()
        assert lane.well
        for _ in range(3):  # tried again and again
            provider.stands(False, "it cannot be reached")
            provider.stands(True, "it cannot be reached")
            assert (lane.standing, lane.well) == (True, False)
        provider.stands(True)
        assert lane.well
        await sending.close()
        provider.stands(False, "closed")
    assert [(one["event"], one["log_level"]) for one in logs if one.get("provider") == "one"] == [
        ("a provider stands", "info"),
        ("a provider is away", "warning"),
        ("a provider stands", "info"),
    ]


async def _is(value: bool) -> bool:
    return value


async def test_no_more_than_the_window_is_on_its_way(store: Store, start: Start) -> None:
    provider = HandProvider(pace=Pace(at_once=3))
    provider.hangs = True
    await store.messages.add([message(n) for n in range(10)])
    sending = await start(provider)
    await until(lambda: _is(len(provider.taken) == 3))
    await becomes(store, "m002", S.SENDING)
    assert (await store.messages.counts(MessageFilter()))[S.QUEUED] == 7
    for task in list(sending._submits):
        task.cancel()
    await becomes(store, "m000", S.IN_DOUBT)


async def test_what_is_in_doubt_is_asked_about(store: Store, start: Start, clock: HandClock) -> None:
    provider = HandProvider(answers=always(Taken.UNKNOWN, references=("r1",)))
    await store.messages.add([message(1)])
    await start(provider)
    await becomes(store, "m001", S.IN_DOUBT)
    provider.asked["r1"] = Receipt("one", "r1", S.DELIVERED, AT)
    await becomes(store, "m001", S.DELIVERED)
    assert len(provider.taken) == 1


async def test_stop_in_the_middle_stops_the_rest(store: Store, start: Start) -> None:
    provider = HandProvider(pace=Pace(at_once=1))
    await store.messages.add([message(1, "first")])
    await start(provider, wish_of=lambda said: Wish.STOP if said == "STOP" else None)
    await becomes(store, "first", S.ACCEPTED)
    later = AT + timedelta(minutes=5)
    await store.messages.add([message(1, "rest", not_before=later), message(2, "other")])
    await provider.hear("STOP", phone(1).value, "x1")
    await provider.hear("STOP", phone(1).value, "x1")
    assert await state(store, "rest") is S.STOPPED
    await becomes(store, "other", S.ACCEPTED)


async def test_the_real_gate_is_asked_again(store: Store, start: Start, clock: HandClock) -> None:
    """Of one person twice in a batch, of several at once; each decision in the log under its message."""
    keeper = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
    no = Objection("o1", AT, Scope.NUMBER, phone(3).value, "asked", "api")
    await store.permissions.add_objections([no], ENGINE)
    await store.messages.add([message(1, "a"), message(1, "b"), message(2, "c"), message(3, "d")])
    provider = HandProvider()
    await start(provider, gate=keeper)
    await all_in(store, S.ACCEPTED, S.REFUSED)
    assert sorted(one.message_id for one in provider.taken) == ["a", "b", "c"]
    assert await state(store, "d") is S.REFUSED
    logged = await store.decisions.logged(DecisionFilter())
    assert sorted((one.subject, one.decision.allowed) for one in logged) == [
        ("message:a", True), ("message:b", True), ("message:c", True), ("message:d", False)
    ]  # fmt: skip


# --- cut --------------------------------------------------------------------------------------------------


class CutQueue:
    """Freezes for ever at the `at`-th step, before it or just after it."""

    def __init__(self, queue: Any, at: int, after: bool) -> None:
        self._queue = queue
        self._left = at
        self._after = after
        self.cut = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        work = getattr(self._queue, name)

        async def step(*given: Any, **named: Any) -> Any:
            if self.cut.is_set():
                await asyncio.Event().wait()
            writes = name in ("take_in", "claim", "put_off", "move", "receipts") and (given[0] or named)
            self._left -= bool(writes)
            if writes and self._left == 0:
                if self._after:
                    await work(*given, **named)
                self.cut.set()
                await asyncio.Event().wait()
            return await work(*given, **named)

        return step


async def kill(sending: MessageSending) -> None:
    """Nothing more is written, as when the process is gone."""
    tasks = [*sending._work, *sending._rounds.values(), *sending._submits]
    if sending._writer._task is not None:
        tasks.append(sending._writer._task)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    sending._writer._moves.clear()


async def test_cut_anywhere_none_is_lost_and_none_sent_twice(
    store: Store, clock: HandClock, gate: OpenGate
) -> None:
    provider = HandProvider(pace=Pace(at_once=2))
    cuts = [(at, after) for at in range(1, 7) for after in (False, True)]
    doubtful = 0
    for n, (at, after) in enumerate(cuts):
        ids = [f"{n:02d}{letter}" for letter in "abc"]
        payload = {"to": phone(n).value, "text": "Hello", "purpose": "service"}
        await store.ledger.commit([JobAdded(ids[0], "sms", ids[0], payload)], durable=True)
        await store.messages.add([message(100 + n, one) for one in ids[1:]])
        queue = CutQueue(store.message_queue(f"w{n}"), at, after)
        sending = MessageSending(queue, [Carrier(provider)], gate, clock, limits=LIMITS)  # type: ignore[arg-type]
        await sending.start()

        async def done(queue: CutQueue = queue, ids: list[str] = ids) -> bool:
            return queue.cut.is_set() or {await _known(store, one) for one in ids} == {S.ACCEPTED}

        await until(done)
        await kill(sending)
        clock.pass_seconds(200)
        second = MessageSending(store.message_queue(f"v{n}"), [Carrier(provider)], gate, clock, limits=LIMITS)
        await second.start()

        async def settled(ids: list[str] = ids) -> bool:
            return {await _known(store, one) for one in ids} <= {S.ACCEPTED, S.IN_DOUBT}

        await until(settled)
        await second.close()
        for one in ids:
            times = [submission.message_id for submission in provider.taken].count(one)
            if await state(store, one) is S.IN_DOUBT:
                doubtful += 1
                assert times <= 1, (at, after)
            else:
                assert times == 1, (at, after)
    assert 0 < doubtful <= 2 * len(cuts)


async def _known(store: Store, id: str) -> MessageState | None:
    found = [one for one in (await store.messages.list(MessageFilter(), limit=200)).items if one.id == id]
    return found[0].state if found else None
