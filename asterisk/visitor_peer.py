"""One visitor's WebRTC peer: their microphone as PCM, and PCM as what they hear, on one 20 ms clock."""

from __future__ import annotations

import asyncio
import fractions
from collections.abc import Callable

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

from asterisk.visitor_offer import OfferRefused, is_wideband, read_offer

FRAME_SECONDS = 0.02
# What waits to be heard: it starts with two frames against jitter, and is cut back when it grows.
START_FRAMES = 2
MOST_FRAMES = 10
KEPT_FRAMES = 4
# A stalled browser's burst must not stay as delay in Asterisk's queue: at most this much ahead of time.
AHEAD_SECONDS = 0.12
# A browser sends audio even when muted; none means the tab or its machine is gone.
SILENT_SECONDS = 10.0
CONNECT_SECONDS = 15.0


class Speaker(MediaStreamTrack):
    """What the visitor hears: frames pushed by the engine, silence in between, at most 200 ms late."""

    kind = "audio"

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self._rate = sample_rate
        self._samples = int(sample_rate * FRAME_SECONDS)
        self._bytes = 2 * self._samples
        self._unheard = bytearray()
        self._playing = False
        self._next_at: float | None = None
        self._pts = 0

    def push(self, pcm: bytes) -> None:
        """Queue s16le audio; what is too much is dropped from the front."""
        self._unheard += pcm
        if len(self._unheard) > MOST_FRAMES * self._bytes:
            del self._unheard[: len(self._unheard) - KEPT_FRAMES * self._bytes]

    @property
    def waiting_seconds(self) -> float:
        return len(self._unheard) / 2 / self._rate

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = asyncio.get_running_loop().time()
        if self._next_at is None or now - self._next_at > MOST_FRAMES * FRAME_SECONDS:
            self._next_at = now  # the first, or after a stall: do not send a burst
        await asyncio.sleep(max(0.0, self._next_at - now))
        self._next_at += FRAME_SECONDS
        frame = AudioFrame(format="s16", layout="mono", samples=self._samples)
        frame.planes[0].update(self._take())
        frame.sample_rate = self._rate
        frame.time_base = fractions.Fraction(1, self._rate)
        frame.pts = self._pts
        self._pts += self._samples
        return frame

    def _take(self) -> bytes:
        if len(self._unheard) >= (1 if self._playing else START_FRAMES * self._bytes):
            self._playing = True
            pcm = bytes(self._unheard[: self._bytes])
            del self._unheard[: self._bytes]
            return pcm.ljust(self._bytes, b"\0")
        self._playing = False
        return bytes(self._bytes)


class VisitorPeer:
    """`on_audio` gets 20 ms frames of s16le mono at `sample_rate`; `on_gone` is called once, with why."""

    def __init__(
        self,
        *,
        on_connected: Callable[[], None],
        on_audio: Callable[[bytes], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self._on_connected = on_connected
        self._on_audio = on_audio
        self._on_gone = on_gone
        # No servers are named, or the library would fall back to public ones.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("connectionstatechange", self._changed)
        self._speaker: Speaker | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._connected = False
        self._gone = False
        self.sample_rate = 16000

    async def answer(self, offer: str) -> str:
        """The SDP answer. Raises OfferRefused."""
        sdp = read_offer(offer)
        tracks: list[MediaStreamTrack] = []
        self._connection.on("track", tracks.append)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            answer = await self._connection.createAnswer()
        except (ValueError, AttributeError) as error:
            raise OfferRefused(f"The offer cannot be answered: {error}") from error
        self.sample_rate = 16000 if is_wideband(answer.sdp) else 8000
        self._speaker = Speaker(self.sample_rate)
        transceiver = self._connection.getTransceivers()[0]
        self._connection.addTrack(self._speaker)
        if not tracks or transceiver.direction != "sendrecv":
            raise OfferRefused("The offer must both send and receive audio (sendrecv).")
        answer = await self._connection.createAnswer()
        await self._connection.setLocalDescription(answer)
        local = self._connection.localDescription.sdp
        if "a=candidate:" not in local:
            raise OfferRefused(
                "This machine has no network address but loopback, and browsers do not call over that one. "
                "Connect a network, or give the loopback interface a second address."
            )
        self._tasks.append(asyncio.create_task(self._hear(tracks[0])))
        self._tasks.append(asyncio.create_task(self._expect()))
        return local

    def play(self, pcm: bytes) -> None:
        """What the visitor shall hear, at `sample_rate`."""
        if self._speaker is not None:
            self._speaker.push(pcm)

    async def close(self) -> None:
        """End the call. `on_gone` is not called any more. Idempotent."""
        self._gone = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    async def _expect(self) -> None:
        await asyncio.sleep(CONNECT_SECONDS)
        if not self._connected:
            self._leave("the browser's audio did not come through")

    async def _hear(self, track: MediaStreamTrack) -> None:
        """Microphone to PCM, at most AHEAD_SECONDS ahead of real time."""
        loop = asyncio.get_running_loop()
        samples = int(self.sample_rate * FRAME_SECONDS)
        resampler = AudioResampler(format="s16", layout="mono", rate=self.sample_rate, frame_size=samples)
        due = 0.0
        while True:
            try:
                limit = SILENT_SECONDS + (0 if self._connected else CONNECT_SECONDS)
                frame = await asyncio.wait_for(track.recv(), limit)
            except TimeoutError:
                return self._leave("no audio came from the browser")
            except MediaStreamError:
                return self._leave("the browser hung up")
            assert isinstance(frame, AudioFrame)
            for part in resampler.resample(frame):
                due = max(due, loop.time()) + FRAME_SECONDS
                if due - loop.time() > AHEAD_SECONDS:
                    due -= FRAME_SECONDS
                    continue
                self._on_audio(bytes(part.planes[0])[: 2 * part.samples])

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._connected:
            self._connected = True
            self._on_connected()
        elif state == "failed":
            self._leave("the browser's audio was lost")
        elif state == "closed":
            self._leave("the browser hung up")

    def _leave(self, why: str) -> None:
        if not self._gone:
            self._gone = True
            self._on_gone(why)
