"""A dialogue in a real Chromium: an SMS is offered, answered, delivered, closed, and in the history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from engine.registers.access import Role
from engine.registers.messages import MessageFilter
from store.store import Store
from tests.conftest import HandClock
from tests.console.desk_stage import StagedDesks
from tests.console.dialogue_stage import ANNA, OURS, Dialogues, staged_dialogues
from tests.console.offices import PASSWORD, Office, open_office
from tests.console.stage import Stage
from tests.console.test_desk_browser import CUT, SMALL, OpenDesk, open_desk  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture
async def store_of_office(tmp_path: Path, make_store: Callable[..., Store]) -> Store:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return store


@pytest.fixture
async def dialogues(
    stage: Stage, desks: StagedDesks, store_of_office: Store, clock: HandClock
) -> AsyncIterator[Dialogues]:
    async with staged_dialogues(stage, desks, store_of_office, clock) as staged:
        yield staged


@pytest.fixture
async def at_desk(stage: Stage, dialogues: Dialogues) -> AsyncIterator[Office]:
    """Anna, an agent, has signed in; Jan is her supervisor."""
    async with open_office(stage, dialogues.store) as office:
        await office.add("Jan", Role.ADMIN)
        await office.add("Anna", Role.AGENT)
        yield office


async def test_what_comes_in_is_answered_at_the_desk(
    open_desk: OpenDesk,  # noqa: F811
    desks: StagedDesks,
    dialogues: Dialogues,
    at_desk: Office,
    tmp_path: Path,
) -> None:
    page = await open_desk()
    dialogues.here()
    written = page.locator("#desk-written")
    await expect(written).to_be_empty()
    await dialogues.comes("Where is my order?")

    # Offered, and taken.
    await expect(written.get_by_text("Where is my order?")).to_be_visible()
    await expect(written.get_by_text("Unknown person")).to_be_visible()
    await expect(written.locator(".timer")).not_to_be_empty()
    await _looks_right(page, tmp_path / "offered.png")
    await written.get_by_role("button", name="Take").click()

    # A ready answer is filled in and counted; what is typed stays as more comes in.
    box = written.get_by_label("Answer", exact=True)
    await written.get_by_label("Ready answer").select_option(label="On its way")
    await expect(box).to_have_value("It is on its way, says Anna.")
    await expect(written.get_by_text("1 part, 28 characters")).to_be_visible()
    await box.press_sequentially(" Zażółć")
    await expect(written.get_by_text("1 part, 35 characters")).to_be_visible()
    await dialogues.comes("Hello?")
    await expect(written.get_by_text("Hello?")).to_be_visible()
    await expect(box).to_have_value("It is on its way, says Anna. Zażółć")
    await _looks_right(page, tmp_path / "dialogue.png")

    # Sent through the worker, and what became of it is shown.
    await written.get_by_role("button", name="Send").click()
    await expect(written.get_by_text("Handed over")).to_be_visible()
    await expect(written.get_by_text("Answered", exact=True)).to_be_visible()
    sent = dialogues.provider.taken[-1]
    assert (sent.to, sent.sender, sent.text) == (ANNA, OURS, "It is on its way, says Anna. Zażółć")
    await dialogues.delivered()
    await expect(written.get_by_text("Delivered")).to_be_visible()

    # Closed.
    await written.locator("[name=disposition]").select_option("sale")
    await written.get_by_role("button", name="Close").click()
    await expect(written).to_be_empty()
    found = await dialogues.store.messages.list(MessageFilter())
    assert len(found.items) == 3

    # A supervisor finds it in the inbox, and all of it on the person's timeline.
    await page.context.clear_cookies()
    url = page.url.removesuffix("/desk")
    await page.goto(f"{url}/sign-in?next=%2Finbox%3Fview%3Dclosed")
    await page.locator("input[name=name]").fill("Jan")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    await _looks_right(page, tmp_path / "inbox.png")
    await page.get_by_role("link", name="+48 600 000 001").click()
    await expect(page.get_by_text("Where is my order?")).to_be_visible()
    await _looks_right(page, tmp_path / "inbox-dialogue.png")
    await page.get_by_role("link", name="Contact", exact=True).click()
    await page.locator("summary").filter(has_text="3 messages").click()
    lines = page.locator(".talk-line")
    await expect(lines).to_have_count(3)
    await expect(lines.filter(has_text="It is on its way, says Anna. Zażółć")).to_be_visible()


async def _looks_right(page: Page, screenshot: Path) -> None:
    assert await page.evaluate(CUT) == []
    assert await page.evaluate(SMALL) == []
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.screenshot(path=screenshot)
