"""The pages in a real Chromium. The browser's calls reach the real worker; only Asterisk is a fake."""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect

from asterisk.visitors import VisitorGate
from tests.console.stage import BROWSER, PHONE, START, Stage, order_call
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
]
NO_MICROPHONE = [
    "--no-sandbox",
    "--deny-permission-prompts",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
]
CUT_OFF = """() => [...document.querySelectorAll("button, h1, h2, .pill, .tag, .rail-item span")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""


class CountingIds:
    def __init__(self) -> None:
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return f"v{self.count}"


@dataclass
class FakeVoice:
    on_closed: Callable[[], None] | None = None
    on_audio: Callable[[bytes], None] | None = None
    heard: bytearray = field(default_factory=bytearray)

    def send(self, pcm: bytes) -> None:
        self.heard += pcm

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        self.on_audio = on_audio


class FakeControl:
    """Puts each visitor on the live list, as the engine would."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.voices: dict[str, FakeVoice] = {}
        self.wideband: list[bool] = []
        self.dialled: list[str] = []
        self.keys = ""
        self.left: list[str] = []

    async def admit_visitor(self, visitor_id: str, dialled: str, *, wideband: bool) -> FakeVoice:
        self.wideband.append(wideband)
        self.dialled.append(dialled)
        self.voices[visitor_id] = FakeVoice()
        self.show(visitor_id, 8)
        return self.voices[visitor_id]

    def show(self, visitor_id: str, events: int) -> None:
        """The call as it is after so many of its events."""
        log = order_call(f"call-{visitor_id}", network_id=f"visitor-{visitor_id}", caller="")[:events]
        self.stage.live.put(self.stage.queries.add(log, BROWSER))

    def visitor_pressed(self, visitor_id: str, key: str) -> None:
        self.keys += key

    async def visitor_left(self, visitor_id: str) -> None:
        self.left.append(visitor_id)


@dataclass
class House:
    stage: Stage
    control: FakeControl
    gate: VisitorGate
    url: str


@pytest.fixture
async def house(stage: Stage) -> AsyncIterator[House]:
    control = FakeControl(stage)
    gate = VisitorGate(control, CountingIds())
    await gate.start()
    stage.visitors = gate  # type: ignore[assignment]
    server = TestServer(stage.application(), host="127.0.0.1")
    await server.start_server()
    yield House(stage, control, gate, f"http://127.0.0.1:{server.port}")
    await server.close()
    await gate.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Playwright]:
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        yield playwright


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(chromium: Playwright, house: House) -> AsyncIterator[OpenPage]:
    """Opens a page; the test fails when any page logs an error or breaks its own policy."""
    browsers: dict[tuple[str, ...], Browser] = {}
    errors: list[str] = []

    async def open_it(path: str = "/", flags: list[str] = FLAGS, **context_options: Any) -> Page:
        kind = tuple(flags)
        if kind not in browsers:
            browsers[kind] = await chromium.chromium.launch(executable_path=CHROMIUM, args=flags)
        context: BrowserContext = await browsers[kind].new_context(
            **{"locale": "en", "viewport": {"width": 1440, "height": 900}, **context_options}
        )
        context.set_default_timeout(PAGE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        await page.goto(house.url + path)
        return page

    yield open_it
    for browser in browsers.values():
        await browser.close()
    assert errors == []


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PAGE_MS / 1000):
            while not condition():  # noqa: ASYNC110 (what is waited for is elsewhere)
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {PAGE_MS / 1000:g} s: {what}")


def loudest(pcm: bytearray) -> int:
    return max(abs(sample) for sample in struct.unpack(f"<{len(pcm) // 2}h", bytes(pcm)))


