"""Agents' telephones in a real Chromium at a real Asterisk, through the console's WebSocket and headers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser

from asterisk.ami import AmiAddress, AmiConnection
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.process import AsteriskProcess
from asterisk.settings import BROWSER_ADDRESS, MEDIA_CLIENT
from calls.control import (
    ChannelEnded,
    ControlRestored,
    LegAnswered,
    LegRinging,
    PhoneChanged,
    RequestRefused,
)
from console.phone_socket import PhoneSocket
from engine.clock import SystemClock
from infolinia.certificates import SelfMade, server_context
from tests.asterisk.network import LOUD, Ears, address_of, tone, until
from tests.browser_phone import (
    BrowserPhone,
    OnePerson,
    chromium_with,
    phone_application,
    phone_page,
    write_tone,
)
from tests.house import Ports, running_asterisk, take_ports
from tests.patience import patient

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NAME = "calls.example.com"  # which the browser is told to find on this machine
PASSWORD = "a password of hers"
MICROPHONE_HERTZ, LINE_HERTZ = 700.0, 1300.0


@dataclass
class House:
    asterisk: AsteriskProcess
    control: AsteriskControl
    ears: Ears
    browser: Browser
    site: str
    secure_site: str
    register: OnePerson
    socket: PhoneSocket
    legs: Counter[str] = field(default_factory=Counter)

    @property
    def socket_url(self) -> str:
        return self.site.replace("http", "ws", 1) + "/phone"

    async def state(self, phone: str, *, reachable: bool, seconds: float = 10.0) -> None:
        """The last that was told of it."""

        def is_so() -> bool:
            told = [e for e in self.ears.events if isinstance(e, PhoneChanged) and e.phone == phone]
            return bool(told) and told[-1].reachable is reachable

        await until(is_so, seconds)

    async def signed_in(self, page: BrowserPhone, phone: str, password: str = PASSWORD) -> None:
        await self.control.admit_phone(phone, password)
        await page.register(self.socket_url, phone, password)
        await page.hear("registered")
        await self.state(phone, reachable=True)

    async def talks(self, page: BrowserPhone, phone: str) -> str:
        """A call to it, answered; returns its channel."""
        self.legs[phone] += 1
        leg = f"{phone}.leg.{self.legs[phone]}"
        await page.answers_at_once()
        await self.control.ring_phone(
            leg,
            phone,
            caller_id="+12025550101",
            ring_seconds=20,
            call_id=phone,
            headers={"X-Infolinia-Call": leg},
        )
        await page.hear("accepted")
        while (await self.ears.hear(LegAnswered)).channel_id != leg:
            pass
        return leg

    async def ended(self, leg: str, seconds: float = 10.0) -> int:
        """Why, as Q.850."""
        while True:
            event = await self.ears.hear(ChannelEnded, seconds)
            if event.channel_id == leg:
                return event.cause


@pytest.fixture(scope="module")
def ports() -> AsyncIterator[Ports]:
    with take_ports() as taken:
        yield taken


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, ports: Ports) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("phones")
    register, ears = OnePerson(), Ears()
    booted: list[AsteriskProcess] = []
    socket = PhoneSocket(
        f"ws://127.0.0.1:{ports.http}/ws", BROWSER_ADDRESS, lambda: booted[0].pid is not None
    )
    runner = web.AppRunner(phone_application(register, socket, NAME), shutdown_timeout=1)
    await runner.setup()
    plain, secure = ports.spare(20), ports.spare(21)
    made = SelfMade(folder / "tls", (NAME,))
    made.renew(SystemClock().now())
    await web.TCPSite(runner, "127.0.0.1", plain).start()
    tls = server_context(made.certificate, made.key)
    await web.TCPSite(runner, "127.0.0.1", secure, ssl_context=tls).start()
    async with running_asterisk(folder, ports) as asterisk:
        booted.append(asterisk)
        address = AmiAddress("127.0.0.1", ports.ami, "infolinia", asterisk.secrets.ami_password)
        ami = AmiConnection(address, lambda _: None)
        await ami.start()
        media = MediaServer(
            asterisk.settings.media_port, MEDIA_CLIENT, password=asterisk.secrets.media_password
        )
        await media.start()
        control = AsteriskControl(
            address_of(asterisk), media, ears, recording_dir=asterisk.folders.spool / "recording", ami=ami
        )
        microphone = write_tone(folder / "microphone.wav", MICROPHONE_HERTZ)
        try:
            await control.start(patience_seconds=patient(10))
            async with chromium_with(microphone, f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
                yield House(
                    asterisk,
                    control,
                    ears,
                    browser,
                    f"http://127.0.0.1:{plain}",
                    f"https://{NAME}:{secure}",
                    register,
                    socket,
                )
        finally:
            await control.close()
            await ami.close()
            await media.close()
            await runner.cleanup()


async def test_an_agent_registers_answers_and_both_are_heard(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "anna")
        await house.control.ring_phone(
            "c.leg.1",
            "anna",
            caller_id="+12025550101",
            ring_seconds=20,
            call_id="c",
            headers={"X-Infolinia-Call": "c", "X-Infolinia-Queue": "orders"},
        )
        told = await page.hear("incoming")
        assert told["caller"] == "+12025550101"
        assert told["headers"] == {"x-infolinia-call": "c", "x-infolinia-queue": "orders"}
        assert (await house.ears.hear(LegRinging)).channel_id == "c.leg.1"
        await page.do("answer()")
        await page.hear("accepted")
        assert (await house.ears.hear(LegAnswered)).channel_id == "c.leg.1"
        assert await house.control.is_wideband("c.leg.1")

        line = await house.control.open_voice("c.leg.1", wideband=True)
        heard = bytearray()
        line.attach(heard.extend)
        line.speak(tone(16000, 30, LINE_HERTZ), lambda: None)
        await page.hears(LINE_HERTZ)

        def microphone_is_heard() -> bool:
            samples = np.frombuffer(bytes(heard[-16000:]), np.int16).astype(float)
            spectrum = np.abs(np.fft.rfft(samples))
            loudest = np.argmax(spectrum) * 16000 / max(len(samples), 1)
            return len(samples) == 8000 and abs(loudest - MICROPHONE_HERTZ) < 10 and samples.max() > LOUD

        await until(microphone_is_heard)
        await page.do("mute(true)")
        await until(lambda: max(np.abs(np.frombuffer(bytes(heard[-3200:]), np.int16))) < LOUD)
        await page.do("mute(false)")
        await until(microphone_is_heard)
        quality = await page.do("quality()")
        assert quality["lost"] < 0.05
        assert quality["heard"] > 0
        await page.do("hangUp()")
        assert await house.ended("c.leg.1") == 16
        assert await page.hear("ended") == {"cause": 0, "byUs": True}

        # Declined, and rung in vain.
        await house.control.ring_phone(
            "c.leg.2", "anna", caller_id="", ring_seconds=20, call_id="c", headers={}
        )
        await page.hear("incoming")
        await page.do("hangUp()")
        assert await house.ended("c.leg.2") in (17, 21)
        await house.control.ring_phone(
            "c.leg.3", "anna", caller_id="", ring_seconds=1, call_id="c", headers={}
        )
        assert await house.ended("c.leg.3") == 19
        with pytest.raises(RequestRefused, match="no header"):
            await house.control.ring_phone(
                "c.leg.4", "anna", caller_id="", ring_seconds=1, call_id="c", headers={"To": "x"}
            )
        with pytest.raises(RequestRefused, match="what a header cannot"):
            await house.control.ring_phone(
                "c.leg.5", "anna", caller_id="", ring_seconds=1, call_id="c", headers={"X-A": "a\r\nX-B: c"}
            )


async def test_a_new_password_voids_the_old_and_leaves_the_call(house: House) -> None:
    async with phone_page(house.browser, house.site) as page, phone_page(house.browser, house.site) as other:
        await house.signed_in(page, "ewa")
        leg = await house.talks(page, "ewa")
        await house.control.admit_phone("ewa", "another password")
        await other.register(house.socket_url, "ewa", PASSWORD)
        await other.hear("refused")
        await other.register(house.socket_url, "ewa", "another password")
        await other.hear("registered")
        assert await page.do("inCall")
        # The newest window is rung.
        second = await house.talks(other, "ewa")
        await house.control.hang_up(leg)
        await page.hear("ended")
        await house.control.hang_up(second)
        await other.hear("ended")


async def test_a_page_that_closes_is_told_from_a_hang_up(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "jan")
        leg = await house.talks(page, "jan")
        closed_at = time.monotonic()
        await page.page.goto("about:blank")
        assert await house.ended(leg) == 41
        assert time.monotonic() - closed_at < patient(1.5)
        await house.state("jan", reachable=False)


async def test_a_tab_that_was_killed_is_noticed_by_its_silence(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "ola")
        leg = await house.talks(page, "ola")
        session = await page.page.context.new_cdp_session(page.page)
        killed_at = time.monotonic()
        crash = asyncio.create_task(session.send("Page.crash"))
        assert await house.ended(leg, 12) == 44
        assert 3 < time.monotonic() - killed_at < patient(9)
        await house.state("ola", reachable=False)
        crash.cancel()
        await asyncio.gather(crash, return_exceptions=True)


async def test_a_call_outlives_the_connection_and_can_still_be_ended(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "iza")
        leg = await house.talks(page, "iza")
        line = await house.control.open_voice(leg, wideband=True)
        line.speak(tone(16000, 30, LINE_HERTZ), lambda: None)
        await page.hears(LINE_HERTZ)
        # Another engine gives another password; the call stays on the telephone of before.
        await house.control.admit_phone("iza", "another password")
        await house.socket.close(web.Application())
        await page.hear("unregistered")
        await page.do("renew('another password')")
        await page.hear("registered")
        await house.state("iza", reachable=True)
        await page.hears(LINE_HERTZ)
        assert await page.do("inCall")
        await house.control.hang_up(leg)
        assert await page.hear("ended") == {"cause": 16, "byUs": False}


async def test_nobody_registers_by_guessing_and_nobody_calls(house: House) -> None:
    await house.control.admit_phone("tom", PASSWORD)
    async with phone_page(house.browser, house.site) as page:
        await page.register(house.socket_url, "tom", "guessed it, did I")
        await page.hear("refused")
        await page.register(house.socket_url, "nobody", PASSWORD)
        await page.hear("refused")
    await house.state("tom", reachable=False)
    for name in ("local", "loopback", "anonymous", "Upper", "1"):
        with pytest.raises(RequestRefused):
            await house.control.admit_phone(name, PASSWORD)
    with pytest.raises(RequestRefused, match="password"):
        await house.control.admit_phone("tom", "short")
    with pytest.raises(RequestRefused, match="no browser 'jim'"):
        await house.control.ring_phone(
            "c.leg.9", "jim", caller_id="", ring_seconds=1, call_id="c", headers={}
        )
    # By SIP of one's own: neither a stranger nor somebody of this machine places a call.
    before = len(house.ears.events)
    async with aiohttp.ClientSession() as session:
        for name in ("local", "stranger"):
            async with session.ws_connect(
                house.socket_url, protocols=("sip",), origin=house.site, timeout=aiohttp.ClientWSTimeout(1)
            ) as raw:
                await raw.send_str(INVITE.format(name=name))
                answers = [(await raw.receive(patient(5))).data.partition("\r\n")[0]]
                if "100" in answers[0]:
                    answers.append((await raw.receive(patient(5))).data.partition("\r\n")[0])
                assert answers[-1].startswith("SIP/2.0 401"), answers
    assert not [e for e in house.ears.events[before:] if not isinstance(e, PhoneChanged)]


INVITE = (
    "INVITE sip:100@infolinia.invalid SIP/2.0\r\n"
    "Via: SIP/2.0/WS x.invalid;branch=z9hG4bK1{name}\r\n"
    "Max-Forwards: 70\r\n"
    "To: <sip:100@infolinia.invalid>\r\n"
    "From: <sip:{name}@infolinia.invalid>;tag=1\r\n"
    "Call-ID: 1{name}\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:{name}@x.invalid;transport=ws>\r\n"
    "Content-Length: 0\r\n\r\n"
)


async def test_who_is_dismissed_rings_no_more(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "kim")
        leg = await house.talks(page, "kim")
        await house.control.dismiss_phone("kim")
        await house.state("kim", reachable=False)
        with pytest.raises(RequestRefused):
            await house.control.ring_phone(
                "k.leg.8", "kim", caller_id="", ring_seconds=1, call_id="k", headers={}
            )
        assert await page.do("inCall")
        await house.control.hang_up(leg)
        await page.hear("ended")
        await house.control.dismiss_phone("kim")
        # The registration of before does not come back with the name.
        await house.control.admit_phone("kim", "a password of today")
        assert (await house.ears.hear(PhoneChanged)).phone
        with pytest.raises(RequestRefused):
            await house.control.ring_phone(
                "k.leg.9", "kim", caller_id="", ring_seconds=1, call_id="k", headers={}
            )


async def test_https_gives_a_microphone_and_http_says_why_not(house: House) -> None:
    ask = "() => openMicrophone().then(() => 'given', (refused) => refused.why)"
    async with phone_page(house.browser, house.secure_site) as page:
        await house.control.admit_phone("zoe", PASSWORD)
        await page.register(f"wss{house.secure_site.removeprefix('https')}/phone", "zoe", PASSWORD)
        await page.hear("registered")
        leg = await house.talks(page, "zoe")
        await house.control.hang_up(leg)
        await page.hear("ended")
    async with phone_page(house.browser, house.site.replace("127.0.0.1", NAME)) as page:
        assert await page.page.evaluate(ask) == "insecure"
    async with chromium_with(None) as browser, phone_page(browser, house.site) as page:
        assert await page.page.evaluate(ask) == "refused"


async def test_browsers_come_back_when_asterisk_does(house: House) -> None:
    async with phone_page(house.browser, house.site) as page:
        await house.signed_in(page, "max")
        while not house.ears._queue.empty():
            house.ears._queue.get_nowait()
        assert house.asterisk.pid is not None
        os.kill(house.asterisk.pid, signal.SIGKILL)
        assert (await house.ears.hear(ControlRestored, 20)).restarted
        await page.hear("unregistered")
        await page.hear("registered", 20)
        await house.state("max", reachable=True)
        leg = await house.talks(page, "max")
        await house.control.hang_up(leg)
        await page.hear("ended")
