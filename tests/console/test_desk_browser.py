"""The desk in a real Chromium, by keyboard alone; its telephone and what stands behind it are staged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from acd.agents import AgentStatus
from acd.talks.talk import (
    CompleteTransfer,
    Consult,
    Hold,
    Mute,
    SendKeys,
    TalkPhase,
    Target,
    TargetKind,
    Transfer,
)
from engine.desk.refusals import DeskRefused
from engine.desk.view import DeskPart, DeskView
from tests.console.desk_scripts import CUT, SMALL, SOFTPHONE, UNGRANTED
from tests.console.desk_stage import CALL, StagedDesks, idle, ringing, talking, wrapping_up
from tests.console.offices import PASSWORD, Office
from tests.console.stage import START
from tests.console.test_console_browser import CHROMIUM, FLAGS, until
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
NOW = START
OpenDesk = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_desk(at_desk: Office) -> AsyncIterator[OpenDesk]:
    """Anna's desk; the test fails when a page logs an error that it did not expect."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    errors: list[str] = []
    url = f"http://127.0.0.1:{at_desk.client.port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        async def open_it(**options: Any) -> Page:
            context = await browser.new_context(
                **{"locale": "en", "viewport": {"width": 1440, "height": 900}, **options}
            )
            context.set_default_timeout(PAGE_MS)
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
            await page.route(
                "**/static/softphone.js",
                lambda route: route.fulfill(body=SOFTPHONE, content_type="text/javascript"),
            )
            await page.goto(f"{url}/sign-in?next=%2Fdesk")
            await page.locator("input[name=name]").fill("Anna")
            await page.locator("input[name=password]").fill(PASSWORD)
            await page.keyboard.press("Enter")
            await expect(page.locator("#line")).to_have_attribute("data-line", "good")
            return page

        yield open_it
        await browser.close()
    # Chromium writes each refused request to its console.
    expected = ("400 (Bad Request)", "409 (Conflict)")
    expected += ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_INCOMPLETE_CHUNKED")
    assert [error for error in errors if not any(one in error for one in expected)] == []


async def shown(page: Page, desks: StagedDesks, view: DeskView, kind: str) -> None:
    desks.show(view)
    await expect(page.locator("#the-band")).to_have_attribute("data-kind", kind)


async def acted(desks: StagedDesks, action: object) -> None:
    await until(lambda: ("anna", action) in desks.calls("act"), f"{action}")


