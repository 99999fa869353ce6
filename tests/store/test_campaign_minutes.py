"""A campaign's minutes: seconds of agents kept and added up, calls counted in the very rows of attempts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dialer.attempt import Verdict
from dialer.results import AttemptResult
from engine.changes import AttemptBegun, AttemptStored, Change
from engine.registers.campaign_minutes import AgentMinute, CallMinute
from engine.registers.campaigns import Lease
from engine.registers.retention import RetentionKind
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import MINUTE, add, attempt, listed, reserve, running


async def _lease(store: Store, owner: str = "n1") -> Lease:
    held = await store.campaigns.lease("spring", owner, 15)
    assert held is not None
    return held


async def test_what_engines_saw_of_a_minute_is_added_up(store: Store, clock: HandClock) -> None:
    await running(store)
    at = clock.now().replace(second=0, microsecond=0)
    first = await _lease(store)
    await store.campaign_minutes.keep(first, [AgentMinute(at, 30, 60, 5, 4), AgentMinute(at + MINUTE, 10)])
    await store.campaign_minutes.keep(first, [AgentMinute(at + MINUTE, 20, 40, 0, 9, "trunk")])  # once more
    await store.campaigns.end_lease(first)
    second = await _lease(store, "n2")
    assert second.fence != first.fence
    await store.campaign_minutes.keep(second, [AgentMinute(at + MINUTE, 1, 2, 3, 5)])
    await store.campaign_minutes.keep(second, [])
    found = await store.campaign_minutes.agents("spring", at, at + 2 * MINUTE)
    assert found == [AgentMinute(at, 30, 60, 5, 4), AgentMinute(at + MINUTE, 21, 42, 3, 9, "trunk")]
    assert await store.campaign_minutes.agents("spring", at, at + MINUTE) == found[:1]
    assert await store.campaign_minutes.agents("other", at, at + MINUTE) == []


async def test_calls_are_counted_in_the_rows_of_attempts(store: Store, clock: HandClock) -> None:
    """Each minute's counts, and their sum, are those of the rows; the window's counters say the same."""
    await running(store)
    await add(store, *(listed(n) for n in range(7)))
    began = clock.now().replace(second=0, microsecond=0)
    ends = (
        {"result": AttemptResult.ANSWERED, "answered_at": began, "connected_at": began, "conversation": True},
        {"result": AttemptResult.ABANDONED, "answered_at": began, "abandoned": True},
        {"result": AttemptResult.NO_ANSWER},
        {"result": AttemptResult.MACHINE, "answered_at": began, "verdict": Verdict.MACHINE},
        {"result": AttemptResult.BUSY},
        {"result": AttemptResult.ANSWERED, "answered_at": began, "verdict": Verdict.HUMAN},
    )
    for n, end in enumerate(ends):
        (lead,) = await reserve(store, clock, 1)
        begun = attempt(lead, clock, f"call{n}")
        over = replace(begun, ended_at=clock.now(), **end)  # type: ignore[arg-type]
        changes: list[Change] = [AttemptBegun(begun, lead.version), AttemptStored(over, 1)]
        await store.ledger.commit(changes, durable=True)
        clock.pass_seconds(25)
    until = clock.now() + timedelta(seconds=1)
    found = await store.campaign_minutes.calls("spring", began, until)
    assert found == [
        CallMinute(began, 3, 2, 1, 0),
        CallMinute(began + MINUTE, 2, 0, 0, 1),
        CallMinute(began + 2 * MINUTE, 1, 1, 0, 0),
    ]
    rows = (await store.attempts.page("spring")).items
    counters = await store.campaigns.counters("spring", began)
    assert sum(one.attempts for one in found) == len(rows) == counters.attempts
    assert sum(one.live for one in found) == counters.live
    assert sum(one.abandoned for one in found) == sum(row.abandoned for row in rows) == counters.abandoned
    assert await store.campaign_minutes.calls("spring", until, until + MINUTE) == []


async def test_old_minutes_go_with_the_campaigns_attempts(store: Store, clock: HandClock) -> None:
    await running(store)
    at = clock.now()
    await store.campaign_minutes.keep(await _lease(store), [AgentMinute(at), AgentMinute(at + MINUTE)])
    before = at + timedelta(seconds=30)
    assert (await store.retention.overdue(RetentionKind.CAMPAIGNS, before)).rows == 1
    await store.retention.delete_some(RetentionKind.CAMPAIGNS, before)
    assert [one.at for one in await store.campaign_minutes.agents("spring", at, at + 2 * MINUTE)] == [
        at + MINUTE
    ]
