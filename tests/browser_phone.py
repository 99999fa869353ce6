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

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from console.accounts.admission import admission
from console.accounts.identity import IDENTIFIER, Identity
from console.faults import fault_middleware
from console.guard import NAMES, add_headers, guard
from console.phone_socket import PhoneSocket
from engine.registers.access import Role
from engine.registers.actor import Actor, ActorKind
from tests.patience import PAGE_MS, patient

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
GRANTED, DENIED = "--use-fake-ui-for-media-stream", "--deny-permission-prompts"
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
async def chromium_with(microphone: Path | None, *more: str) -> AsyncIterator[Browser]:
    """`microphone` is a WAV file; without one, pages get none. `more` are further flags."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        raise AssertionError("Chromium is missing: apt-get install chromium")
    given = (GRANTED, f"--use-file-for-fake-audio-capture={microphone}") if microphone else (DENIED,)
    flags = [*FLAGS, *given, *more]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


_PAGE = (
    '<!doctype html><html lang="en"><title>A telephone</title><script type="module" src="/blank.js"></script>'
)
_SCRIPT = """
import { connect, openMicrophone } from "/static/softphone.js";
window.events = [];
window.at = {};
window.answers = false;
window.openMicrophone = openMicrophone;
const keep = (kind) => (told) => {
  window.at[kind] = performance.timeOrigin + performance.now();
  window.events.push([kind, kind === "stream" ? null : told ?? null]);
  if (kind === "incoming" && window.answers) window.phone.answer();
  if (kind === "stream") listen(told);
};
const speaker = new Audio();
let analyser = null;
function listen(sound) {
  speaker.srcObject = sound;
  speaker.play();
  const context = new AudioContext();
  analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(sound).connect(analyser);
}
// The loudest tone that is heard now, in hertz; 0 in silence.
window.tone_heard = () => {
  if (!analyser) return 0;
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return bins[loudest] < -60 ? 0 : loudest * analyser.context.sampleRate / analyser.fftSize;
};
window.open_phone = async (url, user, password) => {
  window.media ??= await openMicrophone();
  const kinds = ["registered", "unregistered", "refused", "incoming", "accepted", "stream", "ended"];
  const listener = Object.fromEntries(kinds.map((kind) => [kind, keep(kind)]));
  window.phone = connect({ url, user, password, media: window.media }, listener);
};
"""


@dataclass
class OnePerson:
    """Implements identity.Identifier: whoever asks is the same person, unless they have left."""

    signed_in: bool = True

    async def identify(self, request: web.Request) -> Identity | None:
        return Identity(Actor(ActorKind.PERSON, "p-anna"), Role.ADMIN) if self.signed_in else None

    async def open_to_all(self) -> bool:
        return False


def phone_application(person: OnePerson, socket: PhoneSocket, *names: str) -> web.Application:
    """The console's own middlewares and headers, and no page but one with a telephone."""
    app = web.Application(middlewares=[fault_middleware(lambda *_: web.Response()), guard, admission])
    app[IDENTIFIER] = person
    app[NAMES] = frozenset(names)
    app.on_response_prepare.append(add_headers)
    app.add_routes([*_page_routes(), *socket.routes()])
    app.router.add_static("/static", Path(__file__).parents[1] / "console" / "static")
    return app


def _page_routes() -> list[web.RouteDef]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    async def script(_: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="text/javascript")

    return [web.get("/blank", page), web.get("/blank.js", script)]


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
            raise AssertionError(f"no {kind} within {patient(seconds):g} s: {events}") from None
        return found[0]

    async def hears(self, hertz: float, seconds: float = LIMIT_SECONDS) -> None:
        """A tone from the line, in the loudspeaker."""
        heard = 0.0

        async def told() -> bool:
            nonlocal heard
            heard = await self.page.evaluate("tone_heard()")
            return abs(heard - hertz) < 15

        try:
            await until(told, seconds)
        except TimeoutError:
            raise AssertionError(f"{heard:.0f} Hz is heard, not {hertz:.0f}") from None

    async def answers_at_once(self, on: bool = True) -> None:
        await self.page.evaluate("on => { window.answers = on; }", on)

    async def do(self, what: str) -> Any:
        """Such as do("answer()"): of the softphone."""
        return await self.page.evaluate(f"() => phone.{what}")


@asynccontextmanager
async def phone_page(browser: Browser, site: str) -> AsyncIterator[BrowserPhone]:
    """In a window of its own; `site` is where a phone_application is served."""
    context = await browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PAGE_MS)
    page = await context.new_page()
    await page.goto(f"{site}/blank")
    await page.wait_for_function("window.open_phone !== undefined")
    try:
        yield BrowserPhone(page)
    finally:
        await context.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = LIMIT_SECONDS) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(patient(seconds)):
        while not await condition():  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(0.02)
