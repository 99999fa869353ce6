"""A call centre for a test: a hotline with a queue, and people in real browsers who talk into files."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.async_api import Page, Playwright, async_playwright

from infolinia.setup.inventory import find_parts
from tests.commands import loaded_program
from tests.desk.voices import voice, write_microphone
from tests.house import Ports, take_ports
from tests.patience import PAGE_MS
from tests.rtp import RtpParty, rtp_party
from tests.running import COMMAND, RunningHotline, until
from tests.sipp import SippResult, run_sipp

PASSWORD = "correct horse battery"
LIMIT_SECONDS = 20.0
FLOW = """
flow: line
languages: [en]
always: {agent: agents, trouble: bye}
use: {queues: [orders]}
start: consent
steps:
  consent:
    consent: {to: recording, refuse: 9, wait: 1s, prompt: {en: "Calls are recorded. For no, press 9."}}
    next: why
    refused: why
  why:
    menu:
      prompt: {en: "Orders, or something else?"}
      choices:
        1: {hear: {en: [order]}, set: {about: order}, next: agents}
        2: {hear: {en: [other]}, set: {about: other}, next: agents}
    otherwise: agents
  agents:
    queue: {name: orders, max_wait: 5m}
    next: thanks
    timeout: late
    closed: late
    full: late
    nobody: late
  thanks: {say: {text: {en: "Thank you."}, interrupt: false}, next: bye}
  late: {say: {text: {en: "Nobody has time."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
UNKNOWN = """
flow: unknown-number
languages: [en]
always: {agent: bye, trouble: bye}
start: bye
steps:
  bye: {hangup: normal}
"""
# The page keeps what it hears: 8 kHz, s16le, from each line that it was on.
LISTENING = """
(() => {
  window.heardPieces = [];
  const Native = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...settings) {
      super(...settings);
      window.peers.push(this);
      this.addEventListener("track", ({ track }) => {
        const stream = new MediaStream([track]);
        // Chromium gives a line's sound to nobody until something plays it.
        const speaker = new Audio();
        speaker.muted = true;
        speaker.srcObject = stream;
        speaker.play().catch(() => {});
        const context = new AudioContext({ sampleRate: 8000 });
        const source = context.createMediaStreamSource(stream);
        const ear = context.createScriptProcessor(2048, 1, 1);
        ear.onaudioprocess = ({ inputBuffer }) => {
          const piece = inputBuffer.getChannelData(0);
          const pcm = new Int16Array(piece.length);
          for (let n = 0; n < piece.length; n++) pcm[n] = Math.max(-1, Math.min(1, piece[n])) * 32767;
          window.heardPieces.push(pcm);
        };
        source.connect(ear);
        ear.connect(context.destination);
        (window.ears ??= []).push([speaker, context, source, ear]);
      });
    }
  };
})();
"""
HEARD = """() => {
  const bytes = new Uint8Array(window.heardPieces.reduce((sum, one) => sum + one.byteLength, 0));
  let at = 0;
  for (const one of window.heardPieces) { bytes.set(new Uint8Array(one.buffer), at); at += one.byteLength; }
  window.heardPieces = [];
  let text = "";
  for (let n = 0; n < bytes.length; n += 32768) {
    text += String.fromCharCode(...bytes.subarray(n, n + 32768));
  }
  return btoa(text);
}"""

Sound = npt.NDArray[np.int16]


@dataclass
class Person:
    """Somebody in a browser of their own, whose microphone is a file."""

    name: str
    page: Page
    errors: list[str] = field(default_factory=list)

    async def heard(self) -> Sound:
        """What came out of their telephone since this was asked last."""
        return np.frombuffer(base64.b64decode(await self.page.evaluate(HEARD)), dtype=np.int16)


@dataclass
class Caller:
    """A SIPp caller who talks all the time."""

    party: RtpParty
    call: asyncio.Task[SippResult]
    mouth: asyncio.Task[None]

    def mark(self) -> int:
        return len(self.party.frames)

    def heard(self, since: int = 0) -> Sound:
        frames = self.party.frames[since:]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)


@dataclass
class Center:
    """`people` are signed in one by one; each agent's line is in the configuration."""

    hotline: RunningHotline
    ports: Ports
    stack: AsyncExitStack
    playwright: Playwright
    people: dict[str, Person] = field(default_factory=dict)

    async def sign_in(self, name: str, path: str, *, microphone: str | None = "", **context: Any) -> Person:
        """A browser of their own, signed in by the console's own page. `microphone`: whose voice, "" theirs;
        None: theirs, and the browser has no leave to use it. That is given and taken back by permissions.
        """
        chromium = find_parts().chromium
        assert chromium is not None, "Chromium is missing: run `make setup-tests`"
        flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection"]
        flags += ["--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--mute-audio"]
        file = write_microphone(self.hotline.folder, microphone or name.lower())
        flags += ["--deny-permission-prompts", f"--use-file-for-fake-audio-capture={file}"]
        browser = await self.playwright.chromium.launch(executable_path=chromium, args=flags)
        self.stack.push_async_callback(browser.close)
        view = {"locale": "en", "viewport": {"width": 1440, "height": 900}, **context}
        made = await browser.new_context(**view)
        made.set_default_timeout(PAGE_MS)
        if microphone is not None:
            await made.grant_permissions(["microphone"])
        page = await made.new_page()
        person = Person(name, page)
        page.on("pageerror", lambda error: person.errors.append(str(error)))
        await page.add_init_script(LISTENING)
        await page.goto(f"{self.hotline.web}/sign-in?next={path}")
        await page.fill("input[name=name]", name)
        await page.fill("input[name=password]", PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url(f"**{path}")
        self.people[name] = person
        return person

    async def caller(self, number: int = 0, *, keys: str = "", talks: bool = True) -> Caller:
        """Calls now, presses `keys` once asked, and talks until hung up. 0 to 2."""
        first = 7 + 4 * number
        party = await self.stack.enter_async_context(rtp_party(self.ports.spare(first + 1)))
        call = asyncio.create_task(
            run_sipp(
                "patient",
                folder=self.hotline.folder,
                sip_port=self.ports.sip,
                local_port=self.ports.spare(first),
                audio_port=self.ports.spare(first + 1),
                caller=f"4822000001{number}",
                limit_seconds=150,
            )
        )

        async def speak() -> None:
            while talks:
                await party.say(voice("caller"))

        if keys:
            await self.until(lambda: party.loud_seconds > 1, "the hotline speaks")
            await party.press(keys)
        mouth = asyncio.create_task(speak())
        caller = Caller(party, call, mouth)
        self.stack.push_async_callback(_hang_up, caller)
        return caller

    async def until(
        self, condition: Callable[[], bool], what: str, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        async def met() -> bool:
            return condition()

        await until(met, what, limit_seconds, self.hotline.log)

    async def api(self, path: str) -> Any:
        """What the console answers a signed-in person's browser; used for what pages do not show."""
        person = next(iter(self.people.values()))
        answer = await person.page.request.get(self.hotline.web + path)
        assert answer.ok, (answer.status, await answer.text())
        return await answer.json()


@asynccontextmanager
async def center(
    folder: Path,
    people: Mapping[str, str],
    *,
    ports: range = range(22200, 23000),
    program: tuple[str, ...] = (COMMAND,),
    flow: str = FLOW,
    **changes: Any,
) -> AsyncIterator[Center]:
    """`people`: name -> role. Everybody but the supervisors answers the queue `orders`."""
    flows = folder / "flows"
    flows.mkdir()
    (flows / "line.yaml").write_text(flow)
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    agents = {name.lower(): {"person": name} for name, role in people.items() if role == "agent"}
    settings = {
        "flows": "flows",
        "numbers": {"100": "line"},
        "agents": agents,
        "queues": {"orders": {"agents": list(agents), "ring": "12s", "wrap_up": "5m"}},
        **changes,
    }
    with take_ports(ports.start, ports.stop) as block:
        hotline = RunningHotline(folder, block, settings, program=program)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(hotline.stop)
            await asyncio.to_thread(_add_people, hotline, people)
            await hotline.start()
            playwright = await stack.enter_async_context(async_playwright())
            yield Center(hotline, block, stack, playwright)


def _add_people(hotline: RunningHotline, people: Mapping[str, str]) -> None:
    """And an admin first: nobody else may be the first."""
    hotline.write_config()
    with loaded_program() as program:
        for name, role in {"Maria": "admin", **people}.items():
            arguments = ("people", "add", name, "--role", role, "--password-stdin")
            ran = program.run(hotline.folder, *arguments, "--config", str(hotline.config), given=PASSWORD)
            assert ran.code == 0, ran.errors


async def _hang_up(caller: Caller) -> None:
    for task in (caller.mouth, caller.call):
        task.cancel()
    await asyncio.gather(caller.mouth, caller.call, return_exceptions=True)
