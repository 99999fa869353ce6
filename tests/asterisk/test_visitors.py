"""Browsers' calls with an aiortc peer as the browser and a fake Asterisk side."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from asterisk.visitor_offer import MOST_CANDIDATES, OfferRefused, read_offer
from asterisk.visitor_peer import FRAME_SECONDS, MOST_FRAMES, Speaker
from asterisk.visitors import VisitorGate
from calls.control import RequestRefused
from engine.ports import VisitorRefused
from tests.asterisk.visitor_browser import Browser, strength, tone, until


@dataclass
class FakeVoice:
    on_closed: Callable[[], None] | None = None
    on_audio: Callable[[bytes], None] | None = None
    heard: bytearray = field(default_factory=bytearray)
    sizes: set[int] = field(default_factory=set)

    def send(self, pcm: bytes) -> None:
        self.heard += pcm
        self.sizes.add(len(pcm))

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        self.on_audio = on_audio


class FakeControl:
    def __init__(self) -> None:
        self.voices: dict[str, FakeVoice] = {}
        self.admitted: list[tuple[str, str, bool]] = []
        self.keys: list[tuple[str, str]] = []
        self.left: list[str] = []
        self.refuses = False

    async def admit_visitor(self, visitor_id: str, dialled: str, *, wideband: bool) -> FakeVoice:
        if self.refuses:
            raise RequestRefused("no more channels")
        self.admitted.append((visitor_id, dialled, wideband))
        return self.voices.setdefault(visitor_id, FakeVoice())

    def visitor_pressed(self, visitor_id: str, key: str) -> None:
        self.keys.append((visitor_id, key))

    async def visitor_left(self, visitor_id: str) -> None:
        self.left.append(visitor_id)


class CountingIds:
    def __init__(self) -> None:
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return f"visitor{self.count}"


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def gate(control: FakeControl) -> AsyncIterator[VisitorGate]:
    gate = VisitorGate(control, CountingIds(), limit=2)
    await gate.start()
    yield gate
    await gate.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.close()


@pytest.mark.parametrize(("codec", "rate"), [("g722", 16000), ("pcmu", 8000), ("opus", 16000)])
async def test_audio_goes_both_ways(
    gate: VisitorGate, control: FakeControl, browser: Browser, codec: str, rate: int
) -> None:
    visitor = await browser.call(gate, codec)
    await until(lambda: visitor in control.voices, "the visitor is admitted")
    assert control.admitted == [(visitor, "100", rate == 16000)]
    voice = control.voices[visitor]
    await until(lambda: len(voice.heard) > rate * 2, "a second of the microphone")
    assert voice.sizes == {rate // 50 * 2}  # whole 20 ms frames
    assert strength(bytes(voice.heard[-rate:]), rate, 440) > 0.9

    assert voice.on_audio is not None
    begin = 0
    for _ in range(75):
        voice.on_audio(tone(700, rate, 0.02, begin))
        begin += rate // 50
        await asyncio.sleep(0.02)
    await until(lambda: strength(bytes(browser.heard[-16000:]), 16000, 700) > 0.5, "the line's tone is heard")
    assert len(gate) == 1


async def test_keys_and_hang_up(gate: VisitorGate, control: FakeControl, browser: Browser) -> None:
    visitor = await browser.call(gate)
    await gate.press(visitor, "1")  # before the call is up: kept
    await until(lambda: visitor in control.voices, "the visitor is admitted")
    await until(lambda: bool(control.keys), "the early key")
    await gate.press(visitor, "2#")
    assert control.keys == [(visitor, "1"), (visitor, "2"), (visitor, "#")]
    await gate.hang_up(visitor)
    await gate.hang_up(visitor)
    assert control.left == [visitor]
    assert len(gate) == 0
    await until(lambda: browser.connection.connectionState == "closed", "the browser sees the end")
    with pytest.raises(KeyError):
        await gate.press(visitor, "1")


async def test_the_line_hangs_up(gate: VisitorGate, control: FakeControl, browser: Browser) -> None:
    visitor = await browser.call(gate)
    await until(
        lambda: visitor in control.voices and control.voices[visitor].on_closed is not None, "admitted"
    )
    control.voices[visitor].on_closed()
    await until(lambda: browser.connection.connectionState == "closed", "the browser sees the end")
    assert len(gate) == 0
    assert control.left == []  # the channel has gone already


async def test_the_browser_goes(gate: VisitorGate, control: FakeControl, browser: Browser) -> None:
    visitor = await browser.call(gate)
    await until(lambda: visitor in control.voices, "the visitor is admitted")
    await browser.close()
    await until(lambda: control.left == [visitor], "the channel is hung up")
    assert len(gate) == 0


async def test_a_refused_admission_ends_the_browsers_call(
    gate: VisitorGate, control: FakeControl, browser: Browser
) -> None:
    control.refuses = True
    await browser.call(gate)
    await until(lambda: browser.connection.connectionState == "closed", "the browser sees the end")
    assert len(gate) == 0


async def test_more_visitors_than_the_limit_are_refused(gate: VisitorGate) -> None:
    browsers = [Browser() for _ in range(3)]
    try:
        await browsers[0].call(gate)
        await browsers[1].call(gate)
        with pytest.raises(VisitorRefused, match="All 2 lines"):
            await browsers[2].call(gate)
    finally:
        for each in browsers:
            await each.close()


async def test_a_dead_worker_ends_its_calls_and_is_replaced(control: FakeControl, browser: Browser) -> None:
    told: list[bool] = []
    gate = VisitorGate(control, CountingIds(), on_health=lambda ok, detail: told.append(ok))
    await gate.start()
    try:
        visitor = await browser.call(gate)
        await until(lambda: visitor in control.voices, "the visitor is admitted")
        first = gate.worker_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: control.left == [visitor], "the call is ended")
        await until(lambda: gate.alive, "another worker")
        assert gate.worker_pid != first
        assert told == [True, False, True]
        again = Browser()
        try:
            second = await again.call(gate)
            await until(lambda: second in control.voices, "calls are taken again")
        finally:
            await again.close()
    finally:
        await gate.close()


async def test_the_worker_ends_with_its_engine(control: FakeControl) -> None:
    gate = VisitorGate(control, CountingIds())
    await gate.start()
    pid = gate.worker_pid
    assert pid is not None
    await gate.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(VisitorRefused, match="restarted"):
        await gate.offer("v=0", "100")


@pytest.mark.parametrize(
    ("sdp", "why"),
    [
        ("v=0\r\nm=audio x", "not valid SDP"),
        ("hello", "exactly one audio part"),
        ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "exactly one audio part"),
        ("v=0" + "x" * 40000, "too long"),
    ],
)
async def test_a_bad_offer_is_refused_with_one_sentence(gate: VisitorGate, sdp: str, why: str) -> None:
    with pytest.raises(VisitorRefused, match=why):
        await gate.offer(sdp, "100")
    assert len(gate) == 0


async def test_only_the_browsers_own_addresses_are_followed(browser: Browser) -> None:
    sdp = await browser.offer("pcmu")
    head, candidate = sdp.split("a=candidate:", 1)
    foreign = (
        "a=candidate:1 1 udp 1 7f3a.local 5000 typ host\r\n"
        "a=candidate:2 1 udp 1 203.0.113.7 5000 typ srflx raddr 0.0.0.0 rport 0\r\n"
        "a=candidate:3 1 udp 1 203.0.113.8 5000 typ relay raddr 0.0.0.0 rport 0\r\n"
    )
    kept = read_offer(f"{head}{foreign}a=candidate:{candidate}")
    assert ".local" not in kept
    assert "203.0.113" not in kept
    assert "typ host" in kept
    many = "".join(f"a=candidate:9 1 udp 1 127.0.0.1 {port} typ host\r\n" for port in range(5000, 5100))
    assert read_offer(f"{head}{many}a=candidate:{candidate}").count("a=candidate:") == MOST_CANDIDATES
    with pytest.raises(OfferRefused, match="codec"):
        read_offer(sdp.replace("PCMU", "SPEEX"))


async def test_the_speaker_keeps_time_and_bounds_its_delay() -> None:
    speaker = Speaker(8000)
    loop = asyncio.get_running_loop()
    began = loop.time()
    silent = [bytes((await speaker.recv()).planes[0]) for _ in range(5)]
    assert 0.06 < loop.time() - began < 0.5
    assert not any(any(frame) for frame in silent)
    for _ in range(100):
        speaker.push(tone(440, 8000, FRAME_SECONDS))
    assert speaker.waiting_seconds <= MOST_FRAMES * FRAME_SECONDS
    assert any(bytes((await speaker.recv()).planes[0]))
