"""The ear and mouth of a SIPp caller: an RTP party that speaks G.711 A-law and keeps what it hears."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
import numpy.typing as npt

from tests.patience import patient

Samples = npt.NDArray[np.int16]
_FRAME = 160  # samples in 20 ms at 8 kHz
PCMA = 8
_EVENT = 101  # RFC 4733
_KEYS = "0123456789*#"
LOUD = 160  # mean of a frame's samples: above -46 dBFS


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    mantissa, exponent = (code & 0x0F) << 4, (code & 0x70) >> 4
    level = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, level, -level).astype(np.int16)


_DECODED = _alaw_table()
_ORDER = np.argsort(_DECODED, kind="stable")
_SORTED = _DECODED[_ORDER].astype(np.int32)


def encode_alaw(samples: Samples) -> bytes:
    """The nearest code of each sample."""
    place = np.clip(np.searchsorted(_SORTED, samples), 1, 255)
    lower = samples.astype(np.int32) - _SORTED[place - 1] <= _SORTED[place] - samples.astype(np.int32)
    return _ORDER[np.where(lower, place - 1, place)].astype(np.uint8).tobytes()


def decode_alaw(data: bytes) -> Samples:
    return _DECODED[np.frombuffer(data, dtype=np.uint8)]


def _loud(frame: Samples) -> bool:
    return bool(np.abs(frame.astype(np.int32)).mean() > LOUD)


class RtpParty(asyncio.DatagramProtocol):
    """Bound to one UDP port; answers to wherever audio came from last."""

    def __init__(self) -> None:
        self.frames: list[Samples] = []
        self.loud_at: list[float] = []  # when, on the loop's clock, each frame came that was not silence
        self._found = asyncio.Event()
        self._peer: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._sequence = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > 12 and data[1] & 0x7F == PCMA:
            self._peer = addr
            self._found.set()
            frame = decode_alaw(data[12:])
            self.frames.append(frame)
            if _loud(frame):
                self.loud_at.append(asyncio.get_running_loop().time())

    def speak_to(self, peer: tuple[str, int]) -> None:
        """Speak there, also before anything was heard."""
        self._peer = peer
        self._found.set()

    @property
    def heard(self) -> Samples:
        """All audio so far, silence between packets left out."""
        return np.concatenate(self.frames) if self.frames else np.zeros(0, dtype=np.int16)

    @property
    def loud_seconds(self) -> float:
        """How much of what was heard is above -46 dBFS."""
        return 0.02 * sum(1 for frame in self.frames if _loud(frame))

    async def say(self, samples: Samples) -> None:
        """Send 8 kHz audio in real time. Waits until audio has come, to know where to."""
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(self._found.wait(), patient(10))
        begun = loop.time()
        for number, start in enumerate(range(0, len(samples) - _FRAME + 1, _FRAME)):
            self.send(encode_alaw(samples[start : start + _FRAME]))
            await asyncio.sleep(max(0.0, begun + 0.02 * (number + 1) - loop.time()))

    def send(self, audio: bytes) -> None:
        """The next packet, at once: 20 ms of A-law. Nothing, before it is known where to."""
        if self._transport is None or self._peer is None:
            return
        self._sequence += 1
        header = struct.pack(
            "!BBHII", 0x80, PCMA, self._sequence & 0xFFFF, self._sequence * _FRAME & 0xFFFFFFFF, 0x1F0
        )
        self._transport.sendto(header + audio, self._peer)

    async def press(self, keys: str) -> None:
        """Send keys as telephone events, each of 100 ms and a pause as long."""
        await asyncio.wait_for(self._found.wait(), patient(10))
        assert self._transport is not None
        for key in keys:
            began = self._sequence * _FRAME & 0xFFFFFFFF
            for packet in range(1, 8):  # the last three tell the end
                self._sequence += 1
                marker = 0x80 if packet == 1 else 0
                header = struct.pack("!BBHII", 0x80, marker | _EVENT, self._sequence & 0xFFFF, began, 0x1F0)
                end = 0x80 if packet > 4 else 0
                event = struct.pack("!BBH", _KEYS.index(key), end | 10, min(packet, 5) * _FRAME)
                self._transport.sendto(header + event, self._peer)
                await asyncio.sleep(0.02 if packet < 5 else 0)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def rtp_party(port: int, address: str = "127.0.0.1") -> AsyncIterator[RtpParty]:
    transport, party = await asyncio.get_running_loop().create_datagram_endpoint(
        RtpParty, local_addr=(address, port)
    )
    try:
        yield party
    finally:
        transport.close()
