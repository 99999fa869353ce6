"""TalkControl: the port for people who talk with each other, beside what a flow does (CallControl).

Agents sit in browsers: each registers by a name and a password that the engine gives and takes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from calls.control import CallControl

# Telephones of supervisors begin so, and no agent's.
SUPERVISORS = "sup-"
NOT_FOR_PHONES = frozenset(
    {
        # Asterisk's own.
        "global",
        "local",
        "loopback",
        "loopback-g711",
        "loopback-udp",
        "party",
        "telephone",
        "udp",
        "ws",
        # What callers without a number are called: a telephone of that name would be taken for them.
        "anonymous",
        "private",
        "restricted",
        "unavailable",
        "unknown",
    }
)
"""Names that no telephone may have."""


@dataclass(frozen=True, slots=True)
class TalkFiles:
    """Paths of two raw files (s16le, 8 kHz, one channel each) whose samples were heard at the same time.

    Two, because Asterisk drops every second 10 ms of wideband when it writes both into one.
    """

    said: str
    heard: str


class TalkControl(CallControl, Protocol):
    """As for CallControl: ChannelGone, ControlLost or RequestRefused, and a limit to every wait."""

    # --- browsers' telephones -----------------------------------------------------------------------------

    async def admit_phone(self, phone: str, password: str) -> None:
        """From now on a browser may register as `phone` with this password; an earlier one is void.

        A call on it goes on. Asterisk forgets it when it restarts: ControlRestored(restarted=True) tells so.
        PhoneChanged follows as the browser comes and goes.
        """

    async def dismiss_phone(self, phone: str) -> None:
        """Nobody registers as `phone` any more; its registration ends, a call on it goes on. Idempotent."""

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
        """Ring a browser, with SIP headers that its page reads (X-Infolinia-…). As for `ring`."""

    # --- talks --------------------------------------------------------------------------------------------

    async def move(self, channel_id: str, bridge_id: str) -> None:
        """Into a bridge that is there, out of the one that it is in; nobody hears a gap."""

    async def take_out(self, channel_id: str, bridge_id: str) -> None:
        """Out of the bridge; the channel stays up and hears nothing."""

    async def mute(self, channel_id: str, *, on: bool) -> None:
        """Whether the others hear this party."""

    async def ringback(self, channel_id: str, *, on: bool) -> None:
        """The tone by which who has called knows that it rings; on a channel that is in no bridge."""

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        """A channel `snoop_id` that hears both sides of `channel_id` and, with `whisper`, speaks to it alone.

        It is put into a bridge with whoever listens, and ends with `channel_id`.
        """

    # --- recording a talk ---------------------------------------------------------------------------------

    def talk_files(self, recording_id: str) -> TalkFiles:
        """Where `record_talk` will write; nothing is done yet. Raises RequestRefused: it is no name."""

    async def record_talk(self, channel_id: str, recording_id: str) -> TalkFiles:
        """Record from now on what the channel says and what it hears; through holds and transfers.

        The files grow at the same pace and survive crashes. They may be there a moment after the answer.
        """

    async def pause_recording(self, channel_id: str, *, on: bool) -> None:
        """Silence in the place of both sides; the time line is kept."""

    async def end_recording(self, channel_id: str) -> None:
        """Idempotent; it ends with the channel too."""
