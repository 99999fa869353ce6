"""Campaigns over a real database: changed at a version, moved by a table, run by one engine at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.campaign import CampaignMove, CampaignState, Cause
from dialer.results import AttemptResult
from engine.registers.actor import ENGINE
from engine.registers.refusals import Changed, Missing, Refused
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import campaign, running
from tests.store.people import WE, noted, told


async def test_a_campaign_is_kept_as_it_is(store: Store, clock: HandClock) -> None:
    made = await store.campaigns.create(WE, campaign())
    assert await store.campaigns.get("spring") == made
    assert made == replace(
        campaign(),
        created_at=clock.now(),
        updated_at=clock.now(),
        state_since=clock.now(),
        state_by="person:anna",
    )
    assert (await store.campaigns.get("spring")).retry.recycling[AttemptResult.BUSY].most == 2
    with pytest.raises(Missing):
        await store.campaigns.get("autumn")


async def test_an_id_and_a_name_are_of_one_campaign(store: Store) -> None:
    await store.campaigns.create(WE, campaign())
    with pytest.raises(Refused, match="another id"):
        await store.campaigns.create(WE, campaign(name="Other"))
    with pytest.raises(Refused, match="another name"):
        await store.campaigns.create(WE, campaign("autumn", name="The spring sale"))
    other = await store.campaigns.create(WE, campaign("autumn"))
    with pytest.raises(Refused, match="another name"):
        await store.campaigns.change(WE, replace(other, name="The spring sale"))


async def test_changes_are_made_at_a_version_and_never_to_its_state(store: Store, clock: HandClock) -> None:
    made = await store.campaigns.create(WE, campaign())
    clock.pass_seconds(60)
    changed = await store.campaigns.change(
        WE, replace(made, lines=5, state=CampaignState.RUNNING, started_at=clock.now())
    )
    assert (changed.lines, changed.version, changed.state, changed.started_at) == (
        5,
        2,
        CampaignState.DRAFT,
        None,
    )
    assert await store.campaigns.get("spring") == changed
    with pytest.raises(Changed) as said:
        await store.campaigns.change(WE, replace(made, lines=6))
    assert said.value.version == 2
    assert await store.campaigns.change(WE, changed) == changed, "nothing to change"
    assert ("campaign.changed", "campaign:spring") in await noted(store)


async def test_moves_keep_who_and_why(store: Store, clock: HandClock) -> None:
    await running(store)
    clock.pass_seconds(60)
    paused = await store.campaigns.set_state(
        ENGINE, "spring", CampaignMove.PAUSE, cause=Cause.ALL_REFUSED, note="7"
    )
    assert (paused.state, paused.state_by, paused.state_cause, paused.state_note) == (
        CampaignState.PAUSED, "system", Cause.ALL_REFUSED, "7",
    )  # fmt: skip
    with pytest.raises(Refused, match="is paused"):
        await store.campaigns.set_state(WE, "spring", CampaignMove.START)
    with pytest.raises(Refused, match="Only a person"):
        await store.campaigns.set_state(ENGINE, "spring", CampaignMove.RESUME, cause=Cause.GOAL)
    with pytest.raises(Changed):
        await store.campaigns.set_state(WE, "spring", CampaignMove.RESUME, version=2)
    finished = await store.campaigns.set_state(WE, "spring", CampaignMove.FINISH, version=3)
    with pytest.raises(Refused, match="reopen it first"):
        await store.campaigns.change(WE, replace(finished, lines=2))
    assert [kind for kind, _ in await told(store)] == ["campaign.changed"] * 4


async def test_campaigns_are_listed_newest_first(store: Store, clock: HandClock) -> None:
    for n in range(5):
        await store.campaigns.create(WE, campaign(f"c{n}"))
        clock.pass_seconds(1)
    await store.campaigns.set_state(WE, "c1", CampaignMove.START)
    first = await store.campaigns.list(limit=2)
    rest = await store.campaigns.list(limit=5, after=first.after)
    assert [one.id for one in (*first.items, *rest.items)] == ["c4", "c3", "c2", "c1", "c0"]
    assert rest.after is None
    assert [one.id for one in (await store.campaigns.list([CampaignState.RUNNING])).items] == ["c1"]


async def test_one_engine_runs_a_campaign_at_a_time(store: Store, clock: HandClock) -> None:
    await running(store)
    first = await store.campaigns.lease("spring", "e1", 10)
    assert first is not None
    assert await store.campaigns.lease("spring", "e2", 10) is None
    clock.pass_seconds(5)
    again = await store.campaigns.lease("spring", "e1", 10)
    assert again is not None
    assert (again.fence, again.until) == (first.fence, first.until + (again.until - first.until))
    clock.pass_seconds(11)
    second = await store.campaigns.lease("spring", "e2", 10)
    assert second is not None
    assert second.fence == first.fence + 1
    with pytest.raises(Changed):
        await store.campaigns.keep_knowledge(again, {"p": 0.1})
    await store.campaigns.end_lease(again)
    assert await store.campaigns.lease("spring", "e1", 10) is None, "an old lease ends nothing"
    await store.campaigns.end_lease(second)
    third = await store.campaigns.lease("spring", "e1", 10)
    assert third is not None
    assert third.fence == second.fence + 1


async def test_what_a_pacer_learned_is_there_for_the_next_run(store: Store, clock: HandClock) -> None:
    await running(store)
    assert await store.campaigns.knowledge("spring") is None
    lease = await store.campaigns.lease("spring", "e1", 10)
    assert lease is not None
    await store.campaigns.keep_knowledge(lease, {"p": 0.31, "rings": [1, 2]})
    assert await store.campaigns.knowledge("spring") == {"p": 0.31, "rings": [1, 2]}
    with pytest.raises(Missing):
        await store.campaigns.knowledge("autumn")
