"""Messages and mailings in a real Chromium: doubt is decided by keys, progress comes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from engine.registers.messages import MessageDirection
from messaging.states import MessageState
from store.store import Store
from tests.console.message_stage import Messaging, lane, open_messages
from tests.console.signed_in_page import signed_in_page
from tests.console.stage import START, Stage
from tests.console.test_campaign_browser import CUT
from tests.console.test_messages_mailings import FORM

pytestmark = pytest.mark.browser
S = MessageState


@pytest.fixture
async def writing(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Messaging]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_messages(stage, store, tmp_path) as opened:
        await opened.person("+48600000001", "Anna", language="en")
        await opened.person("+48600000002", "Jan", language="pl")
        opened.lanes += [lane("north", standing=True), lane("south", why="the bind is refused")]
        opened.lanes[1].standing = False
        for n, state in enumerate(S):
            await opened.written(f"m{n:02}", state, at=START - timedelta(minutes=n), template="order_sent")
        await opened.written("in1", S.DELIVERED, direction=MessageDirection.INBOUND, provider="north")
        yield opened


@pytest.fixture
async def page(writing: Messaging) -> AsyncIterator[Page]:
    """Ewa at the list of messages; the test fails when her page breaks a rule of its own."""
    async with signed_in_page(writing.room.office.client.port, "Ewa", "/messages", "Messages") as page:
        yield page


async def test_doubt_is_decided_by_keys_and_a_mailing_goes_on_by_itself(
    page: Page, writing: Messaging
) -> None:
    url = page.url
    await page.locator(".segments a", has_text="In doubt").press("Enter")
    await page.locator(".tick input").press("Space")
    await page.locator("#orders input[name=reason]").fill("She called")
    await page.locator("#orders button", has_text="Leave it").press("Enter")
    await expect(page.locator(".form-done")).to_contain_text("It is left as it is.")
    await expect(page.locator(".empty")).to_contain_text("Nothing is in doubt")
    await page.goto(f"{url}/templates/order_sent")
    await page.fill("input[name=q]", "Anna")
    await page.fill("input[name='value:order']", "A/7")
    await page.keyboard.press("Enter")
    await expect(page.locator("aside .message-text")).to_contain_text("Anna, order A/7 is on its way")
    place = await writing.room.send("/mailings/new", 303, **FORM)
    mailing = url.removesuffix("/messages") + place
    await page.goto(mailing)
    await page.locator("summary", has_text="Start").press("Enter")
    await page.locator(".campaign-move[open] button").press("Enter")
    await expect(page.locator("#board")).to_contain_text("Running")
    mailing_id = place.rsplit("/", 1)[1]
    await writing.written("x1", S.DELIVERED, mailing=mailing_id)
    writing.room.office.clock.at += timedelta(seconds=10)
    await expect(page.locator("#board .forecast-steps")).to_contain_text("Delivered")


@pytest.mark.parametrize("part", range(2))
async def test_fit_for_all_eyes(page: Page, writing: Messaging, part: int) -> None:
    url, axe = page.url.removesuffix("/messages"), Axe()
    draft = await writing.room.send("/mailings/new", 303, **FORM)
    running = await writing.room.send("/mailings/new", 303, **FORM | {"name": "July"})
    await writing.room.send(f"{running}/orders/start", version="1")
    await writing.written("x1", S.DELIVERED, mailing=running.rsplit("/", 1)[1])
    paths = (
        "/messages?view=doubtful",
        "/messages/m03",
        "/messages/templates",
        "/messages/templates/order_sent?q=Jan&value:order=7",
        "/messages/providers",
        "/messages/statistics?by=prefix",
        "/mailings",
        "/mailings/new",
        draft,
        running,
    )
    for path in paths[part::2]:
        for language in ("pl", "ru"):
            await page.context.set_extra_http_headers({"Accept-Language": language})
            await page.goto(url + path)
            for width in (1280, 1920):
                await page.set_viewport_size({"width": width, "height": 900})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                assert await page.evaluate(CUT) == [], (path, language)
        for theme in ("light", "dark"):
            await page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            found = await axe.run(page)
            assert found.violations_count == 0, (path, found.generate_report())
