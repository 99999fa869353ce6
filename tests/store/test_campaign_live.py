"""A campaign's day is what the rows of its attempts say, on both databases, and the cap's window too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from compliance.pack import CampaignLimits
from dialer.abandon_window import window_began
from dialer.attempt import is_live
from dialer.results import AttemptResult
from engine.campaign_live import PERIOD, CampaignLive, campaign_live
from engine.changes import AttemptBegun, AttemptStored, Change
from engine.registers.campaign_minutes import AgentMinute
from engine.registers.leads import NewLead
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import MINUTE, add, attempt, reserve, running

LIMITS = CampaignLimits(abandon_cap=0.03, abandon_window_days=1)
ENDS = (
    {"result": AttemptResult.NO_ANSWER},
    {"result": AttemptResult.BUSY},
    {"result": AttemptResult.ANSWERED, "conversation": True},
    {"result": AttemptResult.ABANDONED, "abandoned": True},
)


async def _live(store: Store, clock: HandClock, day: date | None = None) -> CampaignLive:
    return await campaign_live(
        await store.campaigns.get("spring"),
        campaigns=store.campaigns,
        minutes=store.campaign_minutes,
        limits=LIMITS,
        run=None,
        now=clock.now(),
        day=day,
    )


async def _dial(store: Store, clock: HandClock, count: int, gap_seconds: float) -> None:
    chance = Random(7)
    for n in range(count):
        (lead,) = await reserve(store, clock, 1)
        begun = attempt(lead, clock, f"{clock.now():%d%H%M%S}-{n}")
        over = replace(begun, ended_at=clock.now(), **chance.choice(ENDS))  # type: ignore[arg-type]
        changes: list[Change] = [AttemptBegun(begun, lead.version), AttemptStored(over, 1)]
        await store.ledger.commit(changes, durable=True)
        clock.pass_seconds(gap_seconds)


async def test_the_day_and_the_window_are_those_of_the_rows(store: Store, clock: HandClock) -> None:
    """Started yesterday at 17:05 by its clock: today's window goes on until 17:05, then begins anew."""
    await running(store, time_zone="Europe/Warsaw")
    people = [NewLead(n, ((f"+48600{n:06d}", ""),), name="Anna") for n in range(100)]
    await add(store, *people)
    await _dial(store, clock, 20, 60)
    clock.pass_seconds(20 * 3600)
    await _dial(store, clock, 30, 40)
    live = await _live(store, clock)
    zone = ZoneInfo("Europe/Warsaw")
    rows = (await store.attempts.page("spring", limit=200)).items
    today = [
        one for one in rows if one.reserved_at.astimezone(zone).date() == live.at.astimezone(zone).date()
    ]
    assert len(today) == 30
    assert live.today.attempts == 30
    assert live.today.live == sum(is_live(one) for one in today)
    assert live.today.abandoned == sum(one.abandoned for one in today) > 0
    assert live.today.answered == pytest.approx(live.today.live / 30)
    for point in live.points:
        mine = [one for one in today if point.starts <= one.reserved_at < point.starts + PERIOD]
        assert point.figures.attempts == len(mine)
        assert point.figures.abandoned == sum(one.abandoned for one in mine)
    window = [one for one in rows if one.reserved_at >= live.window.since]
    assert (live.window.counters.attempts, len(rows)) == (len(window), 50)
    assert live.window.rate == sum(o.abandoned for o in window) / sum(is_live(o) for o in window)
    assert live.points[-1].abandoned_so_far == live.window.rate
    assert live.window.over
    recent = [one for one in rows if one.reserved_at >= live.points[-1].starts - 2 * PERIOD]
    assert live.points[-1].abandoned_lately == sum(o.abandoned for o in recent) / sum(map(is_live, recent))
    yesterday = await _live(store, clock, (live.at - timedelta(days=1)).astimezone(zone).date())
    assert yesterday.today.attempts == 20
    assert yesterday.since == (await store.campaigns.get("spring")).started_at
    assert all(point.abandoned_so_far is None for point in yesterday.points)
    clock.pass_seconds(4.5 * 3600)  # the next window has begun
    await _dial(store, clock, 10, 40)
    later = await _live(store, clock)
    assert later.window.since == window_began(LIMITS, yesterday.since, later.at) > live.window.since
    assert (later.today.attempts, later.window.counters.attempts) == (40, 10)
    assert later.points[-1].abandoned_so_far == later.window.rate


async def test_utilisation_is_of_the_kept_minutes_also_after_a_restart(
    store: Store, clock: HandClock
) -> None:
    await running(store)
    lease = await store.campaigns.lease("spring", "n1", 15)
    assert lease is not None
    at = clock.now().replace(second=0, microsecond=0)
    clock.pass_seconds(660)
    await store.campaign_minutes.keep(
        lease, [AgentMinute(at + n * MINUTE, 12, 84, 24, 5 + n, "" if n < 9 else "trunk") for n in range(10)]
    )
    live = await _live(store, clock)
    assert live.today.utilisation == pytest.approx(0.9)
    assert live.today.logged_seconds == 1200
    assert live.today.lines == 14
    assert [point.held for point in live.points] == ["", "trunk"]
    assert (live.today.answered, live.window.rate, live.window.over) == (None, None, False)
    assert live.calls_a_minute == 0
