"""A shop's page with the chat on it, in a real Chromium: the hotline is another site than the shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FrameLocator, Page, async_playwright, expect

from asterisk.visitors import VisitorGate
from engine.clock import SystemClock
from engine.registers.callbacks import CallbackFilter
from messaging.chat import LineKind, Speaker
from messaging.chat_site import ChatSite
from store.store import Store
from tests.console.stage import Stage
from tests.console.test_console_browser import CHROMIUM, FLAGS, CountingIds, FakeControl, until
from tests.console.web_chat_stage import SITE, EchoingSide, chat_application, web_chat
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
SHOP_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}{more}</title></head><body>'
    '<h1>{title}</h1><a href="/cart">Cart</a>'
    '<script async src="{hotline}/chat/shop/widget.js" data-language="en"></script></body></html>'
)
FOREIGN_PAGE = (
    '<!doctype html><title>Foreign</title><iframe src="{hotline}/chat/shop?parent={shop}"></iframe>'
)
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


@dataclass
class Town:
    """`shop` and `foreign` are two origins of one web server, `hotline` is the console's."""

    side: EchoingSide
    store: Store
    control: FakeControl
    shop: str = ""
    foreign: str = ""
    hotline: str = ""
    sites: dict[str, ChatSite] = field(default_factory=dict)
    referers: list[str] = field(default_factory=list)  # of the page in the frame

    async def page(self, request: web.Request) -> web.Response:
        if request.path == "/evil":
            html = FOREIGN_PAGE.format(hotline=self.hotline, shop=self.shop)
            return web.Response(text=html, content_type="text/html")
        title = request.path.strip("/").capitalize()
        html = SHOP_PAGE.format(title=title, more=" and more" * 1000, hotline=self.hotline)
        # What docs/web-chat.md says that a shop's own policy must allow, and nothing else.
        policy = f"default-src 'none'; script-src {self.hotline}; frame-src {self.hotline}"
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "unsafe-url"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def asked(self, request: web.Request, response: web.StreamResponse) -> None:
        if request.path == "/chat/shop":
            self.referers.append(request.headers.get("Referer", ""))


@pytest.fixture
async def town(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Town]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    clock = SystemClock()
    town = Town(EchoingSide(clock), store, FakeControl(stage))
    gate = VisitorGate(town.control, CountingIds())
    await gate.start()
    chat = web_chat(town.sites, town.side, store, clock, gate)
    app = chat_application(chat)
    app.on_response_prepare.append(town.asked)
    static = Path("console/static")
    app.router.add_static("/static", static)
    pages = web.Application()
    pages.router.add_get("/{any:.*}", town.page)
    hotline, shop = TestServer(app, host="127.0.0.1"), TestServer(pages, host="127.0.0.1")
    await hotline.start_server()
    await shop.start_server()
    town.hotline = f"http://localhost:{hotline.port}"
    town.shop, town.foreign = f"http://127.0.0.1:{shop.port}", f"http://localhost:{shop.port}"
    rule = SITE.invitation
    assert rule is not None
    town.sites["shop"] = replace(
        SITE, origins=frozenset({town.shop}), invitation=replace(rule, after_seconds=0.1), hours=None
    )
    yield town
    await shop.close()
    await hotline.close()
    await gate.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def visitors_page(browser: Browser, errors: list[str], **options: object) -> Page:
    context = await browser.new_context(
        **{"locale": "en", "viewport": {"width": 1000, "height": 720}, **options}
    )
    context.set_default_timeout(PAGE_MS)
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


async def test_a_visitor_is_invited_talks_calls_and_comes_back(town: Town) -> None:
    errors: list[str] = []
    async with chromium() as browser:
        page = await visitors_page(browser, errors, accept_downloads=True)
        await page.goto(f"{town.shop}/pricing?mail=anna@example.com#top")
        chat = page.frame_locator("iframe")
        await invited(page, chat)
        await consents_and_presses(town, chat)
        await writes(town, page, chat)
        await goes_on_after_a_reload(town, page, chat)
        await writes_while_the_hotline_is_away(town, chat)
        await calls(town, chat)
        await asks_for_a_call_and_ends(town, page, chat)
        assert await page.context.cookies() == []
    assert errors == []


