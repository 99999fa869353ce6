"""TalkRecorder: the port through which a talk is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from calls.events import CallEvent
from engine.call_log import CallLog

RecordingState = Literal["off", "on", "paused"]


class TalkRecorder(Protocol):
    """Records one agent's part of a call, if that is allowed: it decides, and writes the RECORDING_* events.

    None of these raises: a recording that fails is told as TROUBLE, and the talk goes on.
    """

    @property
    def state(self) -> RecordingState: ...

    async def begin(self, log: CallLog, channel_id: str, talk: str, *, agent: str, queue: str = "") -> None:
        """`channel_id`: the agent's; `queue` is empty for a manual call."""

    async def take_over(self, log: CallLog, events: Sequence[CallEvent], channel_id: str) -> None:
        """Go on with what an earlier engine had begun on the agent's channel, as the call's log tells."""

    async def pause(self, on: bool, agent: str) -> None:
        """Silence from now on, or sound again. Nothing when nothing is recorded."""

    async def end(self) -> None:
        """Idempotent; afterwards `begin` may come again, for the next agent's part."""


class TalkRecorders(Protocol):
    def of_call(self) -> TalkRecorder:
        """A new one: each call has its own for as long as it goes on."""
