"""The page /api/docs in a real Chromium: light, dark and narrow, by keyboard, without a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.api.serving import RunningApi
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_the_page_is_read_by_keyboard(api: RunningApi, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en")
    context.set_default_timeout(PAGE_MS)
    page = await context.new_page()
    await page.goto(f"{api.url}/api/docs")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    first = api.api.operations[0]
    await page.locator(f'.api-nav a[href="#{first.name}"]').focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{api.url}/api/docs#{first.name}")
    operation = page.locator(f"#{first.name}")
    await expect(operation).to_be_in_viewport()
    await operation.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(operation.locator("details")).to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits(api: RunningApi, browser: Browser, scheme: str) -> None:
    errors: list[str] = []
    grounds = set()
    for width in (1280, 390):
        context = await browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 800},
            locale="ru",
        )
        page = await context.new_page()
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        await page.goto(f"{api.url}/api/docs")
        await expect(page.locator("h1")).to_have_text("REST API")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        grounds.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert errors == []
    assert grounds == {"rgb(14, 16, 19)" if scheme == "dark" else "rgb(244, 244, 241)"}
