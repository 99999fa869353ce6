"""Callbacks in a real Chromium: fit to see in both themes and all languages, and acted on by the keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.signed_in_page import signed_in_page
from tests.console.stage import Stage
from tests.console.test_callback_pages import asked

pytestmark = pytest.mark.browser
CUT = """() => [...document.querySelectorAll("main button, h1, h2, .pill, th, summary")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        now = stage.clock.now()
        chosen = {"window_from": now + timedelta(days=1), "window_to": now + timedelta(days=1, hours=2)}
        await asked(opened, 1, agent="anna")
        await asked(opened, 2, **chosen, person_chose=True, time_zone="Asia/Almaty")
        await asked(opened, 3)
        await opened.parts.callbacks.reached("c3", "campaign spring", "anna")
        yield opened


@pytest.fixture
async def page(room: Campaigning) -> AsyncIterator[Page]:
    """Ewa at the callbacks; the test fails when her page breaks a rule of its own."""
    async with signed_in_page(room.office.client.port, "Ewa", "/callbacks", "Callbacks") as page:
        yield page


async def test_a_callback_is_cancelled_by_the_keyboard(page: Page, room: Campaigning) -> None:
    row = page.locator("tr", has_text="Jan 1")
    await row.locator("summary").press("Enter")
    await row.locator("input[name=reason]").fill("the parcel came")
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.keyboard.press("Enter")
    await expect(page.locator(".form-done")).to_contain_text("The callback is cancelled.")
    assert (await room.parts.callbacks.get("c1")).ended_reason == "the parcel came"


async def test_fit_for_all_eyes(page: Page, room: Campaigning) -> None:
    origin = page.url.split("/callbacks")[0]
    for language, theme in (("en", "light"), ("pl", "dark"), ("ru", "light")):
        cookies = {"language": language, "theme": theme}
        await page.context.add_cookies([{"name": k, "value": v, "url": origin} for k, v in cookies.items()])
        for view in ("list", "week", "day"):
            await page.goto(f"{origin}/callbacks?view={view}&show=all")
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert await page.evaluate(CUT) == []
            assert not await page.evaluate(WIDE), (language, view)
