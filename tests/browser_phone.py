"""Agents' telephones for tests: a real Chromium whose microphone is a file, at a real Asterisk."""

from __future__ import annotations

import array
import asyncio
import math
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
LIMIT_SECONDS = 10.0
_MICROPHONE_RATE = 48000


def write_tone(path: Path, hertz: float, seconds: float = 2.0) -> Path:
    """A microphone's file: Chromium plays it over and over."""
    step = 2 * math.pi * hertz / _MICROPHONE_RATE
    samples = array.array(
        "h", (int(9000 * math.sin(step * i)) for i in range(int(_MICROPHONE_RATE * seconds)))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_MICROPHONE_RATE)
        file.writeframes(samples.tobytes())
    return path


@asynccontextmanager
async def chromium_with(microphone: Path, *more: str) -> AsyncIterator[Browser]:
    """`microphone` is a WAV file; `more` are further flags."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        raise AssertionError("Chromium is missing: apt-get install chromium")
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}", *more]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


_PAGE = """
import { connect, openMicrophone } from "/static/softphone.js";
window.events = [];
window.at = {};
const keep = (kind) => (told) => {
  window.at[kind] = performance.timeOrigin + performance.now();
  window.events.push([kind, kind === "stream" ? null : told ?? null]);
  if (kind === "incoming" && window.answers) window.phone.answer();
  if (kind === "stream") { window.speaker.srcObject = told; }
};
window.speaker = new Audio();
window.speaker.autoplay = true;
window.open_phone = async (url, user, password) => {
  window.media ??= await openMicrophone();
  const kinds = ["registered", "unregistered", "refused", "incoming", "accepted", "stream", "ended"];
  const listener = Object.fromEntries(kinds.map((kind) => [kind, keep(kind)]));
  window.phone = connect({ url, user, password, media: window.media }, listener);
};
"""


@dataclass
class BrowserPhone:
    """A page with nothing but the console's softphone. Events are told as the softphone tells them."""

    page: Page
    _read: int = 0

    async def register(self, url: str, user: str, password: str) -> None:
        """Begins it; `hear("registered")` tells when it is done."""
        await self.page.evaluate("([u, n, p]) => open_phone(u, n, p)", [url, user, password])

    async def hear(self, kind: str, seconds: float = LIMIT_SECONDS) -> Any:
        """What the next event of `kind` tells; those before it are passed over."""
        found: list[Any] = []

        async def told() -> bool:
            events = await self.page.evaluate("events")
            while self._read < len(events):
                name, value = events[self._read]
                self._read += 1
                if name == kind:
                    found.append(value)
                    return True
            return False

        try:
            await until(told, seconds)
        except TimeoutError:
            events = await self.page.evaluate("events")
            raise AssertionError(f"no {kind} within {seconds:g} s: {events}") from None
        return found[0]

    async def answers_at_once(self, on: bool = True) -> None:
        await self.page.evaluate("on => { window.answers = on; }", on)

    async def do(self, what: str) -> Any:
        """Such as do("answer()"): of the softphone."""
        return await self.page.evaluate(f"() => phone.{what}")


@asynccontextmanager
async def phone_page(browser: Browser, web: str) -> AsyncIterator[BrowserPhone]:
    """In a window of its own; `web` is where /static and a blank page at /blank are served."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{web}/blank")
    await page.add_script_tag(content=_PAGE, type="module")
    await page.wait_for_function("window.open_phone !== undefined")
    try:
        yield BrowserPhone(page)
    finally:
        await context.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = LIMIT_SECONDS) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(0.02)
