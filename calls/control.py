"""CallControl: the port through which calls are acted on, and what the network tells back.

An adapter (Asterisk) implements the port and reports every NetworkEvent, in order, to one listener.
Channel ids, bridge ids and playback ids are chosen by the caller of the port, except the channel id of an
arriving call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class CallControlError(Exception):
    """Base of what a CallControl method raises."""


class ChannelGone(CallControlError):
    """The channel, bridge or playback no longer exists: the party has hung up."""


class ControlLost(CallControlError):
    """Asterisk is not reachable, or did not answer within the request's limit."""


class RequestRefused(CallControlError):
    """Asterisk understood the request and refused it; the message carries its reason."""


# --- what the network tells -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A caller is in the engine's hands, not yet answered.

    `wideband`: the channel carries 16 kHz audio. `attempts`: how often the dialplan had to retry before the
    engine took the call. `answered`: the dialplan had already answered it (music was played).
    """

    channel_id: str
    network_id: str
    caller: str
    dialled: str
    trunk: str
    wideband: bool = False
    attempts: int = 0
    answered: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One of 0-9, *, #, A-D."""

    channel_id: str
    key: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """`failed`: a file was missing or unreadable."""

    playback_id: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """`path` is where Asterisk wrote it; `seconds` of audio, `talking_seconds` where known."""

    recording_id: str
    path: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class LegRinging:
    channel_id: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    channel_id: str


@dataclass(frozen=True, slots=True)
class ChannelEnded:
    """`cause` is Q.850; 0 when Asterisk gave none."""

    channel_id: str
    cause: int


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """An agent's telephone. `reachable`: it has registered. `in_use`: it rings or somebody talks on it.

    The state of each is told anew after every ControlRestored.
    """

    phone: str
    reachable: bool
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class ControlDropped:
    """The connection to Asterisk was lost; events meanwhile are not replayed."""


@dataclass(frozen=True, slots=True)
class ControlRestored:
    """Connected (again). `channels` are all that are alive in the engine's application now.

    `restarted`: Asterisk itself is a new process, so no earlier channel lives.
    """

    channels: tuple[ChannelSnapshot, ...]
    restarted: bool


NetworkEvent = (
    CallArrived
    | KeyPressed
    | PlaybackEnded
    | RecordingEnded
    | LegRinging
    | LegAnswered
    | ChannelEnded
    | PhoneChanged
    | ControlDropped
    | ControlRestored
)
NetworkListener = Callable[[NetworkEvent], None]


@dataclass(frozen=True, slots=True)
class ChannelSnapshot:
    """A channel found alive. `variables` holds those named INFOLINIA_*."""

    channel_id: str
    network_id: str
    name: str
    caller: str
    dialled: str
    answered: bool
    wideband: bool
    trunk: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


# --- what is asked of it ----------------------------------------------------------------------------------


class VoicePath(Protocol):
    """A caller's audio, both ways, as s16le mono PCM at `sample_rate` (8000 or 16000)."""

    sample_rate: int

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        """Call `on_audio` with each 20 ms frame from the caller from now on; replaces an earlier one."""

    def speak(self, audio: bytes, on_spoken: Callable[[], None]) -> None:
        """Queue `audio` for the caller; `on_spoken` is called once when its last sample was played.

        Any length: the path paces it so that Asterisk's queue never overflows. Not called after `flush`.
        """

    def flush(self) -> float:
        """Stop speaking at once and forget what is queued; returns the seconds that were already heard."""

    async def close(self) -> None:
        """Give the path up. Idempotent; the caller's channel stays up."""


class CallControl(Protocol):
    """Every method raises ChannelGone, ControlLost or RequestRefused, and returns within a limit."""

    async def answer(self, channel_id: str) -> None: ...

    async def play(self, channel_id: str, playback_id: str, files: Sequence[str]) -> None:
        """Asterisk plays `files` (absolute paths without extension, or names of its sounds) in turn.

        PlaybackEnded follows when the last one has ended or was stopped.
        """

    async def stop_playing(self, playback_id: str) -> None: ...

    async def open_voice(self, channel_id: str, *, wideband: bool) -> VoicePath:
        """Put the caller's audio on a media socket (16 kHz when `wideband`, else 8 kHz)."""

    async def record(
        self, channel_id: str, recording_id: str, *, longest_seconds: int, silence_seconds: int, beep: bool
    ) -> None:
        """Record the caller alone; ends at `#`, after the silence, at the limit or at stop_recording."""

    async def stop_recording(self, recording_id: str) -> None: ...

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
        """Call `number` out over `trunk` (None: the first). LegRinging, LegAnswered, ChannelEnded follow."""

    async def ring(
        self, channel_id: str, phone: str, *, caller_id: str, ring_seconds: int, call_id: str
    ) -> None:
        """Ring an agent's telephone by its name. As for `originate`; refused when it has not registered."""

    async def is_wideband(self, channel_id: str) -> bool:
        """Whether a channel that we placed, and that was answered, carries 16 kHz audio."""

    async def bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Make a bridge and connect the channels, taking them out of where they were."""

    async def destroy_bridge(self, bridge_id: str) -> None: ...

    async def music(self, channel_id: str, *, on: bool) -> None: ...

    async def send_keys(self, channel_id: str, keys: str) -> None: ...

    async def guard(self, channel_id: str, seconds: int) -> None:
        """Dead-man: unless renewed within `seconds` the dialplan takes the channel back. 0 lifts it.

        One that is being judged (SoundDetection) has none, and gets none.
        """

    async def mark(self, channel_id: str, variables: Mapping[str, str]) -> None:
        """Set channel variables (named INFOLINIA_*) by which a later engine knows the call."""

    async def hang_up(self, channel_id: str, cause: int = 16) -> None: ...

    async def leave(self, channel_id: str, extension: str) -> None:
        """Hand the channel back to the dialplan at `extension` of the engine's fallback context."""
