"""Agents' seconds of a campaign, minute by minute: they add up to the time that was looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialer.campaign import CampaignState
from dialer.pacing import AgentView
from engine.dialling.minute_taking import LONGEST_LOOK_SECONDS, MinuteTaking
from engine.registers.campaign_minutes import AgentMinute
from engine.registers.campaigns import Lease
from tests.engine.dialling_stage import Fate, numbers, office, spring

AT = datetime(2026, 11, 21, 9, 59, 58, tzinfo=UTC)
LEASE = Lease("autumn", "n1", 1, AT)


class Shelf:
    def __init__(self) -> None:
        self.kept: list[AgentMinute] = []

    async def keep(self, lease: Lease, minutes: tuple[AgentMinute, ...]) -> None:
        self.kept += minutes


async def test_seconds_go_to_their_minute_and_what_was_not_looked_at_to_none() -> None:
    minutes, shelf = MinuteTaking(), Shelf()
    agents = [AgentView("anna", "talking", 0), AgentView("jan", "idle", 0)]
    for half in range(9):  # 4 s, of which 1.5 s before the full hour
        minutes.look(AT + timedelta(seconds=half / 2), half / 2, agents, half)
    await minutes.keep(shelf, LEASE)  # type: ignore[arg-type]
    assert shelf.kept == [AgentMinute(AT.replace(second=0), 1.5, 1.5, 0, 3)]
    minutes.look(AT + timedelta(seconds=3600), 3600, agents, 0, "hours")
    minutes.rest()
    minutes.look(AT + timedelta(seconds=3601), 3601, agents, 0, "hours")
    await minutes.keep(shelf, LEASE, all_of_it=True)  # type: ignore[arg-type]
    ten = AT.replace(hour=10, minute=0, second=0)
    assert shelf.kept[1] == AgentMinute(ten, 2.5, 2.5, 0, 8)
    assert shelf.kept[2].ready_seconds == LONGEST_LOOK_SECONDS
    assert shelf.kept[2].held == "hours"
    await minutes.keep(shelf, LEASE, all_of_it=True)  # type: ignore[arg-type]
    assert len(shelf.kept) == 3


async def test_a_run_keeps_what_its_agents_did(tmp_path: Path) -> None:
    """Two agents for four minutes: their seconds are 480, and those in talks are those of the attempts."""
    at = office(tmp_path)
    at.put(spring(), *numbers(20))
    at.public.usual = Fate(rings=2.0, holds=20.0)
    at.log_in("anna", "jan")
    at.start()
    await at.pass_by(240)
    told = at.dialler.explain("autumn")
    assert told is not None
    assert told["held"]["code"] in ("dials", "idle", "placing")
    assert sum(told["agent_states"].values()) == 2
    assert sum(told["in_flight"].values()) == told["calls"]
    at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], state=CampaignState.PAUSED)
    await at.until(lambda: not any(one.ended_at is None for one in at.books.attempts.values()))
    await at.pass_by(30)
    await at.stop()
    kept = at.books.minutes.values()
    assert len(kept) >= 4
    logged = sum(one.ready_seconds + one.talking_seconds + one.wrapping_seconds for one in kept)
    assert logged == pytest.approx(480, abs=60)
    talks = [
        (one.ended_at - one.connected_at).total_seconds()
        for one in at.books.attempts.values()
        if one.connected_at is not None and one.ended_at is not None
    ]
    assert len(talks) > 8
    assert sum(one.talking_seconds for one in kept) == pytest.approx(sum(talks), rel=0.1)
    assert max(one.lines for one in kept) == 2


async def test_a_minute_that_comes_again_when_a_clock_is_put_back_is_kept_once() -> None:
    minutes, shelf = MinuteTaking(), Shelf()
    for passed, at in enumerate((AT, AT + timedelta(minutes=1), AT, AT + timedelta(minutes=1))):
        minutes.look(at, float(passed), (), 0)
    await minutes.keep(shelf, LEASE, all_of_it=True)  # type: ignore[arg-type]
    kept = [one.at for one in shelf.kept]
    assert len(kept) == len(set(kept)) == 2