async def test_a_call_from_the_page(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.keyboard.press("F2")
    await expect(page.locator("#caller")).to_have_attribute("data-state", "talking")
    voice = house.control.voices["v1"]
    assert house.control.wideband == [True]  # G.722 was agreed on
    await until(lambda: len(voice.heard) > 32000, "a second of the microphone")
    await until(lambda: loudest(voice.heard) > 1000, "Chromium's fake microphone, which beeps")
    await expect(page.locator("#mine")).to_contain_text("For orders press 2 or say order.")
    await expect(page.locator("#mic-level i.on").first).to_be_visible()

    # The keypad has the focus, so digits are keys.
    await page.keyboard.type("12")
    await page.locator('[data-key="#"]').click()
    await until(lambda: house.control.keys == "12#", "the keys")
    house.control.show("v1", 22)
    await expect(page.locator("#mine")).to_contain_text("Order 2 0 4 is on its way.")
    await expect(page.locator("#live")).to_contain_text("Browser")
    await expect(page.locator('[data-stop="4"]')).to_have_class("here")

    await page.keyboard.press("Shift+F2")
    await expect(page.locator("#caller")).to_have_attribute("data-state", "ended")
    await until(lambda: house.control.left == ["v1"], "the hang-up")
    house.control.show("v1", 99)
    house.stage.live.changed("history")
    await expect(page.locator("#latest")).to_contain_text("Completed")
    await expect(page.locator("#live")).to_contain_text("Nobody is on the line")
    await page.locator("#read-back").click()
    await expect(page.locator("h1")).to_have_text("Browser")
    await expect(page.locator(".events li")).to_have_count(23)


async def test_the_line_is_heard_and_may_hang_up(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator("#call").click()
    await until(lambda: "v1" in house.control.voices, "the call")
    voice = house.control.voices["v1"]
    await until(lambda: voice.on_audio is not None, "the line's voice is attached")
    frame = struct.pack("<320h", *([8000, -8000] * 160))
    loud = """async () => {
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        context.createMediaStreamSource(document.getElementById("voice").srcObject).connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        for (let n = 0; n < 400; n++) {
            analyser.getFloatTimeDomainData(samples);
            if (Math.max(...samples.map(Math.abs)) > 0.02) return true;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return false;
    }"""
    heard = asyncio.ensure_future(page.evaluate(loud))
    while not heard.done():
        voice.on_audio(frame)
        await asyncio.sleep(0.02)
    assert await heard
    voice.on_closed()
    await expect(page.locator("#caller")).to_have_attribute("data-state", "ended")
    await expect(page.locator("#band")).to_contain_text("The call has ended")


async def test_another_number_may_be_called(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.get_by_label("Number").select_option("101")
    await page.locator("#call").click()
    await until(lambda: house.control.dialled == ["101"], "the call")
    await expect(page.locator("#band-number")).to_have_text("101")
    await expect(page.locator("#dialled")).to_be_disabled()


async def test_leaving_the_page_hangs_up(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator("#call").click()
    await until(lambda: "v1" in house.control.voices, "the call")
    await page.close(run_before_unload=False)
    await until(lambda: house.control.left == ["v1"], "the hang-up")


async def test_a_refused_microphone_is_told_with_its_remedy(house: House, open_page: OpenPage) -> None:
    page = await open_page(flags=NO_MICROPHONE)
    await page.locator("#call").click()
    await expect(page.locator("#trouble")).to_contain_text("call with keys only")
    await expect(page.locator("#call")).to_be_visible()
    await page.locator("#keys-only").click()
    await expect(page.locator("#caller")).to_have_attribute("data-state", "talking")
    await page.keyboard.press("F7")
    await page.keyboard.type("1")
    await until(lambda: house.control.keys == "1", "the key")


async def test_a_refused_call_says_why(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    sentence = "All 20 lines for browsers are taken; try again later."
    # Chromium writes a refused request to its console as an error, so the answer is given in its place.
    await page.route("**/visitor/offer", lambda route: route.fulfill(json={"error": sentence}, status=200))
    await page.evaluate("Object.defineProperty(Response.prototype, 'ok', { get: () => false })")
    await page.locator("#call").click()
    await expect(page.locator("#trouble")).to_contain_text(f"The call could not be made. {sentence}")


async def test_readiness_follows_by_itself(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.locator("#call")).to_be_enabled()
    house.stage.health.set("Asterisk", False, "Asterisk is restarting.")
    await expect(page.locator("h1")).to_have_text("Your hotline is not ready yet.")
    await expect(page.locator("#headline")).to_contain_text("Asterisk is restarting.")
    await expect(page.locator("#call")).to_be_disabled()
    await expect(page.locator("#health")).to_contain_text("Hotline not ready")
    house.stage.health.set("Asterisk", True, "connected")
    await expect(page.locator("#call")).to_be_enabled()


async def test_a_live_call_page_grows(house: House, open_page: OpenPage) -> None:
    house.control.show("v7", 6)
    page = await open_page("/calls/call-v7")
    await expect(page.locator(".events li")).to_have_count(6)
    await expect(page.locator(".stop-live")).to_have_count(1)
    house.control.show("v7", 12)
    await expect(page.locator(".events li")).to_have_count(12)
    house.control.show("v7", 99)
    await expect(page.locator(".call-head")).to_contain_text("Completed")


async def test_theme_and_language_are_kept(house: House, open_page: OpenPage) -> None:
    house.stage.queries.add(order_call(start=START - timedelta(minutes=3)), PHONE)
    page = await open_page(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ground) == "rgb(14, 16, 19)"
    await page.locator("#theme").click()
    assert await page.evaluate(ground) == "rgb(244, 244, 241)"
    await page.get_by_role("button", name="Русский").click()
    await expect(page.locator("h1")).to_have_text("Ваша линия работает. Позвоните.")
    assert await page.evaluate(ground) == "rgb(244, 244, 241)"
    assert await page.evaluate("document.documentElement.lang") == "ru"


@pytest.mark.parametrize("locale", ["pl", "ru"])
async def test_nothing_overflows(house: House, open_page: OpenPage, locale: str) -> None:
    house.stage.queries.add(order_call(recording="gone"), PHONE)
    house.control.show("v3", 20)
    for path, width in itertools.product(["/", "/calls", "/calls/c1"], [1280, 1440]):
        page = await open_page(path, viewport={"width": width, "height": 800}, locale=locale)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert await page.evaluate(CUT_OFF) == [], (path, width)
        await page.context.close()


async def test_the_focus_is_seen_and_order_is_kept(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    seen: list[str] = []
    for _ in range(20):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen
        if seen[-1] == "keypad":
            break
    assert seen.index("theme") < seen.index("call") < seen.index("keypad")
