"""/campaigns/ID/forecast: made, followed while it is made, and what it says in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.api.forecast_shapes import EligibilityShape, OutlookShape
from console.campaigns.forecast import keeps_cap
from console.campaigns.forecast_charts import HEIGHT, bars, line, steps
from console.words import LANGUAGES
from engine.forecasts import ForecastPlace, settings_of
from store.store import Store
from tests.console.campaign_stage import Campaigning, a_result, an_outlook, open_campaigns
from tests.console.offices import SHELL, alerts
from tests.console.stage import Stage

FORECAST = "/campaigns/spring/forecast"
AT = datetime(2026, 11, 18, 8, tzinfo=UTC)


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.made()
        yield opened


async def test_a_forecast_is_made_followed_and_read(room: Campaigning) -> None:
    page = await room.page(FORECAST)
    assert "No forecast yet" in page
    assert 'name="agents" inputmode="numeric" maxlength="5" required autocomplete="off" value="1"' in page
    for wrong in ("", "0", "many", "9999"):
        assert "1 to 1000" in alerts(await room.send(FORECAST, 422, agents=wrong))[0]
    await room.send(FORECAST, agents="12")
    assert room.forecasts.kept is not None
    assert (room.forecasts.kept.order.agents, room.forecasts.kept.order.changes) == (12, (-2, 2))
    assert "Days are simulated: 3 of 30" in await room.page(FORECAST)
    assert "<progress" in await room.page(f"/parts{FORECAST}")
    room.forecasts.end(a_result())
    assert "<progress" not in await room.page(f"/parts{FORECAST}")
    page = await room.page(FORECAST)
    for told in (
        "Safe to start: abandoned calls stay near 1.9%, under the cap of 3.0%.",
        "The cap held in 9 of 10 simulated days. 88 leads can be called.",
        "no consent to marketing by call is in force",
        "this plan",
        "Nothing keeps it from starting.",
    ):
        assert told in page
    assert "Refused, for example" not in page
    known = await room.parts.campaigns.get("spring")
    await room.parts.campaigns.change(SHELL, replace(known, queue="nobody"))
    assert "under the cap of 3.0%, but it cannot start yet" in await room.page(FORECAST)
    room.forecasts.busy = True
    assert "is being made" in alerts(await room.send(FORECAST, 409, agents="12"))[0]


async def test_other_numbers_of_agents_are_asked_for_and_a_forecast_is_given_up(room: Campaigning) -> None:
    for wrong in ("many", "1 2 3 4 5 6", "+12345"):
        assert "such as +5 -2" in alerts(await room.send(FORECAST, 422, agents="12", what_if=wrong))[0]
    await room.send(FORECAST, agents="3", what_if="+5, −2 -7 0 5")
    assert room.forecasts.kept is not None
    assert room.forecasts.kept.order.changes == (5, -2)
    assert "/forecast/cancel" in await room.page(FORECAST)
    await room.send(FORECAST + "/cancel")
    page = await room.page(FORECAST)
    assert "The forecast was given up." in page
    assert "/forecast/cancel" not in page
    assert 'value="+5 -2"' in page


async def test_who_made_it_and_that_the_campaign_was_changed_since_is_told(room: Campaigning) -> None:
    known = await room.parts.campaigns.get("spring")
    room.forecasts.end(a_result(), settings=settings_of(known), place=ForecastPlace.COMMAND)
    page = await room.page(FORECAST)
    assert "Made at the command line by anna." in page
    assert "verdict-safe" in page
    assert "Made before the campaign was changed" not in page
    await room.parts.campaigns.change(SHELL, replace(known, lines=known.lines + 1, name="The other spring"))
    page = await room.page(FORECAST)
    assert "Made before the campaign was changed" in page
    assert "verdict-safe" not in page
    await room.send(FORECAST, agents="12")
    assert room.forecasts.kept is not None
    assert room.forecasts.kept.order.place is ForecastPlace.PAGE
    assert room.forecasts.kept.order.by.startswith("person:")


async def test_of_a_sample_the_interval_is_told(room: Campaigning) -> None:
    result = a_result()
    result["eligibility"] |= {"judged": 50, "sampled": True}
    result["eligibility"]["callable"] = {"expected": 88, "low": 76, "high": 95}
    room.forecasts.end(result)
    page = await room.page(FORECAST)
    assert "judged by a sample of 50" in page
    assert "95 of 100 such samples: 76 to 95" in page


async def test_who_is_refused_is_shown_for_each_rule(room: Campaigning) -> None:
    (lead,) = await room.people("+48600000001")
    result = a_result()
    result["eligibility"]["rules"][0]["examples"] = [lead, "01GONE"]
    room.forecasts.end(result)
    page = await room.page(FORECAST)
    assert "Refused, for example" in page
    assert f'data-why="/parts/leads/{lead}/why"' in page
    assert "Anna 0" in page
    assert "01GONE" not in page


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_not_safe_or_not_simulated_is_said(room: Campaigning, language: str) -> None:
    room.office.headers["Accept-Language"] = language
    room.forecasts.end(a_result(0.04))
    assert "verdict-unsafe" in await room.page(FORECAST)
    room.forecasts.end(a_result(None))
    page = await room.page(FORECAST)
    assert "verdict" not in page
    assert "pl-pke/consent" in page
    room.forecasts.end(None, "The database does not answer.")
    page = await room.page(FORECAST)
    assert "The database does not answer." in alerts(page)[0]
    assert "pl-pke/consent" in page  # of the last one that was made


def test_safe_is_when_the_interval_is_under_the_cap() -> None:
    assert keeps_cap(OutlookShape.model_validate(an_outlook(0.0249)))
    assert not keeps_cap(OutlookShape.model_validate(an_outlook(0.0251)))


def test_where_bars_lines_and_steps_lie() -> None:
    outlook = OutlookShape.model_validate(an_outlook(0.019))
    found, marks = bars(outlook.hours, UTC)
    assert [bar.calls for bar in found] == [300, 300, 300]
    assert all(bar.high_y < bar.calls_y < bar.low_y < bar.reached_y < HEIGHT for bar in found)
    assert marks[0][1] == 0
    assert marks[-1][1] >= 330
    assert bars([], UTC)[0] == []
    drawn = line([(AT + timedelta(hours=n), [0.01, 0.02, 0.03]) for n in range(3)], UTC, 0.03)
    assert drawn is not None
    assert drawn.cap_y is not None
    assert len(drawn.middle.split()) == 3
    assert line([(AT, [0.1, 0.2, 0.3]), (AT, None)], UTC) is None
    eligibility = EligibilityShape.model_validate(a_result()["eligibility"])
    assert [(one.count, one.begins, one.takes) for one in steps(eligibility)] == [(12, 88.0, 12.0)]
