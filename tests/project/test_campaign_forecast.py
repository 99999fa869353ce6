"""`infolinia campaign forecast`, and forecasts that are made beside the hotline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.facts import Mode, Purpose
from dialer.campaign import CampaignKind
from dialer.recycling import AttemptCaps, RetryRules
from engine.clock import SystemClock
from engine.forecasting import FEWEST_DAYS
from engine.forecasts import ForecastBusy, ForecastOrder, ForecastPlace, ForecastState, KeptForecast
from infolinia.configuration import Configuration, load_configuration
from infolinia.forecasting.desk import ForecastDesk
from infolinia.forecasting.making import forecast_of
from store.store import Store, open_store
from tests.commands import Program, loaded_program
from tests.store.campaign_samples import campaign, listed
from tests.store.people import WE

LIMIT_SECONDS = 40.0


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people who may be informed, by one agent; and the same without agents."""
    folder = tmp_path_factory.mktemp("hotline")
    (folder / "infolinia.yaml").write_text("node: one\n")
    (folder / "var").mkdir()

    async def fill() -> None:
        clock = SystemClock()
        url = f"sqlite:///{folder}/var/infolinia.db"
        store = open_store(url, folder / "var" / "spool", clock=clock, node="one")
        await store.start()
        for name, mode in (("spring", Mode.PROGRESSIVE), ("news", Mode.AGENTLESS)):
            made = campaign(
                name,
                kind=CampaignKind.INFORMATION,
                purpose=Purpose.INFORMATION,
                mode=mode,
                retry=RetryRules(caps=AttemptCaps(lead=1)),  # the simulated day ends with the first calls
                created_at=clock.now(),
            )
            await store.campaigns.create(WE, made)
            await store.leads.add(WE, name, [listed(n) for n in range(3)])
        await store.campaigns.create(WE, campaign("empty"))
        await store.close()

    asyncio.run(fill())
    return folder


async def home_store(home: Path) -> Store:
    url, spool = f"sqlite:///{home}/var/infolinia.db", home / "var" / "spool"
    opened = open_store(url, spool, clock=SystemClock(), node="one")
    await opened.start()
    return opened


async def ended(desk: ForecastDesk, id: str) -> KeptForecast:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            kept = await desk.latest(id)
            assert kept is not None
            if kept.state is not ForecastState.RUNNING:
                return kept
            await asyncio.sleep(0.05)


def test_a_forecast_tells_who_may_be_called_and_what_a_day_comes_to(program: Program, home: Path) -> None:
    args = ("campaign", "forecast", "spring", "--agents", "1", "--days", "1", "--what-if", "5", "--json")
    ran = program.run(home, *args)
    assert ran.code == 0, ran.errors
    told = json.loads(ran.output)
    assert (told["eligibility"]["standing"], told["eligibility"]["elsewhere"]["expected"]) == (3, 3)
    assert told["eligibility"]["callable"]["expected"] == 3
    assert (told["forecast"]["days"], told["calls_known"]) == (1, 0)
    assert told["forecast"]["finish"]["expected"] is not None
    assert any("default" in note for note in told["notes"])
    assert [one["agents"] for one in told["what_if"]] == [6]
    assert told["what_if"][0]["finish"]["expected"] <= told["forecast"]["finish"]["expected"]

    async def kept() -> KeptForecast | None:
        books = await home_store(home)
        try:
            return await books.campaign_forecasts.latest("spring")
        finally:
            await books.close()

    last = asyncio.run(kept())
    assert last is not None
    assert (last.order.place, last.order.changes, last.result) == (ForecastPlace.COMMAND, (5,), told)
    assert last.order.by.startswith("command:")


async def test_days_that_take_too_long_are_fewer_and_that_is_said(home: Path) -> None:
    configuration = load_configuration(home / "infolinia.yaml")
    place = ForecastPlace.API
    made = await forecast_of(
        configuration, "spring", agents=1, days=9, changes=(5,), place=place, by="", most_seconds=0.0
    )
    assert made.forecast is not None
    assert (made.forecast.days, made.variants[0].forecast.days) == (FEWEST_DAYS, FEWEST_DAYS)
    assert any(f"{FEWEST_DAYS} of 9 were simulated" in note for note in made.notes)


def test_what_is_not_simulated_is_said(program: Program, home: Path) -> None:
    ran = program.run(home, "campaign", "forecast", "news")
    assert ran.code == 0, ran.errors
    assert "3 leads stand on the list, 0 are over." in ran.output
    assert "Only progressive and predictive dialling is simulated, not agentless." in ran.output
    empty = program.run(home, "campaign", "forecast", "empty", "--agents", "2")
    assert "Its list is empty, or all of it is done: add leads." in empty.output
    unknown = program.run(home, "campaign", "forecast", "empty")
    assert (unknown.code, "say how many there are" in unknown.errors) == (2, True)
    assert program.run(home, "campaign", "forecast", "none").code == 2


async def test_one_forecast_is_made_at_a_time_beside_the_hotline(home: Path) -> None:
    books = await home_store(home)
    desk = ForecastDesk(load_configuration(home / "infolinia.yaml"), SystemClock(), books.campaign_forecasts)
    try:
        begun = await desk.begin("news", ForecastOrder(1, 1, (), ForecastPlace.PAGE, "person:1"))
        assert (begun.state, await desk.begin("news", ForecastOrder(9))) == (ForecastState.RUNNING, begun)
        with pytest.raises(ForecastBusy):
            await desk.begin("spring", ForecastOrder(1))
        done = await ended(desk, "news")
        assert done.state is ForecastState.DONE, done.error
        assert done.result is not None
        assert done.result["eligibility"]["judged"] == 3
        assert (done.order.place, done.order.by) == (ForecastPlace.PAGE, "person:1")
        await desk.begin("none", ForecastOrder(1))
        failed = await ended(desk, "none")
        assert (failed.state, failed.error) == (ForecastState.FAILED, "There is no campaign none.")
        await desk.begin("spring", ForecastOrder(1, 100))
        cancelled = await desk.cancel("spring")
        assert cancelled is not None
        assert cancelled.state is ForecastState.CANCELLED
        after = ForecastDesk(
            load_configuration(home / "infolinia.yaml"), SystemClock(), books.campaign_forecasts
        )
        assert await after.latest("news") == done  # of an engine that was started anew
        assert await after.latest("none") is None
    finally:
        await desk.close()
        await books.close()


async def test_without_a_database_it_fails_in_a_sentence(home: Path, tmp_path: Path) -> None:
    books = await home_store(home)
    broken = Configuration(folder=tmp_path, database=f"sqlite:///{tmp_path}/none.db")
    desk = ForecastDesk(broken, SystemClock(), books.campaign_forecasts)
    try:
        await desk.begin("spring", ForecastOrder(1))
        failed = await ended(desk, "spring")
        assert failed.state is ForecastState.FAILED
        assert failed.error is not None
        assert failed.error.endswith(".")
    finally:
        await desk.close()
        await books.close()
