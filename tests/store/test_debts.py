"""Debts over a real database: paid, promised, broken, disputed, and matched with a creditor's files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dialer.debts.debt import Debt, DebtMove, DebtState
from dialer.debts.promise import Instalment, Payment, Promise, PromiseState
from dialer.debts.promising import PromiseTerms
from dialer.debts.reconciling import BalanceFile, BalanceRow, ConflictKind
from engine.registers.debts import DebtFilter
from engine.registers.refusals import Changed, Missing, Refused
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, noted, person, phone, told
from tests.store.samples import START

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)


async def debt(store: Store, n: int = 1, amount: int = 10_000, contact_id: str | None = None) -> Debt:
    owner = contact_id or (await person(store, phone(n), name=f"Anna {n}")).id
    made = Debt(f"01DEBT{n}", owner, f"R-{n}", amount, "PLN", TODAY - 30 * DAY, START, "grocer")
    return await store.debts.add(WE, made)


def promise(of: Debt, *parts: tuple[int, int], id: str = "01PROMISE") -> Promise:
    """`parts`: amounts, and in how many days."""
    instalments = tuple(Instalment(amount, TODAY + days * DAY) for amount, days in parts)
    return Promise(id, of.id, of.contact_id, "PLN", instalments, START, TODAY, "Europe/Warsaw", agent="anna")


def payment(of: Debt, id: str, amount: int, days: int = 0) -> Payment:
    return Payment(id, of.id, amount, TODAY + days * DAY, START)


async def promised(store: Store, of: Debt, *parts: tuple[int, int], id: str = "01PROMISE") -> Promise:
    return await store.debts.promise(WE, promise(of, *parts, id=id), PromiseTerms(), TODAY)


async def test_a_debt_is_kept_with_its_balances(store: Store, clock: HandClock) -> None:
    made = await debt(store)
    assert await store.debts.get(made.id) == made
    assert await store.debts.by_reference("grocer", "R-1") == made
    assert await store.debts.by_reference("baker", "R-1") is None
    with pytest.raises(Refused, match="is known, as debt 01DEBT1"):
        await store.debts.add(WE, replace(made, id="01OTHER"))
    with pytest.raises(Missing):
        await store.debts.add(WE, replace(made, id="01OTHER", reference="R-9", contact_id="nobody"))
    lower = await store.debts.set_balance(WE, made.id, 7_000, version=1)
    assert [one.amount for one in lower.history] == [10_000, 7_000]
    with pytest.raises(Changed):
        await store.debts.set_balance(WE, made.id, 6_000, version=1)
    with pytest.raises(Refused):
        await store.debts.set_balance(WE, made.id, -1)
    settled = await store.debts.set_balance(WE, made.id, 0)
    again = await store.debts.set_balance(WE, made.id, 500)
    assert (settled.state, again.state) == (DebtState.PAID, DebtState.OPEN)
    assert await store.debts.get(made.id) == again


async def test_debts_are_listed(store: Store) -> None:
    for n in range(1, 5):
        await debt(store, n)
    await store.debts.move(WE, "01DEBT2", DebtMove.DISPUTE, "not mine")

    async def found(**wanted: object) -> list[str]:
        page = await store.debts.page(DebtFilter(**wanted))  # type: ignore[arg-type]
        return [one.id for one in page.items]

    assert await found(states=[DebtState.DISPUTED]) == ["01DEBT2"]
    assert await found(reference="R-3") == ["01DEBT3"]
    assert await found(creditor="baker") == []
    first = await store.debts.page(DebtFilter(), limit=3)
    rest = await store.debts.page(DebtFilter(), limit=3, after=first.after)
    assert [one.id for one in (*first.items, *rest.items)] == [f"01DEBT{n}" for n in range(1, 5)]


async def test_payments_keep_a_promise_and_settle_the_debt(store: Store, clock: HandClock) -> None:
    made = await debt(store)
    kept = await promised(store, made, (4_000, 5), (2_000, 20))
    assert await promised(store, made, (1, 1)) == kept, "the same one again"
    standing = await store.debts.get(made.id)
    assert standing.state is DebtState.PROMISED
    after = await store.debts.pay(WE, payment(made, "p1", 4_000, 3))
    assert (after.amount, after.state) == (6_000, DebtState.PROMISED)
    assert (await store.debts.pay(WE, payment(made, "p1", 4_000, 3))).amount == 6_000
    with pytest.raises(Refused, match="is of debt"):
        await store.debts.pay(WE, payment(await debt(store, 2), "p1", 1))
    clock.pass_seconds(86_400 * 10)
    assert await store.debts.check_promises() == []
    after = await store.debts.pay(WE, payment(made, "p2", 2_000, 9))
    (promised_,) = await store.debts.promises(made.id)
    assert (after.state, promised_.state) == (DebtState.OPEN, PromiseState.KEPT)
    after = await store.debts.pay(WE, payment(made, "p3", 9_000, 9))
    assert (after.amount, after.state) == (0, DebtState.PAID)
    assert [one.id for one in await store.debts.payments(made.id)] == ["p1", "p2", "p3"]
    assert await store.debts.get(made.id) == after


async def test_a_payment_that_a_file_had_shown_is_not_counted_again(store: Store, clock: HandClock) -> None:
    made = await debt(store)
    await promised(store, made, (8_000, 5))
    row = BalanceRow(2, "R-1", 6_000, "PLN", made.due)
    shown = BalanceFile("01FILE", "grocer", TODAY + 2 * DAY, False, (row,))
    await store.debts.reconcile(WE, shown, digest="d1", name="list.csv")
    told_of = await store.debts.pay(WE, payment(made, "bank1", 3_000, 1))
    assert (told_of.amount, told_of.state) == (6_000, DebtState.PROMISED)
    assert [one.amount for one in await store.debts.payments(made.id)] == [3_000, 1_000]
    more = await store.debts.pay(WE, payment(made, "bank2", 3_000, 2))
    assert more.amount == 4_000, "of that the file had shown a third"
    later = await store.debts.pay(WE, payment(made, "bank3", 1_000, 3))
    assert (later.amount, later.state) == (3_000, DebtState.PROMISED)
    assert (await store.debts.promises(made.id))[0].state is PromiseState.OPEN


async def test_an_older_file_does_not_bring_back_what_was_owed(store: Store) -> None:
    made = await debt(store)
    rows = (BalanceRow(2, "R-1", 10_000, "PLN", made.due),)
    newer = BalanceFile("01NEW", "grocer", TODAY, True, rows)
    assert (await store.debts.reconcile(WE, newer, digest="d1", name="new.csv")).figures["same"] == 1
    older = BalanceFile("01OLD", "grocer", TODAY - DAY, True, (replace(rows[0], amount=12_000),))
    done = await store.debts.reconcile(WE, older, digest="d2", name="old.csv")
    assert [one.kind for one in done.conflicts] == [ConflictKind.OLDER]
    assert (await store.debts.get(made.id)).amount == 10_000
    await store.debts.set_balance(WE, made.id, 9_000, as_of=TODAY)
    with pytest.raises(Refused, match="send a newer one"):
        await store.debts.set_balance(WE, made.id, 12_000, as_of=TODAY - DAY)


async def test_a_promise_is_broken_and_mended(store: Store, clock: HandClock) -> None:
    made = await debt(store)
    await promised(store, made, (4_000, 1))
    clock.pass_seconds(86_400 * 2)
    assert await store.debts.check_promises() == [], "in its days of grace"
    clock.pass_seconds(86_400 * 2)
    (broken,) = await store.debts.check_promises()
    assert broken.state is PromiseState.BROKEN
    assert (await store.debts.get(made.id)).state is DebtState.OPEN
    assert await store.debts.check_promises() == []
    await store.debts.pay(WE, payment(made, "late", 4_000, 1))
    assert [one.state for one in await store.debts.promises(made.id)] == [PromiseState.KEPT]
    news = await told(store)
    assert [subject for kind, subject in news if kind == "promise.changed"] == [f"debt:{made.id}"] * 3
    assert ("promise.broken", f"debt:{made.id}") in await noted(store)


async def test_one_promise_of_a_debt_stands(store: Store, clock: HandClock) -> None:
    made = await debt(store)
    for wrong, field in (([(20_000, 1)], "amount"), ([], "instalments"), ([(1, -1)], "due")):
        with pytest.raises(Refused) as said:
            await promised(store, made, *wrong)
        assert said.value.field == field
    for n in range(3):
        await promised(store, made, (1_000, n + 1), id=f"01PROMISE{n}")
        clock.pass_seconds(60)
    states = {one.id: (one.state, one.replaced_by) for one in await store.debts.promises(made.id)}
    assert states == {
        "01PROMISE0": (PromiseState.REPLACED, "01PROMISE1"),
        "01PROMISE1": (PromiseState.REPLACED, "01PROMISE2"),
        "01PROMISE2": (PromiseState.OPEN, None),
    }
    await store.debts.move(WE, made.id, DebtMove.DISPUTE, "not mine")
    assert (await store.debts.promises(made.id))[0].state is PromiseState.CANCELLED
    with pytest.raises(Refused, match="disputed"):
        await promised(store, made, (1_000, 1), id="01LATER")
    with pytest.raises(Refused, match="by anybody's word"):
        await store.debts.move(WE, made.id, DebtMove.SETTLE, "")
    with pytest.raises(Refused, match="is disputed"):
        await store.debts.move(WE, made.id, DebtMove.RELEASE, "")
    assert (await store.debts.move(WE, made.id, DebtMove.UPHOLD, "ours")).state is DebtState.OPEN


async def test_of_promises_made_at_once_one_stands(store: Store) -> None:
    made = await debt(store)
    await asyncio.gather(*(promised(store, made, (1_000, 1), id=f"01P{n}") for n in range(4)))
    states = [one.state for one in await store.debts.promises(made.id)]
    assert sorted(states) == [PromiseState.OPEN, *[PromiseState.REPLACED] * 3]


async def test_debts_follow_their_people(store: Store) -> None:
    first, second = await debt(store, 1), await debt(store, 2)
    merge, _ = await store.history.merges.merge(WE, second.contact_id, first.contact_id, "the same")
    theirs = await store.debts.of_contact(first.contact_id)
    assert [(one.id, one.contact_id) for one in theirs] == [
        (first.id, second.contact_id),
        (second.id, second.contact_id),
    ]
    await store.history.merges.unmerge(WE, merge.id)
    assert [one.id for one in await store.debts.of_contact(first.contact_id)] == [first.id]


def balances(
    id: str, *rows: tuple[str, int, str | None], complete: bool = True, days: int = 0
) -> BalanceFile:
    listed = tuple(
        BalanceRow(line, reference, amount, "PLN", TODAY, contact_id)
        for line, (reference, amount, contact_id) in enumerate(rows, 2)
    )
    return BalanceFile(id, "grocer", TODAY + days * DAY, complete, listed)


async def test_a_file_of_balances_is_taken_in_once(store: Store, clock: HandClock) -> None:
    known = [await debt(store, n) for n in range(1, 7)]
    new = await person(store, phone(9), name="Jan")
    await promised(store, known[0], (4_000, 5))
    rows: list[tuple[str, int, str | None]] = [
        ("R-1", 6_000, None), ("R-2", 0, None), ("R-3", 10_000, None), ("R-4", 10_000, None),
        ("R-5", -4, None), ("R-9", 700, new.id), ("R-10", 700, None),
    ]  # fmt: skip
    file = balances("01FILE", *rows)
    dry = await store.debts.reconcile(WE, file, digest="d1", name="list.csv", dry_run=True)
    assert await store.debts.by_reference("grocer", "R-9") is None
    done = await store.debts.reconcile(WE, file, digest="d1", name="list.csv")
    figures = {"new": 1, "changed": 4, "gone": 1, "same": 0, "conflicts": 2, "payments": 2}
    assert dry.figures == done.figures == figures, "R-3 and R-4 have another date"
    assert {one.kind for one in done.conflicts} == {ConflictKind.NEGATIVE, ConflictKind.NOBODY}
    again = await store.debts.reconcile(WE, file, digest="d1", name="again.csv")
    assert (again.repeated, again.id, again.name) == (True, "01FILE", "list.csv")
    assert again.conflicts == done.conflicts
    states = {one.reference: one.state for one in (await store.debts.page(DebtFilter())).items}
    assert states == {
        "R-1": DebtState.OPEN, "R-2": DebtState.PAID, "R-3": DebtState.OPEN, "R-4": DebtState.OPEN,
        "R-5": DebtState.OPEN, "R-6": DebtState.WITHDRAWN, "R-9": DebtState.OPEN,
    }  # fmt: skip
    assert (await store.debts.promises(known[0].id))[0].state is PromiseState.KEPT
    added = await store.debts.by_reference("grocer", "R-9")
    assert added is not None
    assert added.contact_id == new.id
    listed = await store.debts.reconciliations()
    assert [one.id for one in listed.items] == ["01FILE"]
    assert (await store.debts.reconciliation("01FILE")).conflicts == done.conflicts
    with pytest.raises(Missing):
        await store.debts.reconciliation("01NONE")
