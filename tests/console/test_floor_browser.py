"""The floor in a real Chromium: it moves by itself, the line's buttons work, and it is fit for all eyes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from acd.agents import AgentStatus
from acd.events import StatusChanged
from engine.floor.supervision import FLOOR, SupervisionMode, SupervisionRefused
from store.store import Store
from tests.console.floor_stage import CALL, Hall, open_hall
from tests.console.offices import PASSWORD
from tests.console.stage import Stage
from tests.console.test_console_browser import CHROMIUM, FLAGS
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
# A telephone that registers at once.
SOFTPHONE = """
export async function openMicrophone() { return navigator.mediaDevices.getUserMedia({ audio: true }); }
export function connect(settings, listener) {
  setTimeout(() => listener.registered(), 0);
  window.settings = settings;
  window.listener = listener;
  window.phones = (window.phones ?? 0) + 1;
  return { answer() {}, close() {}, inCall: false };
}
"""
CUT = """() => [...document.querySelectorAll("main button, h1, h2, .pill, th")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""


@pytest.fixture
async def hall(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Hall]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_hall(stage, store) as opened:
        yield opened


@pytest.fixture
async def page(hall: Hall) -> AsyncIterator[Page]:
    """Olga at /floor; the test fails when her page breaks a rule of its own."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(locale="en", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.route(
            "**/static/softphone.js",
            lambda route: route.fulfill(body=SOFTPHONE, content_type="text/javascript"),
        )
        await page.goto(f"http://127.0.0.1:{hall.office.client.port}/sign-in?next=%2Ffloor")
        await page.fill("input[name=name]", "Olga")
        await page.fill("input[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#agent-anna")).to_be_visible()
        yield page
        await browser.close()
    assert errors == []


async def test_it_moves_by_itself_and_the_focus_stays(page: Page, hall: Hall) -> None:
    link = page.locator("#agent-piotr a")
    await link.focus()
    hall.queues.tell(StatusChanged("piotr", AgentStatus.BREAK, "lunch"))
    hall.stage.live.changed(FLOOR)
    await expect(page.locator("#agent-piotr .pill")).to_contain_text("Lunch")
    await expect(link).to_be_focused()


async def test_a_line_by_keyboard_and_a_refusal(page: Page, hall: Hall) -> None:
    for mode in SupervisionMode:
        await page.locator(f'button[data-mode={mode}][data-agent="anna"]').press("Enter")
        async with asyncio.timeout(PAGE_MS / 1000):
            while len(hall.supervision.asked) < list(SupervisionMode).index(mode) + 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        hall.stage.live.changed(FLOOR)
        pressed = page.locator(f"#floor-line button[data-mode={mode}]")
        await expect(pressed).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("window.settings.user") == "sup-olga"
    hall.supervision.refusal = SupervisionRefused("over", "The talk has ended just now.")
    await page.locator("#floor-line button[data-mode=listen]").click()
    await expect(page.locator("#floor-wrong")).to_have_text(re.compile("The call has ended just now."))
    await page.locator("#leave-line").click()
    hall.stage.live.changed(FLOOR)
    await expect(page.locator("#floor-line")).to_be_hidden()
    hall.supervision.refusal = None
    await page.evaluate("window.listener.refused()")  # as after a restart of the engine
    await page.locator('button[data-mode=listen][data-agent="anna"]').click()
    async with asyncio.timeout(PAGE_MS / 1000):
        while len(hall.supervision.asked) == len(SupervisionMode):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        while await page.evaluate("window.phones") != 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_fit_for_all_eyes(page: Page, hall: Hall) -> None:
    await hall.supervision.supervise(None, "olga", CALL, "anna", SupervisionMode.WHISPER)  # type: ignore[arg-type]
    url = page.url
    axe = Axe()
    for path in ("", "/agents/anna"):
        for language in ("en", "pl", "ru"):
            await page.context.set_extra_http_headers({"Accept-Language": language})
            for width in (1280, 1920):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.goto(url + path)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await page.evaluate(CUT) == [], language
        for theme in ("light", "dark"):
            await page.context.add_cookies([{"name": "theme", "value": theme, "url": url}])
            await page.goto(url + path)
            found = await axe.run(page)
            assert found.violations_count == 0, found.generate_report()
