"""Signing in, end to end, in a real Chromium."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from engine.registers.access import Role
from tests.console.offices import PASSWORD, SHELL, Office
from tests.console.stage import PHONE, Stage, order_call
from tests.console.test_console_browser import CHROMIUM, FLAGS
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
NEW = "another good password"


async def test_signing_in_calling_and_signing_out(
    office: Office, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By keyboard alone; the pages' own requests bear the session's token; another browser's end is seen."""
    monkeypatch.setattr("console.event_stream.HEARTBEAT_SECONDS", 0.2)
    stage.queries.add(order_call(), PHONE)
    anna = await office.add("Anna", Role.MANAGER)
    await office.add("Jan")
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    url = f"http://127.0.0.1:{office.client.port}"
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))

        await page.goto(f"{url}/flows/hotline")
        await expect(page.get_by_label("Name")).to_be_focused()
        await page.keyboard.type("anna")
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong horse battery")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        await expect(page.get_by_label("Password")).to_be_focused()
        await page.screenshot(path=tmp_path / "sign-in.png")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")

        # Back where it began; what is typed there is a request that bears the token.
        await expect(page).to_have_url(f"{url}/flows/hotline")
        await page.locator("#said").fill("order")
        await page.locator("#said").press("Enter")
        await expect(page.locator(".bubble-caller")).to_contain_text("order")
        assert await page.locator("#rehearsal-trouble").is_hidden()

        await page.get_by_role("link", name="Anna").click()
        await page.screenshot(path=tmp_path / "account.png")
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_label("New password", exact=True).fill(NEW)
        await page.get_by_label("New password again").fill(NEW)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="changed")).to_be_visible()

        # An end from elsewhere: the open page goes to the form by itself.
        await page.goto(f"{url}/calls")
        await expect(page.locator("#history")).to_contain_text("+48 22 000 01 42")
        await office.accounts.people.change_role(SHELL, anna.id, Role.AGENT, office.clock.now())
        stage.clock.at = stage.clock.at.replace(hour=stage.clock.at.hour + 1)
        stage.live.changed("history")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.get_by_label("Name").fill("Anna")
        await page.get_by_label("Password").fill(NEW)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("takes the role supervisor")).to_be_visible()
        await page.get_by_role("link", name="Anna").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert [cookie for cookie in await context.cookies() if "session" in cookie["name"]] == []
        await browser.close()
    assert errors == []
