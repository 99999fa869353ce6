"""Promises to pay: kept, broken and replaced by what was paid, day by day; and what reminds of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import (
    Instalment,
    Payment,
    Promise,
    PromiseState,
    cancelled,
    check,
    replaced,
    settled,
)
from dialer.debts.promising import Every, PromiseTerms, instalments_of, wrong_promise
from dialer.debts.reminders import ReminderKind, ReminderPlan, reminders, still_wanted
from tests.gate_cases import utc

MADE = utc("2026-11-23 09:00")


def day(text: str) -> date:
    return date.fromisoformat(text)


def promise(*instalments: tuple[int, str], grace: int = 2, **changed: object) -> Promise:
    base = Promise(
        "p1",
        "d1",
        "c1",
        "PLN",
        tuple(Instalment(amount, day(due)) for amount, due in instalments),
        MADE,
        counts_from=day("2026-11-23"),
        time_zone="Europe/Warsaw",
        grace_days=grace,
    )
    return replace(base, **changed)  # type: ignore[arg-type]


def paid(*rows: tuple[int, str]) -> list[Payment]:
    return [
        Payment(f"b{number}", "d1", amount, day(on), utc(f"{on} 12:00"))
        for number, (amount, on) in enumerate(rows)
    ]


ONE = promise((100, "2026-11-30"))
TWO = promise((100, "2026-11-30"), (50, "2026-12-31"))


@pytest.mark.parametrize(
    ("made", "payments", "now", "state", "missing"),
    [
        (ONE, [], "2026-11-30 12:00", PromiseState.OPEN, 0),
        # Two days of grace end with the second of December, in Warsaw.
        (ONE, [], "2026-12-02 22:59", PromiseState.OPEN, 0),
        (ONE, [], "2026-12-02 23:00", PromiseState.BROKEN, 100),
        (ONE, [(100, "2026-11-25")], "2026-11-25 12:00", PromiseState.KEPT, 0),
        (ONE, [(40, "2026-11-25"), (60, "2026-12-02")], "2026-12-10 12:00", PromiseState.KEPT, 0),
        (ONE, [(40, "2026-11-25")], "2026-11-26 12:00", PromiseState.OPEN, 0),
        (ONE, [(99, "2026-11-25")], "2026-12-10 12:00", PromiseState.BROKEN, 1),
        (ONE, [(100, "2026-12-03")], "2026-12-10 12:00", PromiseState.BROKEN, 0),  # a day late
        (ONE, [(100, "2026-11-22")], "2026-12-10 12:00", PromiseState.BROKEN, 100),  # before it
        (ONE, [(100, "2026-11-25"), (-100, "2026-12-20")], "2026-12-24 12:00", PromiseState.BROKEN, 100),
        (TWO, [(100, "2026-11-30")], "2026-12-10 12:00", PromiseState.OPEN, 0),
        (TWO, [(150, "2026-11-30")], "2026-12-01 12:00", PromiseState.KEPT, 0),
        (TWO, [(100, "2026-11-30")], "2027-01-02 23:00", PromiseState.BROKEN, 50),
        (TWO, [(50, "2026-12-31")], "2026-12-05 12:00", PromiseState.BROKEN, 50),
        (TWO, [(100, "2026-11-30"), (50, "2027-01-02")], "2027-01-05 12:00", PromiseState.KEPT, 0),
    ],
)
def test_whether_it_was_kept(
    made: Promise, payments: list[tuple[int, str]], now: str, state: PromiseState, missing: int
) -> None:
    found = check(made, paid(*payments), utc(now))
    assert (found.state, found.missing) == (state, missing)


def test_what_is_paid_goes_to_the_oldest_instalment() -> None:
    found = check(TWO, paid((120, "2026-11-28")), utc("2026-11-29 12:00"))
    assert (found.paid, found.covered, found.next) == (120, 1, TWO.instalments[1])
    assert found.waited_until == utc("2027-01-02 23:00")


def test_a_payment_that_is_told_twice_counts_once_and_of_another_debt_not_at_all() -> None:
    rows = paid((60, "2026-11-25"))
    other = replace(rows[0], id="x", debt="d2", amount=40)
    assert check(ONE, [*rows, *rows, other], utc("2026-11-26 12:00")).paid == 60


def test_what_was_paid_on_the_same_day_before_it_was_promised_is_no_part_of_it() -> None:
    rows = paid((100, "2026-11-23"))
    known = [replace(rows[0], recorded_at=utc("2026-11-23 08:59"))]
    assert check(ONE, known, utc("2026-11-24 12:00")).state is PromiseState.OPEN
    assert check(ONE, rows, utc("2026-11-24 12:00")).state is PromiseState.KEPT


def test_the_day_of_grace_ends_by_the_persons_clock_when_clocks_change() -> None:
    # Due on Friday, grace over the Sunday in which Warsaw's clocks go back.
    made = promise((100, "2026-10-23"), counts_from=day("2026-10-01"))
    assert check(made, [], utc("2026-10-25 22:59")).state is PromiseState.OPEN
    assert check(made, [], utc("2026-10-25 23:00")).state is PromiseState.BROKEN


def test_late_news_of_a_payment_in_time_mends_it() -> None:
    broken = settled(ONE, [], utc("2026-12-03 12:00"))
    assert (broken.state, broken.version) == (PromiseState.BROKEN, 2)
    assert settled(broken, [], utc("2026-12-04 12:00")) is broken
    mended = settled(broken, paid((100, "2026-12-01")), utc("2026-12-05 12:00"))
    assert mended.state is PromiseState.KEPT
    back = settled(mended, paid((100, "2026-12-01"), (-100, "2026-12-06")), utc("2026-12-07 12:00"))
    assert back.state is PromiseState.BROKEN


def test_a_later_promise_takes_its_place() -> None:
    now = utc("2026-11-28 12:00")
    old = replaced(ONE, "p2", now)
    assert (old.state, old.replaced_by, old.ended_at) == (PromiseState.REPLACED, "p2", now)
    assert settled(old, [], utc("2026-12-10 12:00")) is old
    kept = settled(ONE, paid((100, "2026-11-25")), now)
    assert replaced(kept, "p2", now) is kept
    assert cancelled(ONE, now).state is PromiseState.CANCELLED
    assert cancelled(kept, now) is kept


payments_of = st.lists(
    st.tuples(st.integers(-60, 120), st.dates(day("2026-11-20"), day("2027-01-10"))), max_size=6
)


@given(
    rows=payments_of,
    now=st.datetimes(datetime(2026, 11, 23), datetime(2027, 2, 1)),
    grace=st.integers(0, 5),
)
def test_every_check(rows: list[tuple[int, date]], now: datetime, grace: int) -> None:
    made = replace(TWO, grace_days=grace)
    at = utc(f"{now:%Y-%m-%d %H:%M}")
    payments = paid(*((amount, on.isoformat()) for amount, on in rows))
    found = check(made, payments, at)
    assert check(made, list(reversed(payments)), at) == found
    assert 0 <= found.paid <= made.amount
    assert found.missing >= 0
    assert (found.next is None) == (found.covered == len(made.instalments))
    if found.state is PromiseState.KEPT:
        assert found.next is None
    if found.state is PromiseState.OPEN:
        assert found.missing == 0
        assert found.waited_until is not None
        assert found.waited_until > at


# --- making one -----------------------------------------------------------------------------------------

DEBT = Debt("d1", "c1", "R-1", 300_00, "PLN", day("2026-10-01"), MADE)
TODAY = day("2026-11-23")


@pytest.mark.parametrize(
    ("instalments", "field"),
    [
        ([], "instalments"),
        ([(10_00, "2026-11-22")], "due"),
        ([(10_00, "2027-01-23")], "due"),
        ([(10_00, "2026-11-30"), (10_00, "2026-11-30")], "due"),
        ([(10_00, "2026-12-01"), (10_00, "2026-11-30")], "due"),
        ([(10_00, "2026-12-01"), (10_00, "2028-11-30")], "due"),
        ([(0, "2026-11-30")], "amount"),
        ([(300_01, "2026-11-30")], "amount"),
    ],
)
def test_what_cannot_be_promised(instalments: list[tuple[int, str]], field: str) -> None:
    rows = [Instalment(amount, day(due)) for amount, due in instalments]
    mistakes = wrong_promise(DEBT, rows, TODAY, PromiseTerms())
    assert [one.field for one in mistakes] == [field]
    assert mistakes[0].sentence.endswith(".")


def test_what_can_be_promised() -> None:
    rows = instalments_of(300_00, 3, day("2026-11-30"))
    assert wrong_promise(DEBT, rows, TODAY, PromiseTerms()) == ()
    (wrong,) = wrong_promise(replace(DEBT, state=DebtState.DISPUTED), rows, TODAY, PromiseTerms())
    assert wrong.field == "debt"
    assert len(wrong_promise(DEBT, rows, TODAY, PromiseTerms(most_instalments=2))) == 1


def test_instalments_are_equal_and_keep_the_months_end() -> None:
    rows = instalments_of(100_00, 3, day("2026-12-31"))
    assert [(one.amount, one.due.isoformat()) for one in rows] == [
        (33_34, "2026-12-31"),
        (33_33, "2027-01-31"),
        (33_33, "2027-02-28"),
    ]
    weekly = instalments_of(10, 2, day("2026-12-28"), Every.WEEK)
    assert [one.due.isoformat() for one in weekly] == ["2026-12-28", "2027-01-04"]


@given(total=st.integers(1, 10**9), count=st.integers(1, 36), first=st.dates(day("2026-01-01")))
def test_instalments_come_to_the_whole(total: int, count: int, first: date) -> None:
    if first.year > 9990:
        return
    rows = instalments_of(total, count, first)
    assert sum(one.amount for one in rows) == total
    assert max(one.amount for one in rows) - min(one.amount for one in rows) <= 1
    assert sorted({one.due for one in rows}) == [one.due for one in rows]


# --- reminders ------------------------------------------------------------------------------------------

PLAN = ReminderPlan(
    templates={
        ReminderKind.BEFORE: "before",
        ReminderKind.DUE: "today",
        ReminderKind.LATE: "late",
    }
)


def test_reminders_go_out_by_the_persons_clock() -> None:
    found = reminders(TWO, PLAN, MADE)
    assert [(one.id, one.kind, one.template) for one in found[:3]] == [
        ("p1.1.2026-11-28", ReminderKind.BEFORE, "before"),
        ("p1.1.2026-11-30", ReminderKind.DUE, "today"),
        ("p1.1.2026-12-01", ReminderKind.LATE, "late"),
    ]
    assert len(found) == 6
    assert {one.at.strftime("%H:%M") for one in found} == {"09:00"}  # ten in Warsaw's winter
    summer = promise((100, "2026-10-25"), counts_from=day("2026-10-01"))
    on = [one.at for one in reminders(summer, PLAN, utc("2026-10-01 12:00"))]
    assert on == [utc("2026-10-23 08:00"), utc("2026-10-25 09:00"), utc("2026-10-26 09:00")]


def test_a_reminder_at_an_hour_that_the_clocks_skip_comes_once() -> None:
    made = promise((100, "2026-03-29"), counts_from=day("2026-03-01"))
    plan = replace(PLAN, before_days=(), late_days=(), at_time=time(2, 30))
    assert [one.at for one in reminders(made, plan, utc("2026-03-01 12:00"))] == [utc("2026-03-29 01:30")]


def test_only_what_is_to_come_and_has_a_text() -> None:
    assert [one.kind for one in reminders(ONE, PLAN, utc("2026-11-30 09:00"))] == [ReminderKind.LATE]
    assert reminders(ONE, ReminderPlan(), MADE) == ()
    assert reminders(replaced(ONE, "p2", MADE), PLAN, MADE) == ()


def test_who_has_paid_is_not_reminded() -> None:
    now = utc("2026-11-29 12:00")
    first, second = (one for one in reminders(TWO, PLAN, now) if one.kind is ReminderKind.DUE)
    nothing = check(TWO, [], now)
    half = check(TWO, paid((100, "2026-11-28")), now)
    assert (still_wanted(first, TWO, nothing), still_wanted(second, TWO, nothing)) == (True, True)
    assert (still_wanted(first, TWO, half), still_wanted(second, TWO, half)) == (False, True)
    broken = check(TWO, [], utc("2026-12-10 12:00"))
    assert not still_wanted(second, TWO, broken)
    assert not still_wanted(second, cancelled(TWO, now), nothing)
