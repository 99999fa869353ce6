"""/callbacks: who sees which, in a list and by day, why they wait, and what is done to them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.callbacks.calendar import bounds, on_days
from console.callbacks.telling import CallbackRow
from console.words import LANGUAGES
from dialer.campaign import CampaignMove
from engine.registers.access import Role
from engine.registers.callbacks import CallbackFilter
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.interaction import ContactPoint, PointKind
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import ICONS, Stage

HOUR = timedelta(hours=1)


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.office.add("Anna", Role.AGENT)
        yield opened


async def asked(room: Campaigning, n: int, **more: Any) -> CallbackRequest:
    now = room.stage.clock.now()
    fields: dict[str, Any] = {"window_to": now + 4 * HOUR, "queue": "orders", "name": f"Jan {n}", **more}
    topic = fields.pop("topic", "orders")
    point = ContactPoint(PointKind.PHONE, f"+4860000000{n}")
    request = CallbackRequest(f"c{n}", point, topic, CallbackSource.API, now, **fields)
    return (await room.parts.callbacks.request(SHELL, request)).request


async def signed_in(room: Campaigning, name: str) -> None:
    room.office.client.session.cookie_jar.clear()
    assert (await room.office.sign_in(name)).status == 303


async def test_agents_see_theirs_and_their_teams_supervisors_all(room: Campaigning) -> None:
    await asked(room, 1, agent="anna", queue=None)
    await asked(room, 2)
    await asked(room, 3, agent="jan")
    await asked(room, 4, queue="returns", topic="returns")
    page = await room.page("/callbacks")
    assert [f"Jan {n}" in page for n in (1, 2, 3, 4)] == [True] * 4
    assert 'href="/callbacks"' in page.split("<main")[0]
    await signed_in(room, "Anna")
    page = await room.page("/callbacks")
    assert [f"Jan {n}" in page for n in (1, 2, 3, 4)] == [True, True, False, False]
    assert "/contacts/" not in page.split("<main")[1]
    mine = await room.page("/callbacks?show=mine")
    assert ("Jan 1" in mine, "Jan 2" in mine) == (True, False)
    team = await room.page("/callbacks?show=team")
    assert ("Jan 1" in team, "Jan 2" in team) == (False, True)
    await room.send("/callbacks/c3/take", 404, version="1")
    await room.send("/callbacks/c4/cancel", 404, reason="not hers to cancel")


async def test_why_nobody_calls_yet_is_told(room: Campaigning) -> None:
    await asked(room, 1, topic="returns", queue=None)
    now = room.stage.clock.now()
    await asked(room, 2, window_from=now + HOUR, window_to=now + 2 * HOUR, person_chose=True)
    await asked(room, 3)
    campaign = await room.made(kind="callback", purpose="service", topics=["orders"])
    assert "No campaign that runs keeps callbacks of returns" in await room.page("/callbacks")
    await room.parts.campaign_rules.move(SHELL, campaign.id, CampaignMove.START, "")
    page = await room.page("/callbacks")
    assert "Its time begins" in page
    assert "Comes to campaign The spring call in a moment" in page


async def test_it_is_taken_moved_given_back_and_cancelled(room: Campaigning) -> None:
    await asked(room, 1)
    await signed_in(room, "Anna")
    assert "Take it" in await room.page("/callbacks")
    assert await room.send("/callbacks/c1/take?show=team", version="1") == "/callbacks?show=team&done=taken"
    known = await room.parts.callbacks.get("c1")
    assert (known.agent, known.version) == ("anna", 2)
    await room.send("/callbacks/c1/team", 409, version="1")
    await room.send("/callbacks/c1/team", version="2")
    assert (await room.parts.callbacks.get("c1")).agent is None
    begins = (room.stage.clock.now() + HOUR).astimezone(room.parts.zone)
    wrong = await room.send("/callbacks/c1/move", 422, version="3")
    assert "Tell from when on, or until when." in wrong
    written = begins.strftime("%Y-%m-%dT%H:%M")
    await room.send("/callbacks/c1/move", version="3", **{"from": written})
    known = await room.parts.callbacks.get("c1")
    assert known.window_from == begins.replace(second=0, microsecond=0)
    assert known.person_chose
    await room.send("/callbacks/c1/cancel", 422, reason=" ")
    await room.send("/callbacks/c1/cancel", reason="the parcel came")
    known = await room.parts.callbacks.get("c1")
    assert (known.state, known.ended_reason) == (CallbackState.CANCELLED, "the parcel came")
    await room.send("/callbacks/c1/cancel", 409, reason="once more")


async def test_without_a_desk_nobody_calls_and_without_a_token_nothing_is_done(room: Campaigning) -> None:
    await asked(room, 1)
    await room.send("/callbacks/c1/call", 404)
    answer = await room.office.post("/callbacks/c1/cancel", {"reason": "no token"})
    assert answer.status == 403
    assert (await room.parts.callbacks.get("c1")).state is CallbackState.OPEN


async def test_the_calendar_shows_them_on_their_days_in_both_times(room: Campaigning) -> None:
    now = room.stage.clock.now()
    tomorrow = now + timedelta(days=1)
    window = {"window_from": tomorrow, "window_to": tomorrow + HOUR, "person_chose": True}
    await asked(room, 1, time_zone="America/New_York", **window)
    await asked(room, 2)
    day = tomorrow.astimezone(room.parts.zone).date()
    page = await room.page(f"/callbacks?view=day&day={day}")
    assert "Jan 1" in page
    assert "Jan 2" not in page
    theirs, ours = tomorrow.astimezone(ZoneInfo("America/New_York")), tomorrow.astimezone(room.parts.zone)
    assert f"{theirs:%d.%m, %H:%M}–{theirs + HOUR:%H:%M}, America/New_York" in page
    assert f"here: {ours:%d.%m, %H:%M}–{ours + HOUR:%H:%M}" in page
    assert f"Times without a zone are of {room.parts.zone}." in page
    week = await room.page(f"/callbacks?view=week&day={now.astimezone(room.parts.zone).date()}")
    assert week.count('<section class="callback-day') == 7
    assert "Jan 2" in week
    for bad in (
        "view=month",
        "show=none",
        "day=2026-13-01",
        "day=0001-01-01",
        f"topic={'x' * 65}",
    ):
        await room.page(f"/callbacks?{bad}", 400)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_days_are_those_of_the_configured_zone(zone: str) -> None:
    """Whatever zone the machine is in: at noon UTC it is another day already in Kiritimati, at +14."""
    noon, here = datetime(2026, 11, 24, 12, tzinfo=UTC), ZoneInfo(zone)
    day = noon.astimezone(here).date()
    begins, ends = bounds([day], here)
    assert begins <= noon < ends
    assert (begins.hour, ends - begins) == (0, timedelta(days=1))
    one = CallbackRequest(
        "c1", ContactPoint(PointKind.PHONE, "+48600000001"), "orders", CallbackSource.API, noon,
        window_from=noon, window_to=noon + HOUR,
    )  # fmt: skip
    row = CallbackRow(one, "Jan", "", "open", ("", ""), "", "", "", None, "", True, noon)
    assert [bool(found.rows) for found in on_days([day, day + timedelta(days=1)], [row], noon, here)] == [
        True,
        False,
    ]


async def test_what_was_kept_and_broken_is_counted(room: Campaigning) -> None:
    for n in (1, 2, 3):
        await asked(room, n)
    await room.parts.callbacks.reached("c1", "campaign spring", "anna")
    await room.parts.callbacks.give_up("c2", "its window passed")
    ended_at = (await room.parts.callbacks.get("c1")).ended_at
    assert ended_at is not None
    room.stage.clock.at = ended_at
    await signed_in(room, "Ewa")
    page = await room.page("/callbacks?show=broken")
    assert ("Jan 2" in page, "Jan 1" in page.split("<tbody>")[1]) == (True, False)
    assert "Its window passed" in page
    figures = page.split("Kept in the last week")[1]
    assert re.findall(r">(\d+) %<", figures) == ["0", "100"], "the team, then Anna"
    assert (await room.parts.callbacks.counts())["kept"] == 1


async def test_every_page_in_every_language(room: Campaigning) -> None:
    for n in range(1, 5):
        await asked(room, n, agent="anna" if n == 2 else None)
    await room.parts.callbacks.reached("c1", "campaign spring", "anna")
    one = await room.parts.callbacks.get("c3")
    await room.parts.callbacks.change(SHELL, replace(one, window_to=room.stage.clock.now() + HOUR / 60))
    room.stage.clock.at += HOUR
    for language in LANGUAGES:
        room.office.client.session.cookie_jar.update_cookies({"language": language})
        for view in ("list", "day", "week"):
            for show in ("all", "late", "due"):
                page = await room.page(f"/callbacks?view={view}&show={show}")
                assert "{" not in page.split("<main")[1].split("<script")[0]
                icons = set(re.findall(r'icons.svg#([a-z0-9-]+)"', page))
                assert all(any(f'id="{icon}"' in line for line in ICONS) for icon in icons)
    found = await room.parts.callbacks.list(CallbackFilter(over_by=room.stage.clock.now()))
    assert [one.id for one in found.items] == ["c3"]
