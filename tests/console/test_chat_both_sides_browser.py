"""A visitor of a shop and an agent at her desk, each in a real Chromium, over the engine's own chats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright, expect

from acd.agents import Agent
from engine.clock import SystemClock
from engine.desk.view import DeskPart
from engine.registers.access import Role
from store.store import Store
from tests.chats.stage import ChatStage
from tests.console.desk_stage import StagedDesks
from tests.console.offices import PASSWORD, Office, open_office
from tests.console.stage import Stage
from tests.console.test_console_browser import CHROMIUM, FLAGS
from tests.console.test_desk_browser import SOFTPHONE
from tests.console.web_chat_stage import SITE, web_chat
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
SHOP_PAGE = (
    '<!doctype html><html lang="en"><head><title>Prices</title></head><body><h1>Prices</h1>'
    '<script async src="{hotline}/chat/shop/widget.js" data-language="en"></script></body></html>'
)


@dataclass
class Town:
    office: Office
    engine: ChatStage
    shop: str


@pytest.fixture
async def town(
    stage: Stage, desks: StagedDesks, tmp_path: Path, make_store: Callable[..., Store]
) -> AsyncIterator[Town]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    clock = SystemClock()
    engine = ChatStage(agents=(Agent("anna"),), store=store.chats, clock=clock)

    def tell(agent: str) -> None:
        for news in desks.pages.values():
            news.tell(DeskPart.CHATS)

    object.__setattr__(engine.means, "tell", tell)
    hotline: list[str] = []

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=SHOP_PAGE.format(hotline=hotline[0]), content_type="text/html")

    pages = web.Application()
    pages.router.add_get("/{any:.*}", page)
    shop = TestServer(pages, host="127.0.0.1")
    await shop.start_server()
    origin = f"http://127.0.0.1:{shop.port}"
    engine.site = replace(engine.site, origins=frozenset({origin}))
    site = replace(SITE, origins=frozenset({origin}), hours=None, invitation=None)
    await engine.chats.start()
    stage.agent_chats = engine.desk
    stage.web_chat = web_chat({"shop": site}, cast(Any, engine.chats), store, clock)
    async with open_office(stage, store) as office:
        hotline.append(f"http://localhost:{office.client.port}")
        await office.add("Jan", Role.ADMIN)
        await office.add("Anna", Role.AGENT)
        yield Town(office, engine, origin)
    await engine.close()
    await shop.close()


async def test_a_visitor_and_an_agent_read_each_other_at_once(town: Town, tmp_path: Path) -> None:
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        async def opened(url: str) -> Page:
            context = await browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
            context.set_default_timeout(PAGE_MS)
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.route(
                "**/static/softphone.js",
                lambda route: route.fulfill(body=SOFTPHONE, content_type="text/javascript"),
            )
            await page.goto(url)
            return page

        desk = await opened(f"http://127.0.0.1:{town.office.client.port}/sign-in?next=/desk")
        await desk.locator("input[name=name]").fill("Anna")
        await desk.locator("input[name=password]").fill(PASSWORD)
        await desk.keyboard.press("Enter")
        await expect(desk.locator("#line")).to_have_attribute("data-line", "good")
        town.engine.here("anna")

        shop = await opened(f"{town.shop}/pricing?mail=anna@example.com")
        await shop.locator("button.open").click()
        chat = shop.frame_locator("iframe")
        await chat.locator("#agree").check()
        await chat.locator("#start button").click()
        await chat.get_by_role("button", name="Agent please").click()

        part = desk.locator("#desk-chats")
        await part.get_by_role("button", name="Take").click()
        box = part.locator(".chat-say textarea")
        await expect(box).to_be_focused()
        await expect(part.locator(".chat-page a")).to_have_attribute("href", f"{town.shop}/pricing")
        await expect(chat.locator("#log")).to_contain_text("Anna is with you now.")

        await chat.locator("#words").press_sequentially("Where is")
        await expect(part.get_by_text("writes…")).to_be_visible()
        await chat.locator("#words").press_sequentially(" my parcel?")
        await chat.locator("#words").press("Enter")
        await expect(part.locator(".bubble").filter(has_text="Where is my parcel?")).to_be_visible()
        await box.press_sequentially("It is near.")
        await box.press("Enter")
        await expect(chat.locator("#log")).to_contain_text("It is near.")
        await expect(part.locator(".bubble-own").filter(has_text="It is near.")).to_be_visible()
        await part.get_by_role("button", name="Offer a call").click()
        await desk.screenshot(path=tmp_path / "desk.png")
        await shop.screenshot(path=tmp_path / "shop.png")

        # The visitor goes to another page, then closes it all.
        await shop.goto(f"{town.shop}/cart")
        await expect(part.locator(".chat-page a")).to_have_attribute("href", f"{town.shop}/cart")
        await shop.close()
        await expect(part.get_by_text("Left the page")).to_be_visible()
        await part.locator("[name=disposition]").select_option("sale")
        await part.get_by_role("button", name="End", exact=True).click()
        await expect(part).to_be_empty()
        await browser.close()
    assert errors == []
