"""A browser for tests: an aiortc peer with a tone for a voice."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioResampler

from asterisk.visitor_peer import Speaker
from asterisk.visitors import VisitorGate
from tests.patience import patient

LIMIT_SECONDS = patient(15.0)


def tone(hertz: float, rate: int, seconds: float, begin: int = 0) -> bytes:
    count = int(rate * seconds)
    return struct.pack(
        f"<{count}h",
        *(int(8000 * math.sin(2 * math.pi * hertz * (begin + i) / rate)) for i in range(count)),
    )


def strength(pcm: bytes, rate: int, hertz: float) -> float:
    """How much of the sound is this tone, 0..1 (Goertzel)."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    power = sum(s * s for s in samples)
    if not power:
        return 0.0
    real = sum(s * math.cos(2 * math.pi * hertz * i / rate) for i, s in enumerate(samples))
    imag = sum(s * math.sin(2 * math.pi * hertz * i / rate) for i, s in enumerate(samples))
    return 2 * (real * real + imag * imag) / len(samples) / power


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not condition():  # noqa: ASYNC110 (what is waited for is elsewhere)
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {LIMIT_SECONDS:g} s: {what}")


class Browser:
    """An aiortc peer that sends a tone, or silence, and keeps what it hears, as 16 kHz."""

    def __init__(self, hertz: float | None = 440.0) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.speaker = Speaker(16000)
        self.heard = bytearray()
        self._hertz = hertz
        self._tasks: list[asyncio.Task[None]] = []
        self.connection.on("track", lambda track: self._tasks.append(asyncio.create_task(self._hear(track))))

    async def offer(self, codec: str) -> str:
        transceiver = self.connection.addTransceiver(self.speaker, direction="sendrecv")
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() == f"audio/{codec}"])
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def answered(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        if self._hertz is not None:
            self._tasks.append(asyncio.create_task(self._speak(self._hertz)))

    async def call(self, gate: VisitorGate, codec: str = "g722", dialled: str = "100") -> str:
        answer = await gate.offer(await self.offer(codec), dialled)
        await self.answered(answer.sdp)
        return answer.visitor_id

    async def _speak(self, hertz: float) -> None:
        begin = 0
        while True:
            if self.speaker.waiting_seconds < 0.06:
                self.speaker.push(tone(hertz, 16000, 0.02, begin))
                begin += 320
            await asyncio.sleep(0.005)

    async def _hear(self, track) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=16000)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            for part in resampler.resample(frame):
                self.heard += bytes(part.planes[0])[: 2 * part.samples]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connection.close()
