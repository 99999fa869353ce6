"""The recorded talks of a call on its page: who hears them, and what the page shows of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright, expect

from calls.call import fold
from calls.events import CallEventKind as Kind
from console.call_player import player
from console.call_view import agents_of, written_of
from console.words import load_words
from engine.desk.settings import DeskSettings
from engine.ports import HistoryRow
from engine.registers.access import Role
from engine.registers.agents import AgentProfile
from engine.registers.recordings import RecordingState, TranscriptState
from history.dispositions import TRADE
from history.interaction import Channel, Interaction
from tests.console.desk_stage import StagedDesks
from tests.console.offices import Office
from tests.console.recorded_talk import BEGUN, Recorded, recorded_talk, talk_events
from tests.console.stage import PHONE, START, Stage, log, order_call, text_of
from tests.console.test_console_browser import CHROMIUM
from tests.patience import PAGE_MS

AUDIO = "/recordings/c1.rec.40/audio"


class FakeAgents:
    """Everybody who signs in is an agent named as they are."""

    async def of_person(self, actor: Any, person_id: str) -> Any:
        class Profile:
            name = person_id.removeprefix("p-")

        return Profile()

    async def profiles(self) -> Any:
        return (AgentProfile("anna", "p-anna", "Anna A"),)


@pytest.fixture
async def recorded(stage: Stage) -> Recorded:
    stage.queries.add(talk_events(), PHONE)
    register = Recorded(await recorded_talk(stage.recordings))
    stage.recorded = register  # type: ignore[assignment]
    stage.agents = FakeAgents()  # type: ignore[assignment]
    return register


@pytest.fixture
async def client(stage: Stage, recorded: Recorded) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        yield client


async def test_the_page_has_the_talk_its_words_and_what_is_missing(client: TestClient) -> None:
    page = await text_of(client, "/calls/c1")
    # Nothing is fetched, and so told to be heard, before somebody plays it.
    assert f'<audio preload="none" src="{AUDIO}" data-start="32.0" data-seconds="40.0"' in page
    for piece in (
        "stretch-queue",
        "stretch-hold",
        "stretch-paused",
        "stretch-silent",
        "Hold 0:08",
        "Queue 0:18",
    ):
        assert piece in page, piece
    assert '<span class="word unsure" data-seek="33.9">today</span>' in page
    assert 'data-at="35.1"' in page
    assert "dotted words are unsure" in page
    for language, piece in (("pl", "słowa z kropkami"), ("ru", "слова с точками")):
        client.session.cookie_jar.update_cookies({"language": language})
        assert piece in await text_of(client, "/calls/c1")


async def test_the_page_has_what_the_agents_wrote(client: TestClient, stage: Stage) -> None:
    assert "What agents wrote" not in await text_of(client, "/calls/c1")
    at = stage.queries.rows[0].interaction.at
    part = Interaction(
        "t1", at, Channel.TALK, "inbound", "c1", PHONE, agent="anna", disposition="callback",
        note="Ring the <back> door", language="en",
    )  # fmt: skip
    theirs = replace(part, id="t2", source="crm", note="Not ours")
    stage.queries.rows[:0] = [HistoryRow(part, None), HistoryRow(theirs, None)]
    page = await text_of(client, "/calls/c1")
    said = page.split("What agents wrote")[1].split("</dl>")[0]
    assert "<dt>Anna A</dt>" in said
    assert "<strong>callback</strong>" in said
    assert "Ring the &lt;back&gt; door" in said
    assert "Not ours" not in page


async def test_who_was_asked_for_advice_is_not_the_caller(tmp_path: Path) -> None:
    """What Anna hears meanwhile is Jan, and he is one of those who had the call."""
    consult: dict[str, object] = {"agent": "anna", "kind": "agent", "target": "jan"}
    events = talk_events()
    more = log(
        "c1",
        START,
        [
            (64.0, Kind.CONSULT_STARTED, {**consult, "leg": "c1.leg.50"}),
            (70.0, Kind.CONSULT_ENDED, {**consult, "outcome": "transferred", "seconds": 6}),
            (70.0, Kind.TRANSFERRED, {**consult, "how": "attended"}),
        ],
    )
    in_order = sorted([*events, *more], key=lambda event: event.at)
    told = [replace(event, seq=seq) for seq, event in enumerate(in_order, 1)]
    shown = player(fold(told), told, [await recorded_talk(tmp_path / "kept")], load_words()["en"])
    assert shown is not None
    sides = {word.text: line.side for line in shown.lines for word in line.words}
    assert sides["oh"] == "caller"
    assert sides["three"] == "consulted"
    assert "Consultation 0:06" in [line.text for line in shown.lines]
    assert agents_of(told) == ("anna", "jan")


async def test_the_events_have_names_and_outcomes_as_people_know_them(
    desks: StagedDesks, client: TestClient, stage: Stage
) -> None:
    desks.settings = DeskSettings("PL", dispositions=TRADE)
    events = stage.queries.logs["c1"]
    for kind, data in (
        (Kind.WORK_DONE, {"step": "sales", "verb": "queue", "outcome": "next"}),
        (Kind.WRAPPED_UP, {"agent": "anna", "disposition": "not_interested"}),
    ):
        events.append(replace(events[-1], seq=len(events) + 1, kind=kind, data=data))
    page = await text_of(client, "/calls/c1")
    assert "Anna A, Not interested" in page
    assert "sales, answered by an agent" in page
    assert "not_interested" not in page
    assert re.findall(r".*\banna\b.*", page) == []


def test_an_outcome_is_told_by_its_label() -> None:
    part = Interaction(
        "t1", datetime(2026, 11, 20, tzinfo=UTC), Channel.TALK, "inbound", "c1", disposition="callback"
    )
    (told,) = written_of([replace(part, agent="jan")], {}, TRADE, load_words()["pl"])
    assert (told.agent, told.outcome, told.note) == ("jan", "Oddzwonić", "")


async def test_the_sound_is_served_whole_and_by_range(client: TestClient, stage: Stage) -> None:
    whole = await (await client.get(AUDIO)).read()
    assert whole[:4] == b"fLaC"
    part = await client.get(AUDIO, headers={"Range": "bytes=1000-1999"})
    assert (part.status, await part.read()) == (206, whole[1000:2000])
    head = await client.head(AUDIO)
    assert (head.status, head.content_length) == (200, len(whole))
    assert (await client.get(AUDIO, headers={"Range": "bytes=x"})).status == 200
    saved = await client.head(f"{AUDIO}?save=1")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="c1.rec.40.flac"'
    assert (await client.get("/recordings/nobody/audio")).status == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": RecordingState.RUNNING, "path": None, "seconds": None}, "is being recorded"),
        ({"state": RecordingState.LOST, "path": None}, "could not be kept"),
        ({"state": RecordingState.DELETED, "path": None}, "was deleted"),
        ({"detail": "5 of 40 seconds are missing."}, "A part of the talk is missing"),
        ({"transcript_state": TranscriptState.WAITING, "transcript": ()}, "still to be written down"),
        ({"transcript_state": TranscriptState.NO_MODEL, "transcript": ()}, "no speech model"),
        ({"transcript_state": TranscriptState.FAILED, "transcript": ()}, "could not be written down"),
    ],
)
async def test_what_is_not_there_is_told(
    client: TestClient, stage: Stage, recorded: Recorded, changes: dict[str, Any], sentence: str
) -> None:
    recorded.recordings = [await recorded_talk(stage.recordings, **changes)]
    page = await text_of(client, "/calls/c1")
    assert sentence in page
    assert ("<audio" in page) is (recorded.recordings[0].path is not None)


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [("Anna", Role.AGENT, 200), ("Jan", Role.AGENT, 403), ("Ewa", Role.SUPERVISOR, 200)],
)
async def test_agents_hear_their_own_calls_and_supervisors_all(
    recorded: Recorded, office: Office, name: str, role: Role, status: int
) -> None:
    await office.add(name, role)
    await office.sign_in(name)
    assert (await office.page(AUDIO)).status == status
    assert await office.told("recording:c1.rec.40") == (["recording.heard"] if status == 200 else [])


async def test_the_call_is_saved_as_a_file(recorded: Recorded, office: Office) -> None:
    await office.add("Ewa", Role.SUPERVISOR)
    await office.sign_in("Ewa")
    answer = await office.page("/calls/c1/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="call-c1.json"'
    told = await answer.json()
    assert told["call"]["id"] == "c1"
    assert [event["kind"] for event in told["events"]][-1] == "ended"
    assert told["recordings"][0]["transcript"][0]["words"][1]["confidence"] == 0.44
    assert await office.told("call:c1") == ["call.exported"]
    assert (await office.page("/calls/c2/export")).status == 404
    await office.add("Jan", Role.AGENT)
    await office.sign_in("Jan")
    assert (await office.page("/calls/c1/export")).status == 403


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        await browser.close()


@pytest.mark.browser
async def test_a_moment_has_a_link_a_state_and_is_found(client: TestClient, chromium: Browser) -> None:
    context = await chromium.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.set_default_timeout(PAGE_MS)
    at = str(client.make_url("/calls/c1"))
    await page.goto(f"{at}#t=51")
    await expect(page.locator("#player [data-show=clock]")).to_have_text("0:51")
    await expect(page.locator("#state-at")).to_contain_text("Talking")
    await expect(page.locator("#state-at")).to_contain_text("recording on")
    await expect(page.locator("#events-count")).to_have_text("30 of 35")
    await expect(page.locator(".decisions .later")).to_have_count(1)
    await page.locator(".decided-at").last.click()
    await expect(page.locator("#state-at")).to_contain_text("recording paused")
    await page.locator("#copy-link").click()
    async with asyncio.timeout(PAGE_MS / 1000):
        while await page.evaluate("navigator.clipboard.readText()") != f"{at}#t=56":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await page.locator("#talk-words").fill("DELIVERY")
    await expect(page.locator(".talk .found-now")).to_contain_text("say delivery")
    await expect(page.locator("#talk-found")).to_have_text("1/1")
    await page.locator("#talk-words").fill("nothing of it")
    await expect(page.locator("#talk-found")).to_have_text("not found")
    axe = Axe()
    for theme in ("light", "dark"):
        await page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        found = await axe.run(page)
        assert found.violations_count == 0, found.generate_report()
    # The replay runs through what was not recorded, and stops at every event.
    await page.locator("#replay").click()
    await expect(page.locator("#player")).to_have_class("player playing")
    await page.locator("#events-title").click()
    await page.keyboard.press("Space")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(page.locator(".events .now")).to_have_count(1)
    assert await page.locator(".events .later").count() > 25
    await page.locator("#replay").click()
    await expect(page.locator(".later")).to_have_count(0)
    assert errors == []


@pytest.mark.browser
async def test_a_call_without_a_recording_is_replayed(
    client: TestClient, stage: Stage, chromium: Browser
) -> None:
    stage.queries.add(order_call("c9"), PHONE)
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PAGE_MS)
    await page.goto(str(client.make_url("/calls/c9")))
    clock = page.locator("#player [data-show=clock]")
    await expect(clock).to_have_text("0:00")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#state-at")).to_contain_text("With the line")
    await page.keyboard.press("Space")
    await expect(clock).to_have_text(re.compile("0:0[7-9]|0:[1-5]"))  # it goes on
    await page.keyboard.press("Space")
    await expect(page.locator("#player")).to_have_class("player")


@pytest.mark.browser
async def test_a_talk_is_played_by_keyboard_and_by_its_words(
    client: TestClient, tmp_path: Path, chromium: Browser
) -> None:
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.set_default_timeout(PAGE_MS)
    await page.goto(str(client.make_url("/calls/c1")))
    player = page.locator("#player")
    clock = player.locator("[data-show=clock]")
    await expect(clock).to_have_text("0:32")  # where the recording begins
    # Space plays from anywhere on the page; on a button it is the button's.
    await page.keyboard.press("Space")
    await expect(player).to_have_class("player playing")
    await page.keyboard.press("Space")
    await expect(player).to_have_class("player")
    await page.locator("#theme").press("Space")
    await expect(player).to_have_class("player")
    await page.reload()
    await player.focus()
    await page.keyboard.press("ArrowRight")
    await expect(clock).to_have_text("0:42")  # the hold
    await page.keyboard.press("ArrowLeft")
    await expect(clock).to_have_text("0:32")
    await page.keyboard.press("Space")
    await expect(player).to_have_class("player playing")
    await expect(clock).not_to_have_text("0:32")
    await page.keyboard.press("Space")
    await expect(player).to_have_class("player")
    await page.locator(".spoken .word", has_text="three").click()
    await expect(player).to_have_class("player playing")
    await expect(page.locator(".spoken.now")).to_contain_text("three")
    at = await page.evaluate("document.querySelector('#player audio').currentTime")
    assert at >= 65.0 - BEGUN - 0.1
    await player.locator("[data-do=speed]").click()
    await expect(player.locator("[data-do=speed]")).to_have_text("1.25×")
    await expect(player).to_have_class("player")  # it plays to its end
    for theme in ("light", "dark"):
        await page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        await page.screenshot(path=tmp_path / f"player-{theme}.png")
    overflow = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not overflow
    assert errors == []
