"""Leads' numbers over a real database: one more that a person asked for, and those that went bad."""

from __future__ import annotations

from dataclasses import replace

from dialer.lead import LeadNumber, LeadState, NumberState
from dialer.reasons import ReasonCode
from engine.registers.leads import LeadFilter
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, listed, reserve, running


async def test_a_number_that_was_asked_for_is_found(store: Store, clock: HandClock) -> None:
    await running(store)
    ids = await add(store, listed(1), listed(2))
    lead = await store.leads.get(ids[1])
    number = LeadNumber("+48600000099")
    assert await store.leads.keep([replace(lead, numbers=(*lead.numbers, number))]) == []
    for _ in range(2):
        await store.leads.add_number(ids[1], number.e164)
    found = await store.leads.page("spring", LeadFilter(search="+48600000099"))
    assert [one.id for one in found.items] == [ids[1]]


async def test_a_number_that_went_bad_is_called_by_no_campaign(store: Store, clock: HandClock) -> None:
    await running(store)
    await running(store, "autumn")
    bad = listed(1).numbers
    alone = await add(store, listed(1))
    both = await add(store, listed(1, numbers=(*bad, ("+48600000099", ""))), to="autumn")
    assert await store.leads.number_went_bad(bad[0][0]) == 2
    over = await store.leads.get(alone[1])
    assert (over.state, over.reason.code) == (LeadState.DONE, ReasonCode.NO_NUMBER)
    other = await store.leads.get(both[1])
    assert other.state is LeadState.WAITING
    assert [one.state for one in other.numbers] == [NumberState.BAD, NumberState.OK]
    assert await store.leads.number_went_bad(bad[0][0]) == 0
    assert [one.id for one in await reserve(store, clock, of="autumn")] == [both[1]]
    assert list(await reserve(store, clock)) == []
