"""Asterisk by hand: it records what is asked of it, and does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from calls.control import ChannelEnded, ChannelGone, ChannelSnapshot, ControlLost, NetworkEvent, PlaybackEnded
from engine.ports import LoggedCall, LoggedLeg

# Each request to Asterisk takes its time, so that something may happen meanwhile.
REQUEST_SECONDS = 0.001
SOUND_SECONDS = 1.0


class FakeVoicePath:
    """Speaks in virtual time; the words are found in the audio (see FakeSynthesizer)."""

    def __init__(self, control: FakeControl, channel_id: str, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.closed = False
        self.on_audio: Callable[[bytes], None] | None = None
        self._control = control
        self._channel_id = channel_id
        self._timers: list[asyncio.TimerHandle] = []

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        self.on_audio = on_audio

    def speak(self, audio: bytes, on_spoken: Callable[[], None]) -> None:
        assert not self.closed, "spoke on a closed path"
        words = audio.replace(b"\0", b" ").decode().split()
        self._control.heard("socket", self._channel_id, " ".join(words))
        if not self._control.silent:
            loop = asyncio.get_running_loop()
            self._timers.append(loop.call_later(len(audio) / 2 / self.sample_rate, on_spoken))

    def flush(self) -> float:
        self._control.requests.append(("flush", self._channel_id))
        self._stop()
        return 0.0

    async def close(self) -> None:
        self.closed = True
        self._stop()
        await self._control.ask("close_voice", self._channel_id)

    def _stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class FakeControl:
    """Records each request as (name, its first arguments); `tell` raises NetworkEvents.

    `faults` are raised by the requests named, until they are taken out; a request about a channel in `gone`
    raises ChannelGone, each one raises ControlLost while `lost`. `silent`: no prompt is reported as played.
    `said` are the prompts as the caller was to hear them: (by "asterisk" or "socket", words).
    """

    def __init__(self) -> None:
        self.listener: Callable[[NetworkEvent], None] = lambda event: None
        self.requests: list[tuple[object, ...]] = []
        self.faults: dict[str, Exception] = {}
        self.gone: set[str] = set()
        self.lost = False
        self.silent = False
        self.said: list[tuple[str, str]] = []
        self.paths: list[FakeVoicePath] = []
        self.ends_on_hang_up = True
        self._playbacks: dict[str, asyncio.TimerHandle] = {}

    def tell(self, *events: NetworkEvent) -> None:
        for event in events:
            if isinstance(event, ChannelEnded):
                self.gone.add(event.channel_id)
            self.listener(event)

    def names(self) -> list[object]:
        return [request[0] for request in self.requests]

    def asked(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of the requests of that name."""
        return [request[1:] for request in self.requests if request[0] == name]

    def words(self) -> list[str]:
        return [words for _, words in self.said]

    def heard(self, how: str, channel_id: str, words: str) -> None:
        self.said.append((how, words))

    async def ask(self, name: str, *arguments: object) -> None:
        self.requests.append((name, *arguments))
        await asyncio.sleep(REQUEST_SECONDS)
        if self.lost:
            raise ControlLost("not connected")
        if (fault := self.faults.get(name)) is not None:
            raise fault
        if arguments and arguments[0] in self.gone:
            raise ChannelGone(f"{arguments[0]} is gone")

    # --- CallControl --------------------------------------------------------------------------------------

    async def answer(self, channel_id: str) -> None:
        await self.ask("answer", channel_id)

    async def play(self, channel_id: str, playback_id: str, files: Sequence[str]) -> None:
        await self.ask("play", channel_id, playback_id, tuple(files))
        seconds = 0.0
        for file in files:
            audio = _samples(file)
            seconds += len(audio) / 16000 if audio else SOUND_SECONDS
            self.heard("asterisk", channel_id, audio.strip(b"\0").decode() or file)
        if not self.silent:
            loop = asyncio.get_running_loop()
            ended = PlaybackEnded(playback_id)
            self._playbacks[playback_id] = loop.call_later(seconds, self.tell, ended)

    async def stop_playing(self, playback_id: str) -> None:
        await self.ask("stop_playing", playback_id)
        if (timer := self._playbacks.pop(playback_id, None)) is not None:
            timer.cancel()
            self.tell(PlaybackEnded(playback_id))

    async def open_voice(self, channel_id: str, *, wideband: bool) -> FakeVoicePath:
        await self.ask("open_voice", channel_id)
        path = FakeVoicePath(self, channel_id, 16000 if wideband else 8000)
        self.paths.append(path)
        return path

    async def record(
        self, channel_id: str, recording_id: str, *, longest_seconds: int, silence_seconds: int, beep: bool
    ) -> None:
        await self.ask("record", channel_id, recording_id)

    async def stop_recording(self, recording_id: str) -> None:
        await self.ask("stop_recording", recording_id)

    async def originate(
        self,
        channel_id: str,
        number: str,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
        trunk: str | None = None,
    ) -> None:
        await self.ask("originate", channel_id, number, caller_id)

    async def ring(
        self, channel_id: str, phone: str, *, caller_id: str, ring_seconds: int, call_id: str
    ) -> None:
        await self.ask("ring", channel_id, phone, caller_id)

    async def is_wideband(self, channel_id: str) -> bool:
        await self.ask("is_wideband", channel_id)
        return False

    async def bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        await self.ask("bridge", bridge_id, tuple(channel_ids))

    async def destroy_bridge(self, bridge_id: str) -> None:
        await self.ask("destroy_bridge", bridge_id)

    async def music(self, channel_id: str, *, on: bool) -> None:
        await self.ask("music", channel_id, on)

    async def send_keys(self, channel_id: str, keys: str) -> None:
        await self.ask("send_keys", channel_id, keys)

    async def guard(self, channel_id: str, seconds: int) -> None:
        await self.ask("guard", channel_id, seconds)

    async def mark(self, channel_id: str, variables: Mapping[str, str]) -> None:
        await self.ask("mark", channel_id)

    async def hang_up(self, channel_id: str, cause: int = 16) -> None:
        await self.ask("hang_up", channel_id, cause)
        if self.ends_on_hang_up:
            asyncio.get_running_loop().call_later(0.01, self._end, channel_id, cause)

    async def leave(self, channel_id: str, extension: str) -> None:
        await self.ask("leave", channel_id, extension)

    # --- TalkControl --------------------------------------------------------------------------------------

    async def admit_phone(self, phone: str, password: str) -> None:
        await self.ask("admit_phone", phone, password)

    async def dismiss_phone(self, phone: str) -> None:
        await self.ask("dismiss_phone", phone)

    async def ring_phone(
        self,
        channel_id: str,
        phone: str,
        *,
        caller_id: str,
        ring_seconds: int,
        call_id: str,
        headers: Mapping[str, str],
    ) -> None:
        await self.ask("ring_phone", channel_id, phone, caller_id, dict(headers))

    async def move(self, channel_id: str, bridge_id: str) -> None:
        await self.ask("move", channel_id, bridge_id)

    async def take_out(self, channel_id: str, bridge_id: str) -> None:
        await self.ask("take_out", channel_id, bridge_id)

    async def mute(self, channel_id: str, *, on: bool) -> None:
        await self.ask("mute", channel_id, on)

    async def ringback(self, channel_id: str, *, on: bool) -> None:
        await self.ask("ringback", channel_id, on)

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        await self.ask("snoop", channel_id, snoop_id, whisper)

    async def record_talk(self, channel_id: str, recording_id: str) -> str:
        await self.ask("record_talk", channel_id, recording_id)
        return f"/nowhere/{recording_id}.raw"

    async def pause_recording(self, channel_id: str, *, on: bool) -> None:
        await self.ask("pause_recording", channel_id, on)

    async def end_recording(self, channel_id: str) -> None:
        await self.ask("end_recording", channel_id)

    def _end(self, channel_id: str, cause: int) -> None:
        if channel_id not in self.gone:
            self.tell(ChannelEnded(channel_id, cause))


