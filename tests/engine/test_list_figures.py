"""A campaign's list is counted as often as its size bears; what the database knows of calls is never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from compliance.facts import Mode
from dialer.campaign import CampaignKind, CampaignState, Cause
from dialer.goals import StopRules
from engine.dialling.flights import Counted, Flights
from engine.dialling.list_figures import RESTS
from tests.engine.dialling_stage import Fate, numbers, office, spring
from tests.virtual_time import ANCHOR


async def test_a_large_list_is_counted_less_often_and_ends_all_the_same(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(
        spring(
            kind=CampaignKind.INFORMATION, mode=Mode.AGENTLESS, queue=None, flow="news", stop=StopRules(True)
        ),
        *numbers(3),
    )
    at.public.usual = Fate(holds=60)
    counted_at: list[float] = []
    counts = at.books.counts

    async def slowly(name: str):  # type: ignore[no-untyped-def]
        counted_at.append(at.stage.clock.monotonic())
        await asyncio.sleep(0.4)
        return await counts(name)

    at.books.counts = slowly  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED, 300)
    assert at.books.campaigns["autumn"].state_cause is Cause.LIST_ENDED
    assert len(at.public.dialled) == 3
    gaps = [later - earlier for earlier, later in pairwise(counted_at)]
    assert min(gaps[:-1]) >= 0.4 * RESTS  # the last one looks again before the list is over
    await at.stop()


async def test_somebody_new_is_called_at_once_though_counting_rests(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(kind=CampaignKind.CALLBACK, stop=StopRules(False)))
    at.log_in("anna")
    counts = at.books.counts

    async def slowly(name: str):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0.5)
        return await counts(name)

    at.books.counts = slowly  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: (at.dialler.explain("autumn") or {}).get("leads_left") == 0, 60)
    at.put(at.books.campaigns["autumn"], *numbers(1))
    at.dialler._runs["autumn"].list_has_changed()
    await at.until(lambda: at.public.dialled == list(numbers(1)), 5)
    await at.stop()


def test_what_other_engines_called_counts_and_what_is_not_written_yet_is_not_forgotten() -> None:
    flights = Flights(lambda moment: 0.0)
    flights.count(Counted(100, 40, 1), ANCHOR)
    flights.counted.attempts, flights.counted.live = 110, 45
    flights.count(Counted(108, 46, 2), ANCHOR)
    assert flights.counted == Counted(110, 46, 2)
    flights.count(Counted(3, 1, 0), ANCHOR + timedelta(days=30))
    assert flights.counted == Counted(3, 1, 0)