async def test_a_call_by_keyboard(open_desk: OpenDesk, desks: StagedDesks) -> None:
    page = await open_desk()
    assert await page.evaluate("[phone.settings.user, phone.settings.password]") == ["anna", "secret"]
    await shown(page, desks, ringing(NOW), "ringing")
    await page.evaluate("phone.listener.incoming({ headers: {}, caller: '' })")
    await expect(page).to_have_title(re.compile("^● Sklep Anny"))
    await page.keyboard.press("F2")
    await until_js(page, "phone.asked.includes('answer')")
    await shown(page, desks, talking(NOW), "talking")
    await expect(page.locator("#level-them i.on")).to_have_count(7)

    await page.keyboard.press("F3")
    await acted(desks, Mute(True))
    await until_js(page, "phone.asked.includes('mute true')")
    await page.keyboard.press("F4")
    await acted(desks, Hold())
    await page.keyboard.press("F7")
    await page.keyboard.type("1#")
    await acted(desks, SendKeys("#"))
    await page.keyboard.press("Escape")
    await expect(page.locator("#keypad")).to_be_hidden()
    await expect(page.locator("[data-act=keypad]")).to_be_focused()

    # Whom it is given to is found by typing; the band stays in sight.
    await page.keyboard.press("F8")
    await page.keyboard.type("jan")
    await expect(page.locator(".target:visible")).to_have_count(1)
    top = await page.evaluate("document.getElementById('drawer').getBoundingClientRect().top")
    assert top >= await page.evaluate("document.getElementById('the-band').getBoundingClientRect().bottom")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await acted(desks, Consult(Target(TargetKind.AGENT, "jan")))
    await expect(page.locator("#drawer")).to_be_hidden()
    await page.keyboard.press("F8")
    await page.keyboard.type("nobody like this")
    await expect(page.locator("#drawer").get_by_text("Nothing found")).to_be_visible()
    await page.locator("#target-find").fill("")
    await page.keyboard.type("+48 22 000 00 77")
    await expect(page.locator("#targets-none")).to_be_hidden()
    await page.locator("#outside-number").get_by_role("button", name="Give").click()
    await acted(desks, Transfer(Target(TargetKind.NUMBER, "+48220000077")))
    await shown(page, desks, talking(NOW, TalkPhase.CONSULTING), "consulting")
    await page.keyboard.press("Control+Enter")
    await acted(desks, CompleteTransfer())

    # A note is saved as it is typed, and what is typed stays while parts come anew.
    await shown(page, desks, talking(NOW), "talking")
    note = page.locator("[data-note]")
    await note.focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Zażółć")
    desks.show(desks.shown, DeskPart.NOTES)
    saved = (CALL, "Odbiór: zaplecze, dzwonić 10 min wcześniej. Zażółć")
    await until(lambda: [one[1:3] for one in desks.calls("save_note")[-1:]] == [saved], "the whole note")
    await expect(page.locator("#note-saved")).to_contain_text("saved")
    await expect(note).to_be_focused()

    # F10, then a digit, also out of the note and when the outcomes come anew; a promise asks for its amount.
    await page.keyboard.press("F10")
    await page.evaluate("""() => new Promise((drawn) => {
        document.body.addEventListener("htmx:after:swap", () => drawn(), { once: true });
        document.body.dispatchEvent(new CustomEvent("desk-side"));
    })""")
    await page.keyboard.press("4")
    await until(lambda: desks.calls("dispose") == [("anna", CALL, "promise_to_pay")], "the outcome")
    await expect(page.get_by_label("Amount")).to_be_focused()
    await expect(note).to_have_value("Odbiór: zaplecze, dzwonić 10 min wcześniej. Zażółć")
    await shown(page, desks, wrapping_up(NOW), "wrap")
    # Nobody has chosen a time: the key is "Done", and no callback is kept.
    await page.keyboard.press("F10")
    await page.keyboard.press("5")
    await expect(page.locator("#callback")).to_be_focused()
    await page.locator("#callback .moments button").first.focus()
    await page.keyboard.press("Control+Enter")
    await until(lambda: len(desks.calls("finish_wrap_up")) == 1, "the end of wrap-up")
    assert not desks.calls("schedule_callback")


async def until_js(page: Page, condition: str) -> None:
    """The page's policy lets wait_for_function look only once."""
    async with asyncio.timeout(PAGE_MS / 1000):
        while not await page.evaluate(condition):  # noqa: ASYNC110 - the page makes it hold
            await asyncio.sleep(0.02)


async def test_what_is_done_and_refused_is_told(open_desk: OpenDesk, desks: StagedDesks) -> None:
    page = await open_desk()
    # Status by the menu.
    await page.locator("#status-menu summary").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Lunch").press("Enter")
    await until(lambda: ("anna", AgentStatus.BREAK, "lunch") in desks.calls("set_status"), "the break")

    # A number that the gate refuses.
    desks.refuse["dial"] = DeskRefused("gate", "It is night there.")
    await page.get_by_label("Number to call").fill("+48 22 000 00 42")
    await page.keyboard.press("Enter")
    told = page.get_by_role("alert").filter(has_text="It is night there.")
    await expect(told).to_be_visible()
    await told.get_by_role("button").click()
    await expect(told).to_have_count(0)
    # The same sentence stands once, and goes when something else was done.
    for refused in (True, True, False):
        if refused:
            desks.refuse["dial"] = DeskRefused("gate", "It is night there.")
        async with page.expect_response("**/desk/dial"):
            await page.get_by_label("Number to call").press("Enter")
        await expect(told).to_have_count(1 if refused else 0)

    # Script, SMS, callback, objection.
    await shown(page, desks, talking(NOW), "talking")
    await page.locator(".script input").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_text("Przepraszam za opóźnienie.")).to_be_visible()
    await page.locator("#sms-template").select_option("thanks")
    await expect(page.get_by_text("Dziękujemy za rozmowę.")).to_be_visible()
    await page.get_by_role("button", name="Send").click()
    await until(lambda: desks.calls("send_sms") == [("anna", CALL, "thanks", "pl")], "the SMS")
    await expect(page.locator(".toast")).to_have_text("The SMS is on its way.×")
    await page.get_by_text("me", exact=True).click()
    await page.get_by_role("button", name="Other…").click()
    await page.get_by_label("When").fill("2026-11-20T10:30")
    await page.get_by_role("button", name="Call back", exact=True).last.click()
    await until(lambda: len(desks.calls("schedule_callback")) == 1, "the callback")
    wish = desks.calls("schedule_callback")[0][2]
    assert (f"{wish.begins.astimezone():%Y-%m-%d %H:%M}", wish.mine) == ("2026-11-20 10:30", True)
    await page.locator("summary", has_text="Do not contact again").click()
    await page.get_by_role("button", name="Do not contact", exact=True).click()
    await until(lambda: desks.calls("stop_contact") == [("anna", CALL, frozenset())], "the objection")

    # The timeline is narrowed.
    await page.locator("label", has_text="Messages").click()
    await expect(page.get_by_text("Invoice FV/2381")).to_have_count(0)
    await page.get_by_placeholder("Find in it").fill("skrzynek")
    await expect(page.locator(".desk-timeline .entry-item")).to_have_count(1)


