"""/campaigns/ID/live: its numbers are those of the rows, what it says is in the reader's language."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.words import LANGUAGES
from dialer.campaign import CampaignMove
from dialer.results import AttemptResult
from engine.changes import AttemptBegun, AttemptStored, Change
from engine.registers.campaign_minutes import AgentMinute
from store.store import Store
from tests.conftest import HandClock
from tests.console.campaign_stage import Campaigning, a_result, a_run, form_in, open_campaigns
from tests.console.offices import SHELL, alerts
from tests.console.stage import Stage
from tests.store.campaign_samples import MINUTE, attempt

LIVE = "/campaigns/spring/live"
ANSWERED = {"result": AttemptResult.ANSWERED, "conversation": True}
ABANDONED = {"result": AttemptResult.ABANDONED, "abandoned": True}
UNANSWERED = {"result": AttemptResult.NO_ANSWER}


@pytest.fixture
async def store(tmp_path: Path, make_store: Callable[..., Store]) -> Store:
    made = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await made.start()
    return made


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, store: Store, clock: HandClock) -> AsyncIterator[Campaigning]:
    stage.clock = clock  # type: ignore[assignment]
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.made()
        yield opened


async def started(room: Campaigning) -> None:
    await room.parts.campaigns.set_state(SHELL, "spring", CampaignMove.START)


async def dialled(room: Campaigning, store: Store, *ends: dict[str, Any]) -> None:
    """A minute apart, from ten minutes ago on."""
    clock = room.stage.clock
    await room.people(*(f"+4860000{n:04d}" for n in range(len(ends))))
    for n, end in enumerate(ends):
        now = clock.now()
        (lead,) = await store.leads.reserve("spring", "n1", 1, now, now + 5 * MINUTE)
        begun = attempt(lead, clock, f"call{n}")  # type: ignore[arg-type]
        over = replace(begun, ended_at=now, **end)
        changes: list[Change] = [AttemptBegun(begun, lead.version), AttemptStored(over, 1)]
        await store.ledger.commit(changes, durable=True)
        clock.at += MINUTE


async def test_the_page_tells_what_the_rows_say(room: Campaigning, store: Store) -> None:
    await started(room)
    await dialled(room, store, *[ANSWERED] * 6, ABANDONED, *[UNANSWERED] * 5)
    lease = await store.campaigns.lease("spring", "n1", 15)
    assert lease is not None
    at = room.stage.clock.at.replace(second=0, microsecond=0) - 8 * MINUTE
    await store.campaign_minutes.keep(
        lease, [AgentMinute(at, 15, 40, 5, 3), AgentMinute(at + MINUTE, held="trunk")]
    )
    page = await room.page(LIVE)
    counters = await store.campaigns.counters("spring", at - 20 * MINUTE)
    assert (counters.attempts, counters.live, counters.abandoned) == (12, 7, 1)
    for told in ("7 of 12 calls", "58.3%", "14.3%", "1 of 7 since", "75.0%", "The trunk failed"):
        assert told in page, told
    assert "Another engine dials for it" in page
    rows = re.findall(r"<tr><td>(\d\d:\d\d)</td><td class=\"number\">(\d+)</td>", page)
    assert sum(int(calls) for _, calls in rows) == 12
    assert await room.page("/parts" + LIVE)
    assert "Nobody was called on this day yet." in await room.page(f"{LIVE}?day=2026-11-01")
    for wrong in ("today", "1066-10-14"):
        await room.page(f"{LIVE}?day={wrong}", 400)
    await room.page("/campaigns/summer/live", 404)


async def test_a_campaign_opens_with_its_day_while_it_runs(room: Campaigning) -> None:
    client = room.office.client
    draft = await client.get("/campaigns/spring", allow_redirects=False, headers=room.office.headers)
    assert draft.headers["Location"] == "/campaigns/spring/leads"
    await started(room)
    running = await client.get("/campaigns/spring", allow_redirects=False, headers=room.office.headers)
    assert running.headers["Location"] == LIVE
    assert "hx-get" in await room.page(LIVE)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_why_so_many_are_called_is_said(room: Campaigning, language: str) -> None:
    """Each code of engine.dialling.held and of the pacers has its sentence in each language."""
    room.office.headers["Accept-Language"] = language
    await started(room)
    codes: dict[str, dict[str, object]] = {
        **{
            code: {}
            for code in (
                "preview",
                "other_engine",
                "counters",
                "asterisk",
                "days_over",
                "no_trunk",
                "placing",
            )
        },
        "idle": {},
        "nothing_yet": {},
        "state": {"state": "paused"},
        "hours": {"until": "2026-11-18T08:00:00+00:00"},
        "trunk": {"trunk": "carrier", "until": None},
        "dials": {"calls": 5},
    }
    whys = set()
    for code, data in codes.items():
        room.runs["spring"] = a_run(held={"code": code, "data": data})
        page = await room.page("/parts" + LIVE)
        whys.add(re.findall(r'live-why">([^<]+)<', page)[0])
    assert len(whys) == len(codes)
    room.runs["spring"] = a_run()
    page = await room.page("/parts" + LIVE)
    assert "pl-pke/consent" in page
    assert "carrier" in await _trunk(room)


async def _trunk(room: Campaigning) -> str:
    until = "2026-11-17T11:00:00+00:00"
    room.runs["spring"] = a_run(held={"code": "trunk", "data": {"trunk": "carrier", "until": until}})
    return await room.page("/parts" + LIVE)


async def test_pace_is_changed_while_it_runs_and_never_to_a_mistake(room: Campaigning) -> None:
    await started(room)
    page = await room.page(LIVE)
    pace = form_in(page, "/campaigns/spring/pace")
    assert (pace["lines"], pace["calls_per_second"], pace["share"]) == ("8", "2", "1")
    to = "/campaigns/spring/pace"
    assert await room.send(to, **pace | {"lines": "4", "calls_per_second": "0,5", "share": "3"}) == (
        f"{LIVE}?done=saved"
    )
    after = await room.parts.campaigns.get("spring")
    assert (after.lines, after.calls_per_second, after.share) == (4, 0.5, 3)
    assert "changed the campaign meanwhile" in alerts(await room.send(to, 409, **pace))[0]
    fresh = form_in(await room.page(LIVE), to)
    for wrong in ({"lines": "many"}, {"lines": "0"}, {"calls_per_second": "1e9"}, {"share": "-1"}):
        assert alerts(await room.send(to, 422, **fresh | wrong)), wrong
    assert (await room.parts.campaigns.get("spring")).version == after.version
    await room.office.post("/sign-out", {"csrf": await room.office.csrf()})
    assert (await room.office.sign_in("Jan")).status == 303
    assert to not in await room.page(LIVE)
    await room.send(to, 403, **fresh)


async def test_what_was_forecast_is_drawn_beside_what_is_measured(room: Campaigning, store: Store) -> None:
    await started(room)
    await dialled(room, store, ANSWERED, UNANSWERED)
    assert "chart-band" not in await room.page(LIVE)
    result = a_result()
    for point in result["forecast"]["curve"]:
        point["ends"] = point["ends"].replace("2026-11-18", "2026-11-21")
    room.forecasts.end(result)
    page = await room.page(LIVE)
    assert "chart-band" in page
    assert "forecast 73.0% to 83.0%" in page
    room.forecasts.end(a_result())  # of another day
    assert "chart-band" not in await room.page(LIVE)
