"""Debts in a real Chromium: found, read and disputed by the keyboard, in both themes and all languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from dialer.debts.debt import Debt, DebtState
from engine.registers.contacts import ContactDraft
from history.interaction import ContactPoint, PointKind
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.signed_in_page import signed_in_page
from tests.console.stage import START, Stage
from tests.console.test_callback_browser import CUT, WIDE

pytestmark = pytest.mark.browser
HOSTILE = "Anna <script>document.title = 'run'</script>"


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        point = ContactPoint(PointKind.PHONE, "+48600000001")
        draft = ContactDraft((point,), {"name": HOSTILE}, frozenset(), {})
        person = await opened.parts.history.contacts.create(SHELL, draft)
        for n, currency in ((1, "PLN"), (2, "JPY"), (3, "KWD")):
            debt = Debt(f"d{n}", person.id, f"F/{n}", 30_000, currency, START.date(), START, "Example bank")
            await opened.parts.debts.add(SHELL, debt)
        yield opened


@pytest.fixture
async def page(room: Campaigning) -> AsyncIterator[Page]:
    """Ewa at the debts; the test fails when her page breaks a rule of its own."""
    async with signed_in_page(room.office.client.port, "Ewa", "/debts", "Debts") as page:
        yield page


async def test_debts_are_read_and_disputed_and_fit_for_all_eyes(page: Page, room: Campaigning) -> None:
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(3)
    for shown in ("PLN 300.00", "¥30,000", "KWD 30.000"):
        await expect(page.locator("tbody").get_by_text(shown)).to_be_visible()
    await expect(rows.first).to_contain_text(HOSTILE)
    origin = page.url.split("/debts")[0]
    for language, theme in (("pl", "dark"), ("ru", "light"), ("en", "light")):
        cookies = {"language": language, "theme": theme}
        await page.context.add_cookies([{"name": k, "value": v, "url": origin} for k, v in cookies.items()])
        for path in ("/debts", "/debts/d1"):
            await page.goto(origin + path)
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert await page.evaluate(CUT) == []
            assert not await page.evaluate(WIDE), (language, path)
            assert await page.title() != "run"
    dispute = page.locator("details", has=page.get_by_text("Dispute", exact=True)).first
    await dispute.locator("summary").press("Enter")
    await dispute.locator("input[name=reason]").fill("It was paid in May")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("campaigns have stopped calling")
    assert (await room.parts.debts.get("d1")).state is DebtState.DISPUTED
