"""What answered, by a network and a recogniser of ours, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from calls.control import ChannelGone, ControlLost
from calls.detection import Sounding, Sounds
from dialer.attempt import Verdict
from dialer.machine import Detect, MachinePolicy
from engine.dialling.detecting import MachineDetection
from engine.dialling.verdicts import NoDetection
from tests.virtual_time import VirtualClock

HUMAN, MACHINE = Sounding(Sounds.HUMAN, "HUMAN-400-400"), Sounding(Sounds.MACHINE, "LONGGREETING-1800-1800")


@dataclass
class Hearing:
    """Implements Listening."""

    on_words: Callable[[str], None]
    heard: bytes = b""
    closed: bool = False

    def feed(self, audio: bytes) -> None:
        self.heard += audio

    def close(self) -> None:
        self.closed = True


@dataclass
class Ears:
    """`said`: after so many seconds, all the words until then."""

    said: dict[float, str] = field(default_factory=dict)
    hearings: list[Hearing] = field(default_factory=list)

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def overhear(
        self, language: str, sample_rate: int, phrases: Sequence[str], on_words: Callable[[str], None]
    ) -> Hearing:
        assert "voicemail" in phrases
        assert (language, sample_rate) == ("en", 8000)
        hearing = Hearing(on_words)
        self.hearings.append(hearing)
        for seconds, words in self.said.items():
            for time in range(3):  # said again and again
                asyncio.get_running_loop().call_later(seconds - 0.1 * time, on_words, words)
        return hearing


class Path:
    sample_rate = 8000

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        on_audio(b"audio")

    def speak(self, audio: bytes, on_spoken: Callable[[], None]) -> None:
        raise AssertionError("nobody speaks")

    def flush(self) -> float:
        return 0.0

    async def close(self) -> None:
        raise AssertionError("it closes with its channel")


@dataclass
class Network:
    sounding: Sounding | Exception
    after_seconds: float = 1.5
    snoop_fails: Exception | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)

    async def detect(self, channel_id: str, *, seconds: float) -> Sounding:
        self.requests.append(("detect", channel_id))
        await asyncio.sleep(self.after_seconds)
        if isinstance(self.sounding, Exception):
            raise self.sounding
        return self.sounding

    async def until_quiet(self, channel_id: str, *, seconds: int) -> bool:
        self.requests.append((f"quiet{seconds}", channel_id))
        return True

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        self.requests.append(("snoop", snoop_id))
        await asyncio.sleep(0.01)
        if self.snoop_fails is not None:
            raise self.snoop_fails

    async def open_voice(self, channel_id: str, *, wideband: bool) -> Path:
        self.requests.append(("open_voice", channel_id))
        await asyncio.sleep(0.01)
        return Path()

    async def hang_up(self, channel_id: str, cause: int = 16) -> None:
        self.requests.append(("hang_up", channel_id))


def policy(detect: Detect) -> MachinePolicy:
    return MachinePolicy(detect=detect, seconds=2.5)


async def test_with_amd_its_word_is_the_verdict() -> None:
    network, ears = Network(MACHINE), Ears()
    detection = MachineDetection(network, ears, VirtualClock())
    found = await detection.of("leg", policy(Detect.AMD), "en")
    assert (found.verdict, found.seconds) == (Verdict.MACHINE, pytest.approx(1.5))
    assert (network.requests, ears.hearings) == ([("detect", "leg")], [])


@pytest.mark.parametrize(
    "detection", [NoDetection(), MachineDetection(Network(MACHINE), Ears(), VirtualClock())]
)
async def test_off_everybody_is_human_at_once(detection: NoDetection | MachineDetection) -> None:
    found = await detection.of("leg", policy(Detect.OFF), "en")
    assert (found.verdict, found.seconds) == (Verdict.HUMAN, 0.0)


async def test_words_are_heard_beside_and_the_ear_is_taken_away() -> None:
    network, ears = Network(HUMAN), Ears({0.9: "hello"})
    detection = MachineDetection(network, ears, VirtualClock())
    found = await detection.of("leg", policy(Detect.SPEECH), "en")
    assert (found.verdict, found.seconds) == (Verdict.HUMAN, pytest.approx(1.5))
    await detection.close()
    (hearing,) = ears.hearings
    assert (hearing.heard, hearing.closed) == (b"audio", True)
    assert network.requests[-1] == ("hang_up", "leg.words")


@pytest.mark.parametrize(
    ("said", "verdict", "seconds"),
    [
        ({1.0: "nobody is available"}, Verdict.MACHINE, 1.5),  # Asterisk still had to tell
        ({2.0: "please leave a message"}, Verdict.MACHINE, 2.0),
        ({1.0: "good morning", 2.0: "good morning anna speaking"}, Verdict.UNSURE, 2.5),
        ({3.0: "leave a message"}, Verdict.UNSURE, 2.5),  # too late
        ({}, Verdict.UNSURE, 2.5),
    ],
)
async def test_a_machines_sound_needs_its_words(
    said: dict[float, str], verdict: Verdict, seconds: float
) -> None:
    detection = MachineDetection(Network(MACHINE), Ears(said), VirtualClock())
    found = await detection.of("leg", policy(Detect.SPEECH), "en")
    assert (found.verdict, found.seconds) == (verdict, pytest.approx(seconds))
    await detection.close()


async def test_without_a_model_nobody_is_a_machine() -> None:
    network = Network(MACHINE)
    found = await MachineDetection(network, Ears(), VirtualClock()).of("leg", policy(Detect.SPEECH), "pl")
    assert (found.verdict, found.why.endswith("no model for pl")) == (Verdict.UNSURE, True)
    assert network.requests == [("detect", "leg")]


async def test_what_cannot_be_listened_in_to_is_judged_by_its_sound() -> None:
    network = Network(HUMAN, snoop_fails=ControlLost("slow"))
    detection = MachineDetection(network, Ears(), VirtualClock())
    assert (await detection.of("leg", policy(Detect.SPEECH), "en")).verdict is Verdict.HUMAN
    await detection.close()


@pytest.mark.parametrize("detect", [Detect.AMD, Detect.SPEECH])
async def test_who_hangs_up_meanwhile_is_gone(detect: Detect) -> None:
    ears = Ears()
    detection = MachineDetection(Network(ChannelGone("gone")), ears, VirtualClock())
    with pytest.raises(ChannelGone):
        await detection.of("leg", policy(detect), "en")
    await detection.close()
    assert all(hearing.closed for hearing in ears.hearings)


async def test_the_greeting_is_over_when_the_network_hears_nothing() -> None:
    network = Network(MACHINE)
    await MachineDetection(network, Ears(), VirtualClock()).greeting_over("leg", seconds=20)
    assert network.requests == [("quiet20", "leg")]
