"""What is said of debts in calls, over a real database: promises with reminders, disputes, and the clock."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calls.call import Call, Direction
from calls.events import CallEventKind
from compliance.decision import Decision
from compliance.facts import Channel, Purpose
from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import PromiseState
from dialer.debts.promising import PromiseTerms
from dialer.debts.reminders import ReminderKind, ReminderPlan
from engine.call_log import CallLog
from engine.clock import TimeOrderedIds
from engine.debt_desk import DebtDesk, PromiseRules, PromiseWish, told
from engine.debt_errands import DebtErrands
from engine.gatekeeper import ContactRequest
from engine.live import LiveCalls
from engine.outbox_jobs import Circumstances
from engine.registers.refusals import Refused
from history.interaction import ContactPoint
from ivr.commands import DisputeDebt, KeepPromise, ReadDebt
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, person, phone
from tests.store.samples import START
from tests.store.test_debts import DAY, TODAY, debt, payment
from wording.templates import parse_template

RULES = PromiseRules(
    PromiseTerms(most_instalments=3),
    plan=ReminderPlan((2,), True, (1,), time(10)),
    texts={
        ReminderKind.BEFORE: {"pl": parse_template("{amount} {currency} do {due}, rata {instalment}")},
        ReminderKind.LATE: {"pl": parse_template("po terminie"), "en": parse_template("late")},
    },
)
CALL = Call("call1", Direction.INBOUND, "+48220000001", "100", "carrier", "n1", "node", START)


class SomeGate:
    """`refuses`: on these days of the month it answers so."""

    def __init__(self) -> None:
        self.refuses: dict[int, Decision] = {}
        self.asked: list[ContactRequest] = []

    async def ask(self, request: ContactRequest) -> Decision:
        raise AssertionError("a reminder is not a contact yet")

    async def would_be(self, request: ContactRequest, at: object = None) -> Decision:
        self.asked.append(request)
        return self.refuses.get(at.day, Decision(True, None, None, None, ()))  # type: ignore[attr-defined]


@pytest.fixture
def gate() -> SomeGate:
    return SomeGate()


@pytest.fixture
def desk(store: Store, clock: HandClock, gate: SomeGate) -> DebtDesk:
    zone = ZoneInfo("Europe/Warsaw")
    return DebtDesk(store.debts, store.history.contacts, gate, clock, zone=zone, rules=RULES)


def wish(amount: int = 9_000, count: int = 3, days: int = 5, id: str = "call1-7") -> PromiseWish:
    return PromiseWish(id, amount, "PLN", TODAY + days * DAY, count, agent="anna")


async def test_a_promise_has_its_reminders_until_it_is_paid(
    store: Store, desk: DebtDesk, gate: SomeGate
) -> None:
    made = await debt(store)
    promise = await desk.promise(WE, made, wish(), call=CALL, point=phone(1))
    assert (promise.call_id, promise.agent, [one.amount for one in promise.instalments]) == (
        "call1",
        "anna",
        [3_000] * 3,
    )
    rows = await store.debts.reminders(promise.id)
    kinds = [(one.instalment, one.kind, one.ended_at) for one in rows]
    assert kinds == [(n, k, None) for n in (1, 2, 3) for k in (ReminderKind.BEFORE, ReminderKind.LATE)]
    assert rows[0].text == f"30.00 PLN do {TODAY + 5 * DAY}, rata 1"
    assert rows[0].to == phone(1).value
    assert {(one.channel, one.purpose, one.debt) for one in gate.asked} == {
        (Channel.SMS, Purpose.COLLECTIONS, made.id)
    }
    again = await desk.promise(WE, made, wish(), call=CALL, point=phone(1))
    assert (again, len(await store.debts.reminders(promise.id))) == (promise, 6), "told twice it is one"
    await store.debts.pay(WE, payment(made, "p1", 3_000, 3))
    ended = [one.instalment for one in await store.debts.reminders(promise.id) if one.ended_at]
    assert ended == [1, 1]
    await desk.dispute(WE, await store.debts.get(made.id), "not mine")
    assert all(one.ended_at for one in await store.debts.reminders(promise.id))
    assert (await store.debts.get(made.id)).note == "not mine"


async def test_the_gate_moves_a_reminder_or_leaves_it_out(
    store: Store, desk: DebtDesk, gate: SomeGate, clock: HandClock
) -> None:
    made = await debt(store)
    due = TODAY + 5 * DAY
    later = clock.now() + timedelta(days=3, hours=1)
    gate.refuses[(due - 2 * DAY).day] = Decision(False, "hours", "too early", later, ())
    gate.refuses[(due + DAY).day] = Decision(False, "objection", "never", None, ())
    promise = await desk.promise(WE, made, wish(count=1), call=None, point=None)
    (only,) = await store.debts.reminders(promise.id)
    assert (only.kind, only.at, only.to) == (ReminderKind.BEFORE, later, phone(1).value)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (wish(20_000), "amount"),
        (wish(count=4), "instalments"),
        (wish(2), "amount"),
        (replace(wish(), currency="EUR"), "currency"),
        (wish(days=-1), "due"),
    ],
)
async def test_what_cannot_be_promised_leaves_nothing(
    store: Store, desk: DebtDesk, wanted: PromiseWish, field: str
) -> None:
    made = await debt(store)
    with pytest.raises(Refused) as refused:
        await desk.promise(WE, made, wanted, call=CALL, point=phone(1))
    assert refused.value.field == field
    assert await store.debts.promises(made.id) == []
    assert await store.debts.reminders(wanted.id) == []


async def test_dates_at_the_end_of_the_calendar_are_refused_with_reminders_and_all(
    store: Store, desk: DebtDesk
) -> None:
    made = await debt(store)
    far = replace(wish(), first=date.max, count=1)
    with pytest.raises(Refused) as refused:
        await desk.promise(WE, made, far, call=CALL, point=phone(1))
    assert refused.value.field == "due"
    with pytest.raises(Refused) as refused:
        await desk.promise(WE, made, wish(count=0), call=CALL, point=phone(1))
    assert refused.value.field == "instalments"


async def test_whoever_lives_with_them_does_not_owe_it(store: Store, desk: DebtDesk) -> None:
    made = await debt(store)
    other = await person(store, phone(8))
    assert await desk.owed_by(phone(1), made)
    assert not await desk.owed_by(phone(8), made)
    assert not await desk.owed_by(None, made)
    await store.history.merges.merge(WE, made.contact_id, other.id, "same person")
    assert await desk.owed_by(phone(8), await store.debts.get(made.id)), "they are one person"


async def test_a_birth_date_of_somebody_else_at_the_number_opens_no_debt(
    store: Store, desk: DebtDesk, clock: HandClock
) -> None:
    made = await debt(store)
    await person(store, phone(8))

    async def heard(n: int, by: str, passed: bool = True) -> str:
        ids = TimeOrderedIds(clock)
        log = CallLog(ids.new(), ledger=store.ledger, clock=clock, ids=ids, live=LiveCalls(), region="PL")
        received = {"direction": "outbound", "caller": "100", "dialled": phone(n).value, "debt": made.id}
        await log.write(CallEventKind.RECEIVED, received)
        await log.write(CallEventKind.IDENTITY_CHECKED, {"by": by, "passed": passed})
        errands = DebtErrands(desk, log, ids, here=no_circumstances, finish=no_writing)
        return (await errands.read(ReadDebt(1))).outcome

    assert await heard(1, "attribute") == "next"
    assert await heard(1, "attribute", passed=False) == "unknown"
    assert await heard(8, "attribute") == "unknown", "they live with the one who owes"
    assert await heard(8, "code") == "unknown"
    assert await heard(8, "debt") == "next", "whoever has the letter"


@pytest.mark.parametrize(
    ("currency", "balance", "amount", "said"),
    [("JPY", 9_000, "4500", "9000"), ("KWD", 9_000_500, "4500.250", "9000.500")],
)
async def test_amounts_said_in_a_call_have_the_decimals_of_the_debts_currency(
    store: Store, desk: DebtDesk, clock: HandClock, currency: str, balance: int, amount: str, said: str
) -> None:
    someone = await person(store, phone(5))
    mine = Debt("01C", someone.id, "R-C", balance, currency, TODAY, START, "baker")
    await store.debts.add(WE, mine)
    ids = TimeOrderedIds(clock)
    log = CallLog(ids.new(), ledger=store.ledger, clock=clock, ids=ids, live=LiveCalls(), region="PL")
    received = {"direction": "inbound", "caller": phone(5).value, "dialled": "100"}
    await log.write(CallEventKind.RECEIVED, received)
    await log.write(CallEventKind.IDENTITY_CHECKED, {"by": "code", "passed": True})
    here = lambda: Circumstances(log.id, clock.now(), phone(5))  # noqa: E731
    errands = DebtErrands(desk, log, ids, here=here, finish=awaited)
    read = await errands.read(ReadDebt(1))
    assert read.values["debt"]["amount"] == said  # type: ignore[index]
    promise = KeepPromise(2, amount, currency, (TODAY + DAY).isoformat(), "", 2)
    assert (await errands.promise(promise)).outcome == "next"
    (kept,) = await store.debts.promises("01C")
    assert (kept.amount, kept.currency) == (balance // 2, currency)


async def test_a_promise_or_a_dispute_of_who_was_not_verified_leaves_the_debt_as_it_is(
    store: Store, desk: DebtDesk, clock: HandClock
) -> None:
    made = await debt(store)
    await person(store, phone(8))

    async def call(n: int, *, passed: bool) -> DebtErrands:
        ids = TimeOrderedIds(clock)
        log = CallLog(ids.new(), ledger=store.ledger, clock=clock, ids=ids, live=LiveCalls(), region="PL")
        received = {"direction": "outbound", "caller": "100", "dialled": phone(n).value, "debt": made.id}
        await log.write(CallEventKind.RECEIVED, received)
        await log.write(CallEventKind.IDENTITY_CHECKED, {"by": "attribute", "passed": passed})
        return DebtErrands(desk, log, ids, here=no_circumstances, finish=awaited)

    stranger, neighbour, owing = (
        await call(1, passed=False),
        await call(8, passed=True),
        await call(1, passed=True),
    )
    for reference in ("", made.reference):
        promise = KeepPromise(1, "30.00", "PLN", (TODAY + DAY).isoformat(), reference)
        for who in (stranger, neighbour):
            assert (await who.promise(promise)).outcome == "refused"
            assert (await who.dispute(DisputeDebt(2, "said"))).outcome == "unknown"
    assert await store.debts.promises(made.id) == []
    assert (await store.debts.get(made.id)).state is DebtState.OPEN
    assert (await owing.dispute(DisputeDebt(2, "said"))).outcome == "next"
    assert (await store.debts.get(made.id)).state is DebtState.DISPUTED


async def awaited(write: Awaitable[None]) -> None:
    await write


def no_circumstances() -> Circumstances:
    raise AssertionError("nothing is kept")


def no_writing(_: object) -> Awaitable[None]:
    raise AssertionError("nothing is written")


async def test_the_clock_breaks_what_was_not_kept_whatever_engine_looks(
    store: Store, desk: DebtDesk, clock: HandClock
) -> None:
    made = await debt(store)
    promise = await desk.promise(WE, made, wish(), call=CALL, point=phone(1))
    await desk.look()
    assert (await store.debts.promises(made.id))[0].state is PromiseState.OPEN
    clock.pass_seconds(86_400 * 8)  # its engine is away meanwhile
    await desk.look()
    assert (await store.debts.promises(made.id))[0].state is PromiseState.BROKEN
    assert all(one.ended_at for one in await store.debts.reminders(promise.id))
    assert (await store.debts.get(made.id)).state is DebtState.OPEN


async def test_the_debt_that_a_call_is_about(store: Store, desk: DebtDesk) -> None:
    mine = await debt(store, 1)
    assert await desk.about(CALL, phone(1)) == mine
    other = await store.debts.add(WE, Debt("01B", mine.contact_id, "R-B", 5, "PLN", TODAY, START, "baker"))
    assert await desk.about(CALL, phone(1)) is None, "one of two: nobody can tell which"
    assert await desk.about(CALL, phone(1), "R-B") == other
    assert await desk.about(replace(CALL, debt=mine.id), phone(1)) == mine
    assert await desk.about(replace(CALL, debt=mine.id), phone(1), "R-B") == other
    stranger = await person(store, phone(8))
    assert await desk.about(CALL, ContactPoint(stranger.points[0].kind, phone(8).value)) is None
    assert await desk.about(CALL, None) is None
    stopped = await desk.stop(WE, mine, "asked in a call")
    assert (await desk.stop(WE, stopped, "again")).note == "asked in a call"
    assert told(mine)["amount"] == "100.00"