async def invited(page: Page, chat: FrameLocator) -> None:
    invitation = page.locator(".invitation")
    await expect(invitation).to_contain_text("May we help?")
    await invitation.locator("button.yes").click()
    await expect(chat.locator("#invitation")).to_have_text("May we help?")
    await expect(chat.locator("h1")).to_have_text("Ask the shop")


async def consents_and_presses(town: Town, chat: FrameLocator) -> None:
    await chat.locator("#start button").click()
    await expect(chat.locator("#agree-wrong")).to_have_text("Tick that you agree, then start.")
    await expect(chat.locator("#agree")).to_be_focused()
    await chat.locator("#agree").press("Space")
    await chat.locator("#start button").press("Enter")
    await expect(chat.locator("#log")).to_contain_text("Welcome. What is it about?")
    (arrival,) = town.side.arrivals
    assert [page.address for page in arrival.path] == [f"{town.shop}/pricing"]
    assert arrival.path[0].title.startswith("Pricing and more")
    assert not any("anna" in one for one in town.referers), "what stands behind ? is not ours"
    assert (arrival.invited, arrival.language) == ("May we help?", "en")
    await expect(chat.locator("#choices button")).to_have_text(["Orders", "Talk to a person"])
    await chat.get_by_role("button", name="Talk to a person").click()
    await expect(chat.locator("#log")).to_contain_text("Anna is with you now.")
    await expect(chat.locator("#choices button")).to_have_count(0)
    await expect(chat.locator("#who")).to_have_text("Anna")


async def writes(town: Town, page: Page, chat: FrameLocator) -> None:
    words = chat.locator("#words")
    await words.click()
    await page.keyboard.type("Two things:")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("<b>one</b> & two")
    await page.keyboard.press("Enter")
    await expect(chat.locator(".line.agent .said")).to_have_text("You wrote: Two things:\n<b>one</b> & two")
    await expect(words).to_have_value("")
    await expect(chat.locator(".unsent")).to_have_count(0)
    assert town.side.typed


async def goes_on_after_a_reload(town: Town, page: Page, chat: FrameLocator) -> None:
    await chat.locator("#words").fill("half a sentence")
    await page.goto(f"{town.shop}/cart")
    await expect(chat.locator("#log")).to_contain_text("Anna is with you now.")
    await expect(chat.locator("#words")).to_have_value("half a sentence")
    await expect(chat.locator(".line")).to_have_count(5)
    assert len(town.side.chats) == 1
    await until(lambda: [one.address for one in town.side.pages] == [f"{town.shop}/cart"], "the new page")
    # Away with it, by keyboard: the focus is on the button again, and tells what has come meanwhile.
    await chat.locator("#words").press("Escape")
    button = page.locator("button.open")
    await expect(button).to_be_focused()
    await expect(button).to_have_attribute("aria-expanded", "false")
    town.side.answer("chat1", "Are you there?")
    await expect(page.locator(".unread")).to_have_text("1")
    await page.keyboard.press("Enter")
    await expect(page.locator(".unread")).to_be_hidden()
    await expect(chat.locator("#words")).to_be_focused()
    await expect(chat.locator("#log")).to_contain_text("Are you there?")
    await expect(page.locator(".invitation")).to_be_hidden()


async def writes_while_the_hotline_is_away(town: Town, chat: FrameLocator) -> None:
    town.side.refusal = "away"
    await chat.locator("#words").fill("I am still here")
    await chat.locator("#words").press("Enter")
    await expect(chat.locator(".unsent")).to_contain_text("I am still here")
    await expect(chat.locator("#notice")).to_contain_text("No connection.")
    town.side.refusal = ""
    await expect(chat.locator("#log")).to_contain_text("You wrote: I am still here")
    await expect(chat.locator(".unsent")).to_have_count(0)
    await expect(chat.locator("#notice")).to_be_hidden()


async def calls(town: Town, chat: FrameLocator) -> None:
    town.side.tell("chat1", Speaker.AGENT, LineKind.CALL, agent="anna")
    await chat.locator("[data-calls]").click()
    await expect(chat.locator("#call-state")).to_have_text("You are on the line")
    assert (town.side.called, town.control.dialled) == ([("chat1", "v1")], ["100"])
    await chat.locator('[data-key="5"]').click()
    await until(lambda: town.control.keys == "5", "the key")
    await chat.locator("#hang-up").click()
    await until(lambda: town.control.left == ["v1"], "the hang-up")
    await expect(chat.locator("#call")).to_be_hidden()


