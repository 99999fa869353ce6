"""A creditor's balances against ours: new, changed, gone, in conflict; carried out twice it is no news."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.debts.balance import paid
from dialer.debts.debt import BalanceChange, BalanceSource, Debt, DebtMove, DebtState, moved
from dialer.debts.promise import Payment
from dialer.debts.reconciling import (
    BalanceFile,
    BalanceRow,
    ConflictKind,
    ReconcileRules,
    Reconciliation,
    new_debt,
    reconcile,
)
from tests.gate_cases import utc

NOW = utc("2026-11-23 09:00")
DUE = date(2026, 10, 1)


def debt(reference: str, amount: int = 100_00, state: DebtState = DebtState.OPEN, **changed: object) -> Debt:
    history = (BalanceChange(NOW, amount, BalanceSource.FILE, "f0", date(2026, 11, 1)),)
    base = Debt(f"d-{reference}", "c1", reference, amount, "PLN", DUE, NOW, "Bank", state, history=history)
    return replace(base, **changed)  # type: ignore[arg-type]


def row(reference: str, amount: int = 100_00, line: int = 2, contact: str | None = "c1") -> BalanceRow:
    return BalanceRow(line, reference, amount, "PLN", DUE, contact)


def file(*rows: BalanceRow, complete: bool = True, as_of: str = "2026-11-22", id: str = "f1") -> BalanceFile:
    return BalanceFile(id, "Bank", date.fromisoformat(as_of), complete, rows)


def carried_out(known: list[Debt], found: Reconciliation, given: BalanceFile) -> list[Debt]:
    """What a register makes of it."""
    after = {one.id: one for one in known}
    after |= {one.debt.id: one.debt for one in (*found.changed, *found.gone)}
    made = [new_debt(f"d-{row.reference}", row, given, NOW) for row in found.new]
    return [*after.values(), *made]


def test_new_changed_gone_and_the_same() -> None:
    known = [debt(f"R-{number}") for number in range(1, 7)]
    given = file(
        *(row(f"R-{number}", line=number) for number in range(1, 5)),
        row("R-5", 60_00, 5),
        row("R-9", 10_00, 6, "c9"),
    )
    found = reconcile(known, given, NOW)
    assert ([one.reference for one in found.new], found.same, found.conflicts) == (["R-9"], 4, ())
    (changed,) = found.changed
    assert (changed.debt.amount, changed.debt.version, len(changed.debt.history)) == (60_00, 2, 2)
    (gone,) = found.gone
    assert (gone.debt.reference, gone.debt.state) == ("R-6", DebtState.WITHDRAWN)
    # What a balance fell by was paid, which counts for promises.
    assert found.payments == (Payment("file:f1:R-5", "d-R-5", 40_00, date(2026, 11, 22), NOW),)


@pytest.mark.parametrize(
    ("before", "amount", "after"),
    [
        (DebtState.OPEN, 0, DebtState.PAID),
        (DebtState.PROMISED, 0, DebtState.PAID),
        (DebtState.DISPUTED, 0, DebtState.PAID),
        (DebtState.DISPUTED, 50_00, DebtState.DISPUTED),
        (DebtState.STOPPED, 150_00, DebtState.STOPPED),
        (DebtState.PAID, 10_00, DebtState.OPEN),
        (DebtState.WITHDRAWN, 50_00, DebtState.OPEN),
    ],
)
def test_a_balance_moves_the_debt(before: DebtState, amount: int, after: DebtState) -> None:
    known = debt("R-1", 0 if before is DebtState.PAID else 100_00, before)
    (changed,) = reconcile([known], file(row("R-1", amount)), NOW).changed
    assert (changed.debt.state, changed.debt.amount) == (after, amount)


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([row(" ")], [ConflictKind.NO_REFERENCE]),
        ([row("R-1", 1), row("R-1", 2, 3)], [ConflictKind.TWICE]),
        ([row("R-1", 1), row("R-1", 1, 3)], []),  # the same row twice is one
        ([row("R-1", -1)], [ConflictKind.NEGATIVE]),
        ([row("R-1"), row("R-2", contact=None)], [ConflictKind.NOBODY]),
        ([row("R-1", contact=None)], []),
        ([replace(row("R-1"), currency="EUR")], [ConflictKind.CURRENCY]),
        ([row("R-1", contact="c2")], [ConflictKind.OTHER_PERSON]),
    ],
)
def test_conflicts_change_nothing_and_are_told(rows: list[BalanceRow], kinds: list[ConflictKind]) -> None:
    found = reconcile([debt("R-1")], file(*rows, complete=False), NOW)
    assert [one.kind for one in found.conflicts] == kinds
    if kinds:
        assert (found.new, found.changed, found.gone) == ((), (), ())
        assert all(one.sentence.endswith(".") and "{" not in one.sentence for one in found.conflicts)


def test_an_older_file_changes_nothing() -> None:
    found = reconcile([debt("R-1")], file(row("R-1", 1), as_of="2026-10-31"), NOW)
    assert [one.kind for one in found.conflicts] == [ConflictKind.OLDER]
    assert found.conflicts[0].sentence == (
        "The file is of 2026-10-31, and a balance of 2026-11-01 is known: send a newer file."
    )
    assert found.changed == ()
    assert reconcile([debt("R-1")], file(as_of="2026-10-31"), NOW).gone == ()


def test_a_file_older_than_a_whole_one_changes_nothing_though_no_balance_tells_it() -> None:
    given = file(row("R-1", 120_00), row("R-9"), as_of="2026-11-15")
    found = reconcile([debt("R-1")], replace(given, newest_complete=date(2026, 11, 20)), NOW)
    assert (found.new, found.changed, [one.kind for one in found.conflicts]) == ((), (), [ConflictKind.OLDER])
    assert "of 2026-11-15, and a balance of 2026-11-20 is known" in found.conflicts[0].sentence
    same_day = replace(given, newest_complete=given.as_of)
    assert len(reconcile([debt("R-1")], same_day, NOW).changed) == 1


def test_a_file_does_not_forget_what_was_paid_after_its_day() -> None:
    half = paid(debt("R-1"), replace(payment("b1", 40_00), paid_on=date(2026, 11, 23)), NOW)
    found = reconcile([half], file(row("R-1", 100_00)), NOW)
    assert (found.same, found.changed, found.payments) == (1, (), ())
    lower = reconcile([half], file(row("R-1", 90_00)), NOW)
    assert (lower.changed[0].debt.amount, lower.payments[0].amount) == (50_00, 10_00)
    later = reconcile([half], file(row("R-1", 100_00), as_of="2026-11-23"), NOW)
    assert later.changed[0].debt.amount == 100_00, "of its own day it knows"


def test_what_another_system_said_of_a_later_day_stands() -> None:
    word = BalanceChange(NOW, 70_00, BalanceSource.API, "erp", date(2026, 11, 23))
    said = debt("R-1", 70_00)
    said = replace(said, history=(*said.history, word))
    found = reconcile([said], file(row("R-1")), NOW)
    assert (found.changed, [one.kind for one in found.conflicts]) == ((), [ConflictKind.OLDER])


def test_a_file_that_is_cut_short_takes_nothing_away() -> None:
    known = [debt(f"R-{number}") for number in range(10)]
    rows = [row(f"R-{number}") for number in range(10)]
    found = reconcile(known, file(*rows[:7]), NOW)
    assert (found.gone, [one.kind for one in found.conflicts]) == ((), [ConflictKind.TOO_MANY_GONE])
    assert found.conflicts[0].sentence.startswith("3 of 10 debts are not in the file, more than 20%")
    assert len(reconcile(known, file(*rows[:8]), NOW).gone) == 2
    assert len(reconcile(known, file(*rows[:7]), NOW, ReconcileRules(most_gone=0.5)).gone) == 3
    assert reconcile(known, file(*rows[:7], complete=False), NOW).gone == ()


amounts = st.integers(0, 200_00)
references = st.sampled_from([f"R-{number}" for number in range(8)])


@given(
    known=st.lists(
        st.builds(debt, references, amounts, st.sampled_from(DebtState)),
        unique_by=lambda one: one.reference,
    ),
    rows=st.lists(
        st.builds(row, references, amounts, st.integers(2, 9), st.sampled_from(["c1", "c2", None]))
    ),
    complete=st.booleans(),
)
def test_the_same_file_again_is_no_news(known: list[Debt], rows: list[BalanceRow], complete: bool) -> None:
    given_file = file(*rows, complete=complete)
    found = reconcile(known, given_file, NOW, ReconcileRules(most_gone=1.0))
    after = carried_out(known, found, given_file)
    for again_file in (given_file, replace(given_file, id="f2")):
        later = NOW + timedelta(hours=1)
        again = reconcile(after, again_file, later, ReconcileRules(most_gone=1.0))
        assert (again.new, again.changed, again.gone, again.payments) == ((), (), (), ())
        assert again.conflicts == found.conflicts
    ours = {one.id for one in known}
    assert {one.before.id for one in (*found.changed, *found.gone)} <= ours
    assert not {one.reference for one in found.new} & {one.reference for one in known}


# --- payments -------------------------------------------------------------------------------------------


def payment(id: str, amount: int) -> Payment:
    return Payment(id, "d-R-1", amount, date(2026, 11, 22), NOW)


def test_payments_settle_a_debt_and_one_that_is_taken_back_opens_it() -> None:
    half = paid(debt("R-1"), payment("b1", 40_00), NOW)
    assert (half.amount, half.state) == (60_00, DebtState.OPEN)
    assert paid(half, payment("b1", 40_00), NOW) is half  # told twice
    done = paid(half, payment("b2", 70_00), NOW)
    assert (done.amount, done.state) == (0, DebtState.PAID)
    back = paid(done, payment("b3", -70_00), NOW)
    assert (back.amount, back.state) == (70_00, DebtState.OPEN)


def test_a_disputed_debt_stays_disputed_while_anything_is_left() -> None:
    disputed = moved(debt("R-1"), DebtMove.DISPUTE, NOW, "person:1", "never signed")
    assert paid(disputed, payment("b1", 1), NOW).state is DebtState.DISPUTED
    assert paid(disputed, payment("b1", 100_00), NOW).state is DebtState.PAID
