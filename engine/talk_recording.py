"""Talks are recorded when the caller's consent, a notice or a setting allows it."""

from __future__ import annotations

from engine.call_log import CallLog
from engine.ports import RecordingState, TalkRecorder


class _NoRecorder:
    """Implements TalkRecorder."""

    @property
    def state(self) -> RecordingState:
        return "off"

    async def begin(self, log: CallLog, channel_id: str, talk: str, *, agent: str, queue: str = "") -> None:
        pass

    async def pause(self, on: bool, agent: str) -> None:
        pass

    async def end(self) -> None:
        pass


class _NothingRecorded:
    """Implements TalkRecorders."""

    def of_call(self, call_id: str) -> TalkRecorder:
        return _NoRecorder()


NOTHING_RECORDED = _NothingRecorded()