async def asks_for_a_call_and_ends(town: Town, page: Page, chat: FrameLocator) -> None:
    await chat.locator("#call-me").click()
    await chat.locator("#call-number").fill("12")
    await chat.locator("#call-number").press("Enter")
    await expect(chat.locator("#call-number-wrong")).to_contain_text("This is no telephone number.")
    await chat.locator("#call-number").fill("600 000 001")
    await chat.locator("#call-number").press("Enter")
    await expect(chat.locator("#notice")).to_have_text("We will call +48600000001.")
    assert town.side.wanted == ["+48600000001"]
    async with page.expect_download() as download:
        await chat.locator("#copy").click()
    saved = await asyncio.to_thread(Path(await (await download.value).path()).read_text, "utf-8-sig")
    assert "You: Two things:" in saved
    assert "Anna: You wrote: I am still here" in saved
    await chat.locator("#end").click()
    await chat.locator("#end-yes").click()
    await expect(chat.locator("#log")).to_contain_text("The chat is over.")
    await expect(chat.locator("#say")).to_be_hidden()
    await chat.locator("#again").click()
    await expect(chat.locator("#start")).to_be_visible()


async def test_a_form_is_sent_and_other_sites_get_nothing(town: Town) -> None:
    errors: list[str] = []
    async with chromium() as browser:
        page = await visitors_page(browser, errors, viewport={"width": 400, "height": 700})
        town.side.somebody = False
        await page.goto(f"{town.shop}/about")
        chat = page.frame_locator("iframe")
        await page.locator("button.open").press("Enter")
        await expect(chat.locator("#number")).to_be_focused()
        assert (await page.locator(".window").bounding_box() or {}).get(
            "width"
        ) == 400  # a phone's whole screen
        await chat.locator("#number").fill("12")
        await chat.locator("#note").fill("in the afternoon")
        await chat.locator("#form button.main").click()
        await expect(chat.locator("#number-wrong")).to_contain_text("Write a telephone number")
        await expect(chat.locator("#topic-wrong")).to_have_text("Choose what it is about.")
        await expect(chat.locator("#consent-wrong")).to_have_text("Tick that you agree.")
        await expect(chat.locator("#number")).to_be_focused()
        await chat.locator("#number").fill("600 000 001")
        await chat.locator("#topic").select_option("orders")
        await chat.locator("#consent").check()
        await chat.locator("#form button.main").click()
        await expect(chat.locator("#form-done")).to_be_visible()
        (one,) = (await town.store.callbacks.list(CallbackFilter())).items
        assert (one.point.value, one.topic, one.note) == ("+48600000001", "orders", "in the afternoon")
        await page.locator("button.open").wait_for(state="attached")

        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))
        await page.goto(f"{town.foreign}/pricing")
        await until(lambda: any("is not among the origins" in line for line in said), "why there is no chat")
        assert await page.locator("button.open").count() == 0
        await page.goto(f"{town.foreign}/evil")
        await until(lambda: any("frame-ancestors" in line for line in said), "the frame that is not shown")
    assert errors == []


async def test_fit_for_all_eyes(town: Town) -> None:
    errors: list[str] = []
    async with chromium() as browser:
        for language, scheme in (("en", "light"), ("pl", "dark"), ("ru", "light")):
            page = await visitors_page(
                browser, errors, color_scheme=scheme, viewport={"width": 320, "height": 560}
            )
            await page.goto(f"{town.hotline}/chat/shop?language={language}")
            await fits(page)
            await page.locator("#begin [data-view=leave]").click()
            await fits(page)
            await page.locator("#leave [data-view=chat]").click()
            await page.locator("#agree").check()
            await page.locator("#start button").click()
            await expect(page.locator("#choices button")).to_have_count(2)
            await page.locator("#call-me").click()
            await fits(page)
            await page.reload()  # here the page keeps for itself
            await expect(page.locator("#choices button")).to_have_count(2)
            await page.context.close()
        page = await visitors_page(browser, errors, java_script_enabled=False)
        await page.goto(f"{town.hotline}/chat/shop?language=en")
        await page.locator("#number").fill("600 000 002")
        await page.locator("#topic").select_option("orders")
        await page.locator("#form button.main").click()
        await expect(page.locator("#consent-wrong")).to_have_text("Tick that you agree.")
    assert errors == []


async def fits(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert not await page.evaluate(WIDE)
