"""Campaigns' pages show times of the configured zone, wherever the machine stands."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.campaign import CampaignMove
from dialer.reasons import ReasonCode, waits
from store.store import Store
from tests.console.campaign_stage import Campaigning, a_result, a_run, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import Stage


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clock stands eight hours before that of the configuration."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
async def room(
    far_away: None, stage: Stage, tmp_path: Path, make_store: Callable[..., Store]
) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.made()
        yield opened


async def test_all_of_them_do(room: Campaigning) -> None:
    room.forecasts.end(a_result())
    forecast = await room.page("/campaigns/spring/forecast")
    assert "Made 17.11, 09:12" in forecast
    assert "18.11, 16:40" in forecast
    assert re.findall(r"<tr><td>(\d\d):00</td>", forecast) == ["09", "10", "11"]
    assert "<text" in forecast
    assert "09:00</text>" in forecast

    held = {"code": "hours", "data": {"until": "2026-11-18T08:00:00+00:00"}}
    room.runs["spring"] = a_run(held=held)
    await room.parts.campaigns.set_state(SHELL, "spring", CampaignMove.START)
    for page in ("/campaigns/spring/live", "/parts/campaigns/spring/live"):
        live = await room.page(page)
        assert "18.11, 09:00" in live
        assert "Since 17.11, 11:30" in live

    (lead,) = await room.people("+48600000001")
    until = datetime(2026, 11, 17, 22, 30, tzinfo=UTC)
    kept = replace(await room.parts.leads.get(lead), not_before=until, reason=waits(ReasonCode.GAP, until))
    await room.parts.leads.keep([kept])
    listed = await room.page("/campaigns/spring/leads")
    assert "today 23:30" in listed
    assert "17.11, 23:30" in listed
    assert "17.11, 23:30" in await room.page(f"/parts/leads/{lead}/why")
    assert "2026-11-17T23:30:00+01:00" in await room.page("/campaigns/spring/leads.csv")
