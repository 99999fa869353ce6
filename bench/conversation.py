"""A caller who speaks, waits for the answer, and speaks again; with the times of both, to the packet."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from bench.clips import FRAME_SECONDS, Clip, Codec, Decoder, silence
from infolinia.setup.inventory import find_parts

_LOUD = 300  # of 32,768: -41 dBFS; what is louder is an answer, not silence
_QUIET_SECONDS = 0.5
_LONG_SECONDS = 1.6  # the menu's prompt and the quiet after it; what lasts longer asks "did you say …?"
_REST_LIMIT_SECONDS = 15.0
_ANSWER_LIMIT_SECONDS = 6.0
_KEY_PAYLOAD = 101
_SCENARIO = Path(__file__).parent / "sipp" / "conversing.xml"


class CallOver(Exception):
    """The other side has hung up, or never spoke."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Times on the loop's clock: the packet with the last voiced sample sent, the first of the answer come.

    `answered_at` is None when no answer came within the limit.
    """

    phrase: str
    ended_at: float
    answered_at: float | None


class _Packet(NamedTuple):
    """20 ms. A key's packets all carry the clock of its first."""

    data: bytes
    last_voiced: bool = False
    key: bool = False


class Party(asyncio.DatagramProtocol):
    """The caller's telephone: sends 20 ms of audio all the time, silence when there is nothing to say."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._decoder = Decoder(codec)
        self._silence = _Packet(silence(codec))
        self._queue: deque[_Packet] = deque()
        self._peer: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()
        self.last_loud_at = 0.0
        self.last_call = False
        self._voice_sent = asyncio.Event()
        self._voice_ended_at = 0.0
        self._answered: asyncio.Future[float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) <= 12 or data[1] & 0x7F != self._codec.payload:
            return
        self._peer = addr
        samples = self._decoder.decode(data[12:])
        if np.abs(samples.astype(np.int32)).max(initial=0) > _LOUD:
            self.last_loud_at = self._loop.time()
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(self.last_loud_at)

    async def send_for_ever(self) -> None:
        """In real time, once the other side has sent something."""
        begun, number, clock = self._loop.time(), 0, 0
        in_key = False
        while True:
            packet = self._queue.popleft() if self._queue else self._silence
            if not (packet.key and in_key):
                clock = number * 160 & 0xFFFFFFFF
            in_key = packet.key
            if self._peer is not None and self._transport is not None:
                payload = _KEY_PAYLOAD if packet.key else self._codec.payload
                header = struct.pack("!BBHII", 0x80, payload, number & 0xFFFF, clock, 0x1F0)
                self._transport.sendto(header + packet.data, self._peer)
            if packet.last_voiced:
                self._voice_ended_at = self._loop.time()
                self._answered = self._loop.create_future()
                self._voice_sent.set()
            number += 1
            await asyncio.sleep(max(0.0, begun + FRAME_SECONDS * number - self._loop.time()))

    async def quiet(self) -> None:
        """Until the other side has spoken and has then been silent; what it asks is answered with key 1.

        Raises CallOver when it does not come to a rest.
        """
        begun = self._loop.time()
        answered = False
        while not (self.last_loud_at and self._loop.time() - self.last_loud_at >= _QUIET_SECONDS):
            waited = self._loop.time() - begun
            if waited > _REST_LIMIT_SECONDS:
                raise CallOver("the hotline did not come to a rest")
            if waited > _LONG_SECONDS and self.last_loud_at and not answered:
                answered = True
                self._press(1)
            await asyncio.sleep(FRAME_SECONDS)

    def _press(self, key: int) -> None:
        """100 ms as RFC 4733 has it: growing durations, the end sent three times."""
        for duration in range(1, 6):
            self._queue.append(_Packet(struct.pack("!BBH", key, 10, duration * 160), key=True))
        self._queue.extend([_Packet(struct.pack("!BBH", key, 0x80 | 10, 960), key=True)] * 3)

    async def say(self, clip: Clip) -> Turn:
        """Say it and wait for the answer, within a limit."""
        self._voice_sent.clear()
        self._queue.extend(_Packet(frame, at == clip.last_voiced) for at, frame in enumerate(clip.frames))
        await asyncio.wait_for(self._voice_sent.wait(), len(clip.frames) * FRAME_SECONDS + 5)
        answered_at: float | None = None
        assert self._answered is not None
        with suppress(TimeoutError):
            answered_at = await asyncio.wait_for(self._answered, _ANSWER_LIMIT_SECONDS)
        return Turn(clip.phrase, self._voice_ended_at, answered_at)


@asynccontextmanager
async def calling(
    codec: Codec, number: str, *, sip_port: int, local_port: int, audio_port: int, seconds: float
) -> AsyncIterator[Party]:
    """One call by SIPp with our audio, of `seconds`. Leaving waits for its end, unless something failed.

    A call whose SIPp is gone would go on, and its audio would come to the next call's port.
    """
    loop = asyncio.get_running_loop()
    transport, party = await loop.create_datagram_endpoint(
        lambda: Party(codec), local_addr=("127.0.0.1", audio_port)
    )
    words = {"audio_port": audio_port, "payload": codec.payload, "codec": codec.name}
    keys = [word for name, value in words.items() for word in ("-key", name, str(value))]
    process = await asyncio.create_subprocess_exec(
        *find_parts().sipp_argv,
        *(f"127.0.0.1:{sip_port}", "-sf", str(_SCENARIO), "-s", number, "-i", "127.0.0.1"),
        *("-p", str(local_port), "-m", "1", "-d", str(round(seconds * 1000)), "-nostdin", *keys),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    sending = asyncio.create_task(party.send_for_ever())
    try:
        yield party
        if not party.last_call:
            await asyncio.wait_for(process.wait(), seconds + 10)
    finally:
        sending.cancel()
        if process.returncode is None:
            process.terminate()
        transport.close()  # the port is free once the loop has gone round, which it does now
        await asyncio.wait_for(process.wait(), 10)
        await asyncio.sleep(0)
