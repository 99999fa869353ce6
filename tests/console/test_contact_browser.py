"""Contacts in a real Chromium: found by keyboard, read, changed; what is open stays open as things happen."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import async_playwright, expect

from engine.registers.access import Role
from engine.registers.contacts import ContactChange
from history.interaction import Channel, Interaction
from tests.console.offices import PASSWORD, Office
from tests.console.people import PHONE, SYSTEM, add_anna, add_past, add_second_anna
from tests.console.stage import START, Stage
from tests.console.test_console_browser import CHROMIUM
from tests.console.test_flow_browser import LEAST_CONTRAST
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
CUT = """() => [...document.querySelectorAll("main button, h1, .pill, .tag, .rail-item span")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""
SMALL = """() => [...document.querySelectorAll("main button, main summary, main input, main select")]
    .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"""


async def test_a_contact_is_found_read_and_changed(office: Office, stage: Stage) -> None:
    assert stage.people is not None
    anna = await add_anna(stage.people)
    await add_past(stage.people, anna)
    await add_second_anna(stage.people)
    await office.add("Jan", Role.MANAGER)
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    url = f"http://127.0.0.1:{office.client.port}"
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{url}/sign-in")
        await page.get_by_label("Name").fill("Jan")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{url}/")
        await page.wait_for_load_state()  # the keys are listened to from then on

        # Ctrl K leads to the list, and there to the field.
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
        await page.keyboard.press("Control+k")
        await page.keyboard.type("korekta")
        await page.keyboard.press("Enter")
        await expect(page.locator("mark")).to_have_text("Korekta")
        assert (await page.evaluate(LEAST_CONTRAST))[0] >= 4.5
        await page.get_by_role("link", name="Anna Łącka").click()

        # One entry opens in place, and stays open when something new comes above it.
        mail = page.locator(".entry-item", has_text="Korekta do faktury")
        await mail.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(mail.get_by_text("Brak dwóch skrzynek")).to_be_visible()
        sms = Interaction("i9", START, Channel.SMS, "outbound", "s9", PHONE, anna.id, note="Nowa wiadomość")
        await stage.people.history.timeline.add(SYSTEM, sms)
        stage.live.changed("history")
        await expect(page.locator("#timeline")).to_contain_text("Nowa wiadomość")
        await expect(mail.get_by_text("Brak dwóch skrzynek")).to_be_visible()

        # Why: the rules in order, the deciding one tinted.
        await page.locator("summary", has_text="collections").first.click()
        await expect(page.locator(".rule-deciding:visible")).to_contain_text("do-not-contact")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            contrast, where = await page.evaluate(LEAST_CONTRAST)
            assert contrast >= 4.5, where
        for width in (1280, 1920, 1000, 640):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await page.evaluate(CUT) == []
        assert await page.evaluate(SMALL) == []
        await page.set_viewport_size({"width": 1280, "height": 900})

        # Somebody else is quicker: nothing that was typed is lost.
        await page.locator("#edit summary").click()
        await page.get_by_label("Time zone").fill("Mars")
        await page.get_by_role("button", name="Save").first.click()
        await expect(page.get_by_role("alert")).to_contain_text("There is no such time zone.")
        await expect(page.get_by_label("Time zone")).to_be_focused()
        await page.get_by_label("Time zone").fill("Europe/London")
        await stage.people.history.contacts.change(SYSTEM, anna.id, ContactChange({"name": "Anna Druga"}))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("Another system changed this contact")
        await expect(page.get_by_label("Time zone")).to_have_value("Europe/London")
        await page.get_by_role("button", name="Save").first.click()
        await expect(page.get_by_role("status").filter(has_text="The contact is saved.")).to_be_visible()
        there = page.locator(".their-time")
        await expect(there).to_have_attribute("data-zone", "Europe/London")
        await expect(there).to_have_text("10:46")
        await browser.close()
    assert errors == []
