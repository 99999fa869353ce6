"""People who talk through a real Asterisk: each speaks a tone, and what each hears is looked at."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from asterisk.ami import AmiAddress, AmiConnection
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.process import AsteriskProcess
from asterisk.settings import CALLER_MEDIA_CLIENTS, MEDIA_CLIENT
from calls.control import CallArrived, ControlRestored, LegAnswered
from calls.talk_control import TalkFiles
from tests.asterisk.network import LOUD, Ears, address_of, control_of, tone, until
from tests.house import Ports, running_asterisk
from tests.patience import patient

RATE = 16000
CALLER_HERTZ, AGENT_HERTZ, SUPERVISOR_HERTZ = 440.0, 700.0, 1000.0


def share(samples: np.ndarray, rate: int, hertz: float) -> float:
    """How much of the sound's power is this tone, 0 to 1."""
    if not len(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    at = round(hertz * len(samples) / rate)
    return float(spectrum[max(0, at - 8) : at + 9].sum() / max(spectrum[1:].sum(), 1e9))


@dataclass
class Person:
    """One who speaks a tone all the time, and keeps what they hear."""

    channel_id: str  # the engine's channel to them
    hertz: float
    heard: bytearray = field(default_factory=bytearray)
    last_loud: float = 0.0

    def hears(self, hertz: float) -> float:
        """Of the last 0.3 s."""
        return share(np.frombuffer(bytes(self.heard[-2 * RATE * 3 // 10 :]), np.int16), RATE, hertz)

    def listen(self, pcm: bytes) -> None:
        self.heard += pcm
        if np.abs(np.frombuffer(pcm, np.int16).astype(int)).max(initial=0) > LOUD:
            self.last_loud = time.monotonic()

    async def until_silent(self) -> None:
        """Nothing loud for 0.4 s, and sound before that."""
        assert self.last_loud
        await until(lambda: time.monotonic() - self.last_loud > 0.4)

    async def until_heard(self, *wanted: float) -> None:
        """Exactly these tones."""
        every = {CALLER_HERTZ, AGENT_HERTZ, SUPERVISOR_HERTZ} - {self.hertz}

        def only_those() -> bool:
            return all((self.hears(hertz) > 0.15) == (hertz in wanted) for hertz in every)

        self.heard.clear()
        await until(lambda: len(self.heard) > RATE * 2 * 0.4)
        try:
            await until(only_those)
        except TimeoutError:
            pytest.fail(
                f"{self.channel_id} hears { ({hertz: round(self.hears(hertz), 3) for hertz in every}) }"
            )


@dataclass(frozen=True, slots=True)
class Line:
    asterisk: AsteriskProcess
    engine: AsteriskControl
    ears: Ears
    outside: AsteriskControl
    outside_ears: Ears

    async def person(self, hertz: float, trunk: str = "loopback") -> Person:
        """A caller, answered, whose voice is a tone. G.722, or G.711 by the trunk "loopback-g711"."""
        own = f"leg-{hertz:.0f}"
        await self.outside.originate(
            own, "100", caller_id="+12025550101", ring_seconds=10, call_id=own, trunk=trunk
        )
        arrived = await self.ears.hear(CallArrived)
        await self.engine.answer(arrived.channel_id)
        await self.outside_ears.hear(LegAnswered)
        await self.engine.guard(arrived.channel_id, 0)
        voice = await self.outside.open_voice(own, wideband=True)
        person = Person(arrived.channel_id, hertz)
        voice.attach(person.listen)
        voice.speak(tone(RATE, 60, hertz), lambda: None)
        return person


@asynccontextmanager
async def line_of(tmp_path: Path, ports: Ports) -> AsyncIterator[Line]:
    ears, outside_ears = Ears(), Ears()
    async with running_asterisk(tmp_path, ports) as asterisk:
        address = AmiAddress("127.0.0.1", ports.ami, "infolinia", asterisk.secrets.ami_password)
        ami = AmiConnection(address, lambda _: None)
        await ami.start()
        media = MediaServer(
            asterisk.settings.media_port, MEDIA_CLIENT, password=asterisk.secrets.media_password
        )
        await media.start()
        engine = AsteriskControl(
            address_of(asterisk), media, ears, recording_dir=asterisk.folders.spool / "recording", ami=ami
        )
        other_media = (asterisk.settings.caller_media_port, CALLER_MEDIA_CLIENTS[0])
        try:
            await engine.start(patience_seconds=patient(10))
            await ears.hear(ControlRestored)
            async with control_of(
                asterisk, outside_ears, app="infolinia-caller", media=other_media
            ) as outside:
                yield Line(asterisk, engine, ears, outside, outside_ears)
        finally:
            await engine.close()
            await ami.close()
            await media.close()


def recorded_bytes(files: TalkFiles) -> tuple[int, int]:
    """Of what the recorded channel said, and of what it heard."""
    said, heard = (
        file.stat().st_size if file.exists() else 0 for file in map(Path, (files.said, files.heard))
    )
    return said, heard


def last_of(files: TalkFiles) -> tuple[np.ndarray, np.ndarray]:
    """What the recorded channel said, and what it heard, in the last 0.4 s."""
    before = recorded_bytes(files)[0] // 2
    heard, said = (np.fromfile(path, np.int16) for path in (files.heard, files.said))
    # What is not yet written of either; Asterisk writes on between one look and the next.
    assert before - 4096 <= len(heard) <= len(said) + 4096
    until = min(len(said), len(heard))
    return said[until - 3200 : until], heard[until - 3200 : until]
