"""Leads follow their debts in the same transaction, over a real database."""

from __future__ import annotations

from dataclasses import replace

from dialer.debts.debt import Debt, DebtMove
from dialer.debts.promising import PromiseTerms
from dialer.debts.reconciling import BalanceFile, BalanceRow
from dialer.lead import Lead, LeadState
from dialer.promised_leads import BROKEN_PRIORITY
from dialer.reasons import Reason, ReasonCode
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, listed, reserve, running
from tests.store.people import WE
from tests.store.test_debts import DAY, TODAY, debt, payment, promise


async def owing(store: Store, n: int = 1, *campaigns: str) -> tuple[Debt, list[str]]:
    """Somebody who owes, on the lists of these campaigns that run."""
    made = await debt(store, n)
    ids = []
    for name in campaigns or ("spring",):
        new = listed(n, contact_id=made.contact_id, debt=made.id)
        ids.append((await add(store, new, to=name))[n])
    return made, ids


async def lead(store: Store, id: str) -> Lead:
    return await store.leads.get(id)


async def test_a_promise_holds_the_lead_and_a_broken_one_returns_it(store: Store, clock: HandClock) -> None:
    await running(store)
    made, (first,) = await owing(store)
    await store.debts.promise(WE, promise(made, (4_000, 1), (2_000, 30)), PromiseTerms(), TODAY)
    held = await lead(store, first)
    assert (held.state, held.reason.code) == (LeadState.WAITING, ReasonCode.PROMISE)
    assert await reserve(store, clock) == []
    first_wait = held.not_before
    await store.debts.pay(WE, payment(made, "p1", 4_000, 1))
    held = await lead(store, first)
    assert held.not_before is not None
    assert first_wait is not None
    assert held.not_before > first_wait, "the next instalment is waited for"
    clock.pass_seconds(86_400 * 34)
    await store.debts.check_promises()
    back = await lead(store, first)
    assert (back.reason.code, back.priority) == (ReasonCode.PROMISE_BROKEN, BROKEN_PRIORITY)
    assert [one.id for one in await reserve(store, clock)] == [first]


async def test_what_a_person_says_or_pays_leaves_every_list_at_once(store: Store, clock: HandClock) -> None:
    await running(store)
    await running(store, "autumn")
    ends = {
        1: (LeadState.STOPPED, ReasonCode.DISPUTED),
        2: (LeadState.STOPPED, ReasonCode.STOP_CONTACT),
        3: (LeadState.DONE, ReasonCode.PAID),
    }
    theirs = {n: await owing(store, n, "spring", "autumn") for n in ends}
    await store.debts.move(WE, theirs[1][0].id, DebtMove.DISPUTE, "not mine")
    await store.debts.move(WE, theirs[2][0].id, DebtMove.STOP, "asked us")
    await store.debts.pay(WE, payment(theirs[3][0], "p3", 10_000))
    for n, wanted in ends.items():
        for one in theirs[n][1]:
            found = await lead(store, one)
            assert (found.state, found.reason.code) == wanted
    assert await reserve(store, clock) == []
    await store.debts.move(WE, theirs[1][0].id, DebtMove.UPHOLD, "it is theirs")
    await store.debts.move(WE, theirs[2][0].id, DebtMove.RELEASE, "a mistake")
    again = {one.debt for one in await reserve(store, clock)}
    assert again == {theirs[1][0].id}, "who asked not to be called is not called again by itself"


async def test_a_file_takes_paid_debts_from_the_lists_and_leaves_who_is_being_called(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    (paid, (first,)), (reserved, (second,)) = await owing(store, 1), await owing(store, 2)
    (owed, (third,)) = await owing(store, 3)
    taken = await store.leads.get(second)
    held = replace(taken, state=LeadState.DIALLING, reason=Reason(ReasonCode.ON_THE_LINE))
    await store.leads.keep([held])
    rows = tuple(
        BalanceRow(line, one.reference, amount, "PLN", one.due, one.contact_id)
        for line, (one, amount) in enumerate([(paid, 0), (reserved, 0), (owed, 5_000)], 2)
    )
    file = BalanceFile("01FILE", "grocer", TODAY + DAY, True, rows)
    await store.debts.reconcile(WE, file, digest="d", name="balances.csv")
    assert (await lead(store, first)).reason.code is ReasonCode.PAID
    assert (await lead(store, second)).state is LeadState.DIALLING, "what comes of the call decides"
    assert [one.id for one in await reserve(store, clock)] == [third]