def _samples(file: str) -> bytes:
    """None of Asterisk's own sounds are here."""
    return Path(f"{file}.sln").read_bytes() if file.startswith("/") else b""


def channel(id: str, *, dialled: str = "100", answered: bool = True) -> ChannelSnapshot:
    """A channel found alive."""
    return ChannelSnapshot(id, id, f"PJSIP/{id}", "+48220000011", dialled, answered, wideband=False)


@dataclass(slots=True)
class FakeNetworkLog:
    """`crashed` are calls without an end that are over: Asterisk died under them."""

    calls: list[LoggedCall] = field(default_factory=list)
    crashed: set[str] = field(default_factory=set)
    messages: dict[str, tuple[str, float]] = field(default_factory=dict)  # by call, broken off
    clips: dict[str, tuple[str, ...]] = field(default_factory=dict)
    legs: dict[str, LoggedLeg] = field(default_factory=dict)  # that were placed, by channel

    async def leg(self, channel_id: str) -> LoggedLeg | None:
        return self.legs.get(channel_id)

    async def clips_of(self, call_id: str) -> Sequence[str]:
        return self.clips.get(call_id, ())

    async def message_of(self, call_id: str) -> tuple[str, float] | None:
        return self.messages.get(call_id)

    def end(self, network_id: str, at: datetime) -> None:
        self.calls = [
            replace(call, ended_at=at, last_seen_at=at) if call.network_id == network_id else call
            for call in self.calls
        ]

    async def calls_since(self, since: datetime) -> Sequence[LoggedCall]:
        return [
            call
            for call in self.calls
            if call.started_at >= since and (call.ended_at or call.network_id in self.crashed)
        ]

    async def calls_ended_since(self, since: datetime) -> Sequence[LoggedCall]:
        return [call for call in self.calls if call.ended_at is not None and call.ended_at >= since]

    async def call(self, network_id: str, since: datetime) -> LoggedCall | None:
        found = [c for c in self.calls if c.network_id == network_id and c.started_at >= since]
        return found[-1] if found else None
