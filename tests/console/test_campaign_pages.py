"""/campaigns: made step by step, checked, started and stopped; who may do which."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.words import LANGUAGES
from dialer.campaign import CampaignMove, CampaignState
from store.store import Store
from tests.console.campaign_stage import Campaigning, form_in, open_campaigns
from tests.console.offices import SHELL, alerts
from tests.console.stage import ICONS, Stage


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        yield opened


async def test_a_campaign_is_made_step_by_step_and_started(room: Campaigning) -> None:
    empty = await room.page("/campaigns")
    assert "No campaigns yet" in empty
    assert 'href="/campaigns/new"' in empty
    typed = form_in(await room.page("/campaigns/new"), "/campaigns/new")
    typed |= {"name": "The Spring call", "kind": "information", "purpose": "information"}
    place = await room.send("/campaigns/new", **{**typed, "queue": "orders"})
    assert place == "/campaigns/the-spring-call/change?step=how&done=made"
    page = await room.page(place)
    assert "The draft is made." in page
    typed = form_in(page, "/campaigns/the-spring-call/change")
    assert typed["retry.recycling.no_answer.after_seconds"] == "240"
    typed |= {
        "lines": "9",
        "calls_per_second": "1,5",
        "caller_ids": "+48 = +48 22 000 00 10",
        "hours": "office",
    }
    checks = await room.send("/campaigns/the-spring-call/change?step=how", **typed)
    checked = await room.page(checks)
    assert "Nothing keeps it from starting." in checked
    kept = await room.parts.campaigns.get("the-spring-call")
    assert (kept.lines, kept.calls_per_second, kept.hours) == (9, 1.5, "office")
    assert kept.caller_ids == {"+48": "+48220000010"}
    assert kept.time_zone == str(room.parts.zone)
    place = await room.send("/campaigns/the-spring-call/moves/start", reason="all is checked")
    page = await room.page(place)
    assert "Started." in page
    assert "pill-talking" in page
    kept = await room.parts.campaigns.get("the-spring-call")
    assert (kept.state, kept.state_note) == (CampaignState.RUNNING, "all is checked")
    await room.send("/campaigns/the-spring-call/moves/start", 409)
    for move in (CampaignMove.PAUSE, CampaignMove.FINISH, CampaignMove.REOPEN):
        await room.send(f"/campaigns/the-spring-call/moves/{move}")
    listed = await room.page("/campaigns")
    assert "Paused" in listed
    assert "nobody on the list" in listed
    await room.send("/campaigns/the-spring-call/moves/dance", 404)


async def test_sending_a_form_as_it_is_changes_nothing(room: Campaigning) -> None:
    best = {"best_time": {"parts": [{"begins": 480, "ends": 720}, {"begins": 1020, "ends": 1200}]}}
    before = await room.made(retry=best, goal={"count": 5}, packs=("us-tsr",), last_day="2199-12-31")
    for step in ("what", "how"):
        path = f"/campaigns/spring/change?step={step}"
        await room.send(path, **form_in(await room.page(path), "/campaigns/spring/change"))
    after = await room.parts.campaigns.get("spring")
    assert replace(after, version=1, updated_at=before.updated_at) == before


async def test_all_mistakes_at_once_each_by_its_field_with_its_remedy(room: Campaigning) -> None:
    await room.made(queue="nobody", lines=4000, abandon={"opt_out_key": "5"}, ring_seconds=3)
    place = await room.send("/campaigns/spring/moves/start")
    assert place == "/campaigns/spring/change?step=check&done=mistakes"
    page = await room.page(place)
    assert "It was not started" in alerts(page)[0]
    assert "There is no queue 'nobody'" in page
    assert "It rings for 3 s" in page
    assert re.search(r"\d mistakes? keeps? it from starting", page)
    link = re.search(r'href="/campaigns/spring/change\?step=how#f-ring_seconds"', page)
    assert link is not None
    how = await room.page("/campaigns/spring/change?step=how")
    beside = how.split('id="f-ring_seconds"', 1)[1].split("</div>", 1)[0]
    assert 'aria-invalid="true"' in beside
    assert "It rings for 3 s" in beside
    assert (await room.parts.campaigns.get("spring")).state is CampaignState.DRAFT


async def test_the_engine_that_dials_is_told_at_once(room: Campaigning) -> None:
    await room.made()
    for move in (CampaignMove.START, CampaignMove.PAUSE, CampaignMove.RESUME):
        await room.send(f"/campaigns/spring/moves/{move}")
    assert len(room.told) == 3
    path = "/campaigns/spring/change?step=what"
    form = form_in(await room.page(path), "/campaigns/spring/change")
    await room.send(path, **form)
    await room.send(path, 409, **{**form, "version": "1"})
    assert len(room.told) == 4
    version = str((await room.parts.campaigns.get("spring")).version)
    await room.send("/campaigns/spring/pace", version=version, lines="3", share="1", calls_per_second="1")
    assert len(room.told) == 5


async def test_mistakes_are_told_in_the_reader_s_language(room: Campaigning) -> None:
    await room.made(queue="nobody", ring_seconds=3)
    for language, told in (("pl", "Dzwoni przez 3 s; ustaw"), ("ru", "Звонит 3 с; установите")):
        await room.send("/language", language=language)
        assert told in await room.page("/campaigns/spring/change?step=check")
        how = await room.page("/campaigns/spring/change?step=how")
        assert told in how.split('id="f-ring_seconds"', 1)[1].split("</div>", 1)[0]
        assert "It rings" not in how


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"lines": "many"}, "Write a whole number."),
        ({"lines": "0"}, "Set 1 at least."),
        ({"calls_per_second": "-1"}, "Write a number, such as 2.5."),
        ({"ring_seconds": "9999"}, "Set 600 at most."),
        ({"caller_ids": "= +48220000010\n= +48220000011"}, "Write one number a line"),
        ({"caller_ids": "+48 = telephone"}, "This cannot be read."),
        ({"retry.best_time": "morning"}, "Write parts of the day"),
        ({"mode": "magic"}, "This cannot be read."),
        ({"first_day": "tomorrow"}, "This cannot be read."),
        ({"time_zone": "Mars/Base"}, "This cannot be read."),
        ({"abandon.opt_out_key": "99"}, "This cannot be read."),
        ({"machine.flow": "x" * 300}, "Write less"),
    ],
)
async def test_what_cannot_be_read_is_told_and_not_lost(
    room: Campaigning, typed: dict[str, str], sentence: str
) -> None:
    await room.made()
    path = "/campaigns/spring/change?step=how"
    form = form_in(await room.page(path), "/campaigns/spring/change")
    page = await room.send(path, 422, **{**form, "share": "7", **typed})
    assert any(told.startswith(sentence) for told in alerts(page)), alerts(page)
    assert form_in(page, "/campaigns/spring/change")["share"] == "7"
    assert (await room.parts.campaigns.get("spring")).version == 1


async def test_a_name_that_is_taken_or_makes_no_id(room: Campaigning) -> None:
    await room.made()
    typed = form_in(await room.page("/campaigns/new"), "/campaigns/new")
    taken = await room.send("/campaigns/new", 422, **{**typed, "name": "The spring call"})
    assert "choose another name" in alerts(taken)[0]
    place = await room.send("/campaigns/new", **{**typed, "name": "Spring"})
    assert place.startswith("/campaigns/spring-2/")
    page = await room.send("/campaigns/new", 422, **{**typed, "name": "2027"})
    assert alerts(page)[0].startswith("Write a short name")
    page = await room.send("/campaigns/new", 422, **{**typed, "name": "Other", "id": "spring"})
    assert "choose another id" in alerts(page)[0]
    assert (await room.send("/campaigns/new", **{**typed, "name": "2027", "id": "y2027"})) != ""


async def test_changes_of_others_are_heeded_and_a_running_one_gets_no_mistake(
    room: Campaigning,
) -> None:
    known = await room.made()
    path = "/campaigns/spring/change?step=how"
    form = form_in(await room.page(path), "/campaigns/spring/change")
    await room.parts.campaigns.change(SHELL, replace(known, lines=9))
    assert "meanwhile" in alerts(await room.send(path, 409, **form))[0]
    await room.send(path, 400, **{**form, "version": "x"})
    await room.parts.campaign_rules.move(SHELL, "spring", CampaignMove.START, "")
    form = form_in(await room.page(path), "/campaigns/spring/change")
    page = await room.send(path, 422, **{**form, "ring_seconds": "3"})
    assert alerts(page)[0].startswith("Not saved: the campaign runs")
    await room.send(path, **{**form, "ring_seconds": "30"})
    await room.parts.campaign_rules.move(SHELL, "spring", CampaignMove.FINISH, "")
    form = form_in(await room.page(path), "/campaigns/spring/change")
    assert "reopen it first" in alerts(await room.send(path, 422, **form))[0]


async def test_only_managers_change_campaigns(room: Campaigning) -> None:
    await room.made()
    assert (await room.office.sign_in("Jan")).status == 303
    for path in ("/campaigns", "/campaigns/spring/leads", "/campaigns/spring/rules"):
        page = await room.page(path)
        assert "/campaigns/new" not in page
        assert "/moves/" not in page
        assert "/change" not in page
    for path in ("/campaigns/new", "/campaigns/spring/change"):
        await room.page(path, 403)
    for path in ("spring/change", "spring/moves/start", "spring/list"):
        await room.send(f"/campaigns/{path}", 403)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_speaks_and_keeps_the_policy(room: Campaigning, language: str) -> None:
    await room.made(packs=("us-tsr", "uk-ofcom"), queue=None)
    await room.people("+48600000001")
    known = {line.split('id="')[1].split('"')[0] for line in ICONS if "<symbol" in line}
    room.office.headers["Accept-Language"] = language
    steps = [f"/campaigns/spring/change?step={step}" for step in ("what", "how", "check")]
    pages = ["/campaigns", "/campaigns/new", "/campaigns/spring/leads", "/campaigns/spring/rules", *steps]
    for path in pages:
        page = await room.page(path)
        assert f'<html lang="{language}"' in page
        assert set(re.findall(r"icons\.svg#([a-z0-9-]+)", page)) <= known
        assert " style=" not in page
        assert not re.search(r"<script(?! src)", page)


async def test_pages_that_are_not_there(room: Campaigning) -> None:
    await room.made()
    for path in ("nobody/leads", "nobody/rules", "nobody/change"):
        assert "There is no such campaign." in await room.page(f"/campaigns/{path}", 404)
    for path in ("spring/change?step=x", "spring/leads?view=x", "spring/leads?after=x"):
        await room.page(f"/campaigns/{path}", 400)
    await room.page("/campaigns?after=x", 400)
    await room.page("/parts/leads/nobody/why", 404)
    assert (await room.office.page("/campaigns/spring")).headers["Location"] == "/campaigns/spring/leads"


async def test_dispositions_and_languages_are_chosen_by_what_people_call_them(room: Campaigning) -> None:
    page = await room.page("/campaigns/new")
    assert 'name="dispositions:not_interested" value="yes">Not interested</label>' in page
    assert '<option value="pl">Polski</option>' in page
    await room.made(language="pt-BR")
    kept = await room.page("/campaigns/spring/change?step=what")
    assert '<option value="pt-BR" selected>pt-BR</option>' in kept, "one that was set by the API is kept"
    room.office.client.session.cookie_jar.update_cookies({"language": "pl"})
    assert "Brak zainteresowania</label>" in await room.page("/campaigns/new")
