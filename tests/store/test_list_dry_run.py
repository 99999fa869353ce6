"""The dry run of a list over a real database: as the gate would judge, with nothing logged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from compliance.facts import Mode, Purpose
from dialer.campaign import CampaignKind
from dialer.checking import Known
from dialer.eligibility import Eligibility
from engine.campaign_rules import CampaignRules
from engine.changes import ObjectionKept
from engine.eligibility import eligibility, hours_of_plan
from engine.gatekeeper import Gatekeeper
from engine.registers.decisions import DecisionFilter
from engine.registers.refusals import Missing
from engine.rulebook import RuleBook
from history.permissions import Objection, Scope
from schedules.opening_hours import OpeningHours
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, campaign, listed
from tests.store.people import WE

INFORM = {"kind": CampaignKind.INFORMATION, "mode": Mode.PROGRESSIVE, "purpose": Purpose.INFORMATION}


def rules_of(store: Store, clock: HandClock, hours: OpeningHours | None = None) -> CampaignRules:
    book = RuleBook("PL")
    return CampaignRules(book, store.campaigns, clock, known=Known, hours=lambda name: hours)


async def dry_run(store: Store, clock: HandClock, **more: Any) -> Eligibility:
    made = await store.campaigns.get("spring")
    hours = hours_of_plan(made, rules_of(store, clock), clock.now())
    gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
    return await eligibility(
        made, hours, samples=store.list_samples, leads=store.leads, gate=gate, clock=clock, **more
    )


async def test_each_lead_is_judged_by_hour_and_nothing_is_logged(store: Store, clock: HandClock) -> None:
    await store.campaigns.create(WE, campaign(**INFORM))
    ids = await add(store, *(listed(n) for n in range(6)))
    later = clock.now() + timedelta(hours=3)
    await add(store, listed(6, not_before=later))
    stop = Objection("o", clock.now(), Scope.NUMBER, "+48600000001", "asked", "test")
    await store.ledger.commit([ObjectionKept(stop)], durable=True)
    await store.leads.stop(WE, ids[5], "asked")
    found = await dry_run(store, clock)
    assert (found.standing, found.judged, found.sampled, found.over) == (6, 6, False, 1)
    assert len(found.hours) == 24
    rules = {one.rule: one for one in found.rules}
    assert rules["do-not-contact/number"].never.expected == 1
    assert rules["do-not-contact/number"].examples == (ids[1],)
    assert found.hours[0].refused["list/retry"].expected == 1
    assert "list/retry" not in found.hours[5].refused
    assert rules["do-not-contact/number"].refused.expected == 1
    best = max(hour.callable.expected for hour in found.hours)
    assert best == found.callable.expected == 5
    assert await store.decisions.logged(DecisionFilter()) == []


async def test_a_long_list_is_sampled_evenly(store: Store, clock: HandClock) -> None:
    await store.campaigns.create(WE, campaign(**INFORM))
    ids = await add(store, *(listed(n) for n in range(30)))
    sample = await store.list_samples.sample("spring", 10)
    assert sample.standing == 30
    assert sample.ids == tuple(sorted(ids.values()))[0::3]
    found = await dry_run(store, clock, most=10)
    assert (found.judged, found.sampled, found.callable.expected) == (10, True, 30)
    with pytest.raises(Missing):
        await store.list_samples.sample("none", 10)


async def test_it_tells_how_far_it_is_and_can_be_given_up(store: Store, clock: HandClock) -> None:
    await store.campaigns.create(WE, campaign(**INFORM))
    for begins in (0, 60):
        await add(store, *(listed(n) for n in range(begins, begins + 60)))
    told: list[tuple[int, int]] = []
    await dry_run(store, clock, batch=100, progress=lambda done, of: told.append((done, of)))
    assert told == [(100, 120), (120, 120)]

    def stop(done: int, of: int) -> None:
        told.append((done, of))
        running.cancel()

    running = asyncio.create_task(dry_run(store, clock, batch=100, progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told[2:] == [(100, 120)]


async def test_whose_person_waits_elsewhere_is_told(store: Store, clock: HandClock) -> None:
    await store.campaigns.create(WE, campaign(**INFORM))
    await store.campaigns.create(WE, campaign("autumn", **INFORM))
    await add(store, listed(1), listed(2))
    await add(store, listed(1), to="autumn")
    assert (await dry_run(store, clock)).elsewhere.expected == 1


async def test_the_plan_has_the_hours_in_which_the_campaign_may_dial(store: Store, clock: HandClock) -> None:
    made = campaign(first_day=(clock.now() + timedelta(days=3)).date())
    plan = hours_of_plan(made, rules_of(store, clock), clock.now())
    assert (plan[0].date(), plan[0].hour, len(plan)) == (made.first_day, 0, 24)
    over = replace(made, first_day=None, last_day=(clock.now() - timedelta(days=1)).date())
    assert hours_of_plan(over, rules_of(store, clock), clock.now()) == ()