async def test_a_key_is_changed_and_kept(open_desk: OpenDesk, desks: StagedDesks) -> None:
    page = await open_desk()
    await shown(page, desks, talking(NOW), "talking")
    await page.keyboard.press("F1")
    await page.get_by_role("button", name="Mute", exact=True).last.click()
    await page.keyboard.press("Control+Digit9")
    await expect(page.locator("[data-remap=mute]")).to_have_text("Ctrl 9")
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(page.locator("[data-act=mute] kbd")).to_have_text("Ctrl 9")
    await page.keyboard.press("F3")
    await page.keyboard.press("Control+Digit9")
    await acted(desks, Mute(True))
    assert len(desks.calls("act")) == 1


async def test_it_finds_back_by_itself(open_desk: OpenDesk, desks: StagedDesks) -> None:
    desks.refuse["sign_in"] = DeskRefused("asterisk", "Asterisk does not answer.")
    page = await open_desk()  # its line is good: it has tried again
    await expect(
        page.get_by_role("alert").filter(has_text="Asterisk does not answer: try again")
    ).to_be_visible()
    await shown(page, desks, talking(NOW), "talking")
    await page.context.set_offline(True)
    await page.keyboard.press("F4")
    await expect(page.locator(".toast", has_text="The server does not answer.")).to_be_visible()
    await page.context.set_offline(False)
    await page.keyboard.press("F4")
    await acted(desks, Hold())

    # A telephone that answers by itself; and one whose password is void asks for another.
    await page.evaluate("localStorage.setItem('desk-auto-answer', 'yes')")
    await page.evaluate("phone.listener.incoming({ headers: {}, caller: '' })")
    await until_js(page, "phone.asked.includes('answer')")
    before = len(desks.calls("sign_in"))
    await page.evaluate("phone.inCall = false; phone.listener.refused()")
    await until(lambda: len(desks.calls("sign_in")) == before + 1, "new credentials")
    await expect(page.locator("#line")).to_have_attribute("data-line", "good")


async def test_a_lost_server_is_told_and_the_call_goes_on(
    open_desk: OpenDesk, desks: StagedDesks, at_desk: Office
) -> None:
    page = await open_desk()
    await shown(page, desks, talking(NOW), "talking")
    await page.route("**/desk/events*", lambda route: route.abort())
    for one in list(desks.streams):
        one.cancel()
    await expect(page.locator("#stale")).to_have_text("Reconnecting. Your call goes on")
    await expect(page.locator("#stale")).to_be_visible()
    assert "close" not in await page.evaluate("phone.asked")
    await page.unroute("**/desk/events*")
    await expect(page.locator("#stale")).to_be_hidden()


