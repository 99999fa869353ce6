"""Campaigns in a real Chromium: why opens in place, a list is sent, and all is fit to see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from dialer.campaign import CampaignMove
from store.store import Store
from tests.console.campaign_stage import Campaigning, a_result, a_run, open_campaigns
from tests.console.offices import SHELL
from tests.console.signed_in_page import signed_in_page
from tests.console.stage import Stage

pytestmark = pytest.mark.browser
CUT = """() => [...document.querySelectorAll("main button, h1, h2, .pill, th, summary")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""
PATHS = (
    "",
    "/new",
    "/spring/leads",
    "/spring/live",
    "/spring/rules",
    "/spring/forecast",
    "/spring/change?step=what",
    "/spring/change?step=how",
    "/spring/change?step=check",
)


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.made()
        ids = await opened.people("+48600000001", "+48600000002", "+48600000003")
        await opened.parts.leads.stop(SHELL, ids[2], "asked for by letter")
        await opened.parts.campaign_rules.move(SHELL, "spring", CampaignMove.START, "")
        opened.forecasts.end(a_result())
        opened.runs["spring"] = a_run()
        yield opened


@pytest.fixture
async def page(room: Campaigning) -> AsyncIterator[Page]:
    """Ewa at the list of campaigns; the test fails when her page breaks a rule of its own."""
    async with signed_in_page(room.office.client.port, "Ewa", "/campaigns", "Campaigns") as page:
        yield page


async def test_why_opens_in_place_and_a_list_is_sent(page: Page, room: Campaigning, tmp_path: Path) -> None:
    await page.goto(page.url + "/spring/leads")
    button = page.locator("tr", has_text="Anna 0").locator(".why-button")
    await button.press("Enter")
    why = page.locator("#why")
    await expect(why).to_contain_text("Why Anna 0 is")
    await expect(why).to_be_focused()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.keyboard.press("Escape")
    await expect(why).to_be_hidden()
    await expect(button).to_be_focused()
    table = tmp_path / "list.csv"
    await asyncio.to_thread(table.write_text, "Telefon;Imię\n600 000 012;Jan\n", "utf-8")
    await page.locator(".campaign-upload summary").click()
    await page.set_input_files("#upload input[type=file]", table)
    await page.locator("#upload button").click()
    await expect(page.locator(".form-done")).to_contain_text("The list is taken in.")
    await expect(page.locator(".campaign-import")).to_contain_text("list.csv")
    await page.locator(".campaign-upload summary").click()
    await page.set_input_files("#upload input[type=file]", table)
    await page.locator("#upload button").click()
    await expect(page.locator("#upload-said")).to_contain_text("already")
    await page.locator("summary", has_text="Pause").click()
    await page.locator(".campaign-move[open] input[name=reason]").fill("a short break")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("a short break")


async def test_ticks_stay_while_a_list_of_a_running_campaign_is_fetched(page: Page) -> None:
    await page.goto(page.url + "/spring/leads")
    ask = """() => document.getElementById("leads").dispatchEvent(
        new CustomEvent("htmx:before:request", { bubbles: true, cancelable: true }))"""
    assert await page.evaluate(ask) is True
    await page.locator("tr", has_text="Anna 0").locator(".tick input").check()
    assert await page.evaluate(ask) is False  # held back
    await page.locator("#orders input[name=reason]").fill("by letter")
    await page.locator("#orders button[value=stop]").click()
    await expect(page.locator(".form-done")).to_contain_text("Those chosen are not called any more.")


@pytest.mark.parametrize("part", range(3))
async def test_fit_for_all_eyes(page: Page, room: Campaigning, part: int) -> None:
    url, axe = page.url, Axe()
    for path in PATHS[part::3]:
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
