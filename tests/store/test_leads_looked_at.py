"""Leads that agents look at, over a real database: each another's, given back, skipped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from dialer.before_dialling import skipped
from dialer.lead import LeadState
from dialer.preview import PreviewEnd, PreviewPolicy
from dialer.reasons import ReasonCode
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, listed, running
from tests.store.people import WE

LOOK = timedelta(seconds=90)


async def test_no_two_agents_look_at_one_lead(store: Store, clock: HandClock) -> None:
    await running(store)
    await add(store, *(listed(n) for n in range(1, 13)))
    now = clock.now()
    agents = [f"agent{n}" for n in range(16)]
    shown = await asyncio.gather(
        *(store.leads.reserve("spring", "node", 1, now, now + LOOK, agents=[agent]) for agent in agents)
    )
    taken = [lead.id for leads in shown for lead in leads]
    assert len(taken) == len(set(taken)) == 12


async def test_a_skipped_lead_waits_with_its_reason_and_one_given_back_comes_at_once(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    await add(store, listed(1), listed(2))
    now = clock.now()
    first, second = await store.leads.reserve("spring", "node", 2, now, now + LOOK)
    plan = skipped(first, "anna", "wrong hour", now, timedelta(hours=2))
    assert await store.leads.keep([plan.lead]) == []
    assert await store.leads.release("node", [second.id]) == 1
    kept = await store.leads.get(first.id)
    assert (kept.skips, kept.state, kept.attempts) == (1, LeadState.WAITING, 0)
    assert (kept.reason.code, kept.reason.data["why"]) == (ReasonCode.SKIPPED, "wrong hour")
    (again,) = await store.leads.reserve("spring", "node", 2, clock.now(), clock.now() + LOOK)
    assert again.id == second.id


async def test_a_lead_that_nobody_gave_back_comes_again(store: Store, clock: HandClock) -> None:
    """Its engine died; what that would still call is refused."""
    await running(store)
    await add(store, listed(1))
    now = clock.now()
    (lost,) = await store.leads.reserve("spring", "node", 1, now, now + LOOK)
    assert not await store.leads.reserve("spring", "other", 1, now, now + LOOK)
    clock.pass_seconds(LOOK.total_seconds() + 1)
    later = clock.now()
    (again,) = await store.leads.reserve("spring", "other", 1, later, later + LOOK)
    assert again.id == lost.id
    plan = skipped(lost, "anna", "too late", later)
    assert await store.leads.keep([plan.lead]) == [lost.id]


async def test_what_agents_may_do_with_leads_is_kept(store: Store) -> None:
    await running(store)
    policy = PreviewPolicy(PreviewEnd.CALL, ("Wrong hour", "Knows us"), 7200)
    campaign = await store.campaigns.get("spring")
    await store.campaigns.change(WE, replace(campaign, preview=policy, preview_seconds=45))
    kept = await store.campaigns.get("spring")
    assert (kept.preview, kept.preview_seconds) == (policy, 45)