async def test_the_desk_is_in_one_place(open_desk: OpenDesk, desks: StagedDesks) -> None:
    first = await open_desk()
    second = await open_desk()
    await expect(first.get_by_role("heading", name="Your desk is open elsewhere")).to_be_visible()
    await first.keyboard.press("Escape")
    await expect(first.get_by_role("link", name="Work here")).to_be_visible()
    await until_js(first, "phone.asked.at(-1) === 'close'")
    await expect(second.locator("#over")).to_be_hidden()
    await second.evaluate(UNGRANTED)
    desks.show(desks.shown, DeskPart.PHONE)
    await until_js(second, "!!window.grant")
    await first.get_by_role("link", name="Work here").click()
    await expect(second.get_by_role("heading", name="Your desk is open elsewhere")).to_be_visible()
    # Who is asked for the microphone and grants it when the desk is elsewhere has it no longer open.
    await second.evaluate("() => grant()")
    await until_js(second, "granted.getTracks().every((track) => track.readyState === 'ended')")
    assert await second.evaluate("phone === before")
    assert ("anna", desks.desk_page) in desks.calls("sign_in")


async def test_a_reload_in_a_call_keeps_what_was_typed(open_desk: OpenDesk, desks: StagedDesks) -> None:
    page = await open_desk()
    await shown(page, desks, talking(NOW), "talking")
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.locator("[data-note]").fill("typed at the last moment")
    await page.reload()
    await until(lambda: len(desks.calls("save_note")) > 0, "the note")
    assert desks.calls("save_note")[-1][2] == "typed at the last moment"
    await until(lambda: len(desks.calls("gone")) == 1, "the page's farewell")


VIEWS: list[tuple[str, Callable[[], DeskView]]] = [
    ("idle", lambda: idle(NOW)),
    ("missed", lambda: replace(idle(NOW), status=AgentStatus.MISSED)),
    ("ringing", lambda: ringing(NOW)),
    ("talking", lambda: talking(NOW)),
    ("held", lambda: talking(NOW, TalkPhase.HELD)),
    ("consulting", lambda: talking(NOW, TalkPhase.CONSULTING)),
    ("conference", lambda: talking(NOW, TalkPhase.CONFERENCE)),
    ("wrap", lambda: wrapping_up(NOW)),
]


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("pl", "dark"), ("ru", "light")])
async def test_everybody_can_read_it_everywhere(
    open_desk: OpenDesk, desks: StagedDesks, language: str, scheme: str
) -> None:
    page = await open_desk(locale=language, color_scheme=scheme)
    await page.emulate_media(reduced_motion="reduce")
    axe = Axe()
    for kind, view in VIEWS:
        await shown(page, desks, view(), kind)
        if kind == "talking":
            await page.keyboard.press("F8")
            await expect(page.locator(".target")).to_have_count(5)
        if language != "ru":  # words have no contrast of their own
            found = await axe.run(page)
            assert found.violations_count == 0, f"{kind}: {found.generate_report()}"
        await page.keyboard.press("Escape")
        for width, height in ((1280, 800), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            assert await page.evaluate(size) == [width, height], kind
            assert await page.evaluate(CUT) == [], kind
        assert await page.evaluate(SMALL) == []
    for name in ("sound", "keys"):
        await page.evaluate(f"document.getElementById('{name}').showModal()")
        found = await axe.run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.keyboard.press("Escape")
    # Zoomed to 200 %, everything is there, one below the other.
    await shown(page, desks, talking(NOW), "talking")
    await page.set_viewport_size({"width": 720, "height": 450})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 720


async def test_a_promise_in_instalments_and_its_mistake(open_desk: OpenDesk, desks: StagedDesks) -> None:
    page = await open_desk()
    await shown(page, desks, wrapping_up(NOW), "wrap")
    promise = page.locator(f"#promise-{CALL}")
    await promise.locator("summary").press("Enter")
    await promise.get_by_label("Amount").fill("1500,5")
    await promise.get_by_label("Currency").fill("JPY")
    due = (NOW + timedelta(days=3)).date()
    await promise.locator("input[name=due]").fill(due.isoformat())
    parts = promise.locator("input[name=parts]")
    await expect(parts).to_have_attribute("max", "12")
    await parts.fill("3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("JPY has this many decimals at most: 0.")).to_be_visible()
    assert desks.calls("promise") == []
    await expect(parts).to_have_value("3")
    await promise.get_by_label("Amount").fill("1500")
    await page.keyboard.press("Enter")
    await until(lambda: len(desks.calls("promise")) == 1, "the promise")
    assert desks.calls("promise")[0][:5] == ("anna", CALL, 1_500, "JPY", due)
    assert desks.calls("promise")[0][-1] == 3
