"""A page of the console in a real Chromium, signed in; whoever opens it fails when a script of it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.console.offices import PASSWORD
from tests.console.test_console_browser import CHROMIUM, FLAGS
from tests.patience import PAGE_MS


@asynccontextmanager
async def signed_in_page(port: int, person: str, path: str, heading: str) -> AsyncIterator[Page]:
    """`person` at `path`, whose heading it is."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(locale="en", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"http://127.0.0.1:{port}/sign-in?next={quote(path, safe='')}")
        await page.fill("input[name=name]", person)
        await page.fill("input[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text(heading)
        yield page
        await browser.close()
    assert errors == []
