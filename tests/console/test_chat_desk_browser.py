"""Chats in a real Chromium: two agents take, answer, pass on and end them, and a supervisor looks on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from engine.desk.refusals import DeskRefused
from engine.desk.view import DeskPart, PhoneCredentials
from engine.registers.access import Role
from store.store import Store
from tests.console.chat_stage import HandChats
from tests.console.desk_stage import StagedDesks, idle
from tests.console.offices import PASSWORD, Office, open_office
from tests.console.people import add_anna
from tests.console.stage import Stage
from tests.console.test_console_browser import CHROMIUM, FLAGS, until
from tests.console.test_desk_browser import CUT, SMALL, SOFTPHONE
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser


class TwoDesks(StagedDesks):
    """Each agent has a page of their own."""

    async def sign_in(self, agent: str, page: str, address: str = "") -> PhoneCredentials:
        return PhoneCredentials(agent, "secret")


@dataclass
class Floor:
    office: Office
    chats: HandChats
    new_context: Callable[..., Any]
    errors: list[str]

    async def sits_down(self, name: str, next_page: str = "/desk", **options: Any) -> Page:
        context: BrowserContext = await self.new_context(
            **{"locale": "en", "viewport": {"width": 1440, "height": 900}, **options}
        )
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        await page.route(
            "**/static/softphone.js",
            lambda route: route.fulfill(body=SOFTPHONE, content_type="text/javascript"),
        )
        await page.goto(f"http://127.0.0.1:{self.office.client.port}/sign-in?next={next_page}")
        await page.locator("input[name=name]").fill(name)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        if next_page == "/desk":
            await expect(page.locator("#line")).to_have_attribute("data-line", "good")
        return page


@pytest.fixture
async def floor(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Floor]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    desks = TwoDesks(idle(stage.clock.now()), people={"p-anna": "anna", "p-ewa": "ewa"})
    desks.shown = replace(desks.shown, names={"anna": "Anna", "ewa": "Ewa"})
    stage.desks = cast(Any, desks)

    def tell(agent: str) -> None:
        for news in desks.pages.values():
            news.tell(DeskPart.CHATS)

    chats = stage.agent_chats = HandChats(stage.clock.now, tell)
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    errors: list[str] = []
    async with open_office(stage, store) as office, async_playwright() as playwright:
        for name, role in (("Jan", Role.ADMIN), ("Anna", Role.AGENT), ("Ewa", Role.SUPERVISOR)):
            await office.add(name, role)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Floor(office, chats, browser.new_context, errors)
        await browser.close()
    expected = ("409 (Conflict)", "ERR_INCOMPLETE_CHUNKED")
    assert [error for error in errors if not any(one in error for one in expected)] == []


async def test_chats_are_taken_answered_passed_on_and_ended(
    floor: Floor, stage: Stage, tmp_path: Path
) -> None:
    chats, people = floor.chats, stage.people
    assert people is not None
    known = await add_anna(people)
    anna = await floor.sits_down("Anna")
    part = anna.locator("#desk-chats")
    await expect(part).to_be_empty()

    # Offered with a countdown; taken by its key, whereupon one may write.
    chats.opens("one", to="anna", contact=known)
    offer = part.locator("[data-chat-offer=one]")
    await expect(offer.get_by_text("Delivery", exact=True)).to_be_visible()
    await expect(offer.locator(".timer")).not_to_be_empty()
    await expect(anna).to_have_title(re.compile("^● "))
    await _looks_right(anna, tmp_path / "offered.png")
    await anna.keyboard.press("F2")
    box = part.locator("#chat-text-one")
    await expect(box).to_be_focused()
    await expect(part.get_by_text("Anna has joined")).to_be_visible()

    # Who it is stands where callers do; where they are is text, a trick is no link.
    assert known.name is not None
    await expect(anna.locator("#desk-customer").get_by_text(known.name)).to_be_visible()
    await part.get_by_text("The way here: 3 pages").click()
    await expect(part.locator(".chat-path").get_by_text("<b>Trick</b>")).to_be_visible()
    links = await part.locator(".chat-side a").evaluate_all("all => all.map((a) => [a.href, a.rel])")
    assert links
    assert all(href.startswith("https://shop.example.com/") and "noreferrer" in rel for href, rel in links)

    # What is typed stays, and so does its place, as lines come in and the part is drawn anew.
    await box.press_sequentially("Let me see ")
    await until(lambda: ("anna", "one") in chats.typed, "the visitor sees that somebody writes")
    chats.says("one", "Where is my parcel?")
    chats.is_there("one", typing=True)
    await expect(part.get_by_text("Where is my parcel?")).to_be_visible()
    await expect(part.get_by_text("writes…")).to_be_visible()
    await expect(box).to_be_focused()
    await box.press_sequentially("where")
    await expect(box).to_have_value("Let me see where")
    await _looks_right(anna, tmp_path / "chat.png")
    await box.press("Enter")
    await expect(part.locator(".bubble-own").get_by_text("Let me see where")).to_be_visible()
    await expect(box).to_have_value("")

    # What is refused comes back into the box.
    chats.refuse = DeskRefused("store", "The database does not answer: try again in a moment.")
    await box.fill("It is near.")
    await box.press("Enter")
    await expect(anna.locator("#toasts .bad")).to_be_visible()
    await expect(box).to_have_value("It is near.")
    await box.fill("")

    # A ready answer is found by a word, put into the box, and sent.
    await part.get_by_text("Ready answer").click()
    await part.get_by_placeholder("Find an answer").press_sequentially("open from")
    await expect(part.get_by_role("button", name="On its way")).to_be_hidden()
    await anna.keyboard.press("Enter")
    await expect(box).to_have_value("We are open from 8 to 18.")
    await box.press("Enter")
    await expect(part.locator(".bubble-own").get_by_text("We are open from 8 to 18.")).to_be_visible()
    assert chats.said("one")[-2:] == ["Let me see where", "We are open from 8 to 18."]

    # A second one: what its visitor says meanwhile is counted on its tab, and the draft of the first stays.
    chats.opens("two", to="anna")
    await part.get_by_role("button", name="Take").click()
    await expect(part.locator("#chat-text-two")).to_be_focused()
    await part.get_by_role("tab", name=re.compile("^Anna|^Sklep|^A")).first.click()
    await box.fill("A draft")
    chats.says("two", "Anybody?")
    unread = part.locator("#chat-unread-two")
    await expect(unread).to_have_text("1")
    await expect(anna).to_have_title(re.compile(r"^\(1\) "))
    await expect(box).to_have_value("A draft")
    await anna.keyboard.press("Alt+PageDown")
    await expect(part.get_by_text("Anybody?")).to_be_visible()
    await expect(unread).to_be_hidden()
    chats.is_there("two", present=False)
    await expect(part.get_by_text("Left the page")).to_be_visible()
    await anna.reload()
    await expect(box).to_have_value("A draft")

    # Passed on: the other agent reads all that was said.
    ewa = await floor.sits_down("Ewa", color_scheme="dark")
    await part.get_by_role("tab").first.click()
    await part.locator("#chat-to-one").evaluate(
        "(list) => list.add(new Option('Ewa', 'agent:ewa', true, true))"
    )
    await part.locator("#chat-panel-one").get_by_role("button", name="Pass on").click()
    await expect(box).to_have_count(0)
    theirs = ewa.locator("#desk-chats")
    await theirs.get_by_role("button", name="Take").click()
    await expect(theirs.get_by_text("Where is my parcel?")).to_be_visible()
    await expect(theirs.get_by_text("Ewa has joined")).to_be_visible()
    await theirs.get_by_role("button", name="Offer a call").click()
    await expect(theirs.get_by_text("Ewa offered a call")).to_be_visible()
    chats.moves("one", "https://shop.example.com/cart", "Cart")
    await expect(theirs.locator(".chat-page").get_by_role("link", name="Cart")).to_be_visible()
    await _looks_right(ewa, tmp_path / "dark.png")

    # The visitor ends it; what came of it is said then, where the queue wants it.
    chats.required = True
    chats.leaves("one")
    await expect(theirs.get_by_text("The visitor has ended the chat.")).to_be_visible()
    await theirs.locator("[name=disposition]").select_option("sale")
    await theirs.get_by_role("button", name="Done").click()
    await expect(theirs).to_be_empty()
    assert chats.items["one"].row.chat.disposition == "sale"

    # A supervisor sees the other one, and takes it over with a reason.
    await ewa.goto(ewa.url.removesuffix("/desk") + "/inbox/chats")
    await expect(ewa.get_by_role("cell", name="Anybody?")).to_be_visible()
    await _looks_right(ewa, tmp_path / "inbox.png")
    await ewa.locator("#chat-row-two a").click()
    chats.says("two", "Still here?")
    await expect(ewa.locator(".bubble").filter(has_text="Still here?")).to_be_visible()
    await expect(ewa.locator(".bubble")).to_have_count(4)
    await _looks_right(ewa, tmp_path / "inbox-chat.png")
    await ewa.get_by_text("Take over").first.click()
    await ewa.locator("[name=reason]:visible").fill("a complaint")
    await ewa.get_by_role("button", name="Take over").click()
    await expect(ewa.get_by_text("It is at your desk now.")).to_be_visible()
    await expect(part).to_be_empty()
    assert await floor.office.told("chat:two") == ["chat.taken_over"]


async def _looks_right(page: Page, screenshot: Path) -> None:
    await page.screenshot(path=screenshot)
    assert await page.evaluate(CUT) == []
    assert await page.evaluate(SMALL) == []
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
