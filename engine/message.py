"""A caller's voice being recorded: a message for a box, or a clip that the flow asked for."""

from __future__ import annotations

from calls.control import CallControl, ChannelGone, RecordingEnded, RequestRefused
from calls.events import CallEventKind
from engine.call_log import CallLog
from engine.ports import Clock, RecordingLost, Recordings
from ivr.commands import Record
from ivr.events import Finished

# A message shorter than this is a caller who hung up at the beep.
SHORTEST_MESSAGE_SECONDS = 1.0


def recording_id(call_id: str, command: Record, last_seq: int) -> str:
    """The number of the last event names it: no engine, however late, uses an id twice."""
    return f"{call_id}.{'clip' if command.box is None else 'message'}.{last_seq}"


class MessageInProgress:
    """One Record command on one caller's channel."""

    def __init__(
        self,
        command: Record,
        id: str,
        channel_id: str,
        *,
        call_id: str,
        control: CallControl,
        recordings: Recordings,
        log: CallLog,
        clock: Clock,
    ) -> None:
        self.id = id
        self.work_id = command.work_id
        self._command = command
        self._channel_id = channel_id
        self._call_id = call_id
        self._control = control
        self._recordings = recordings
        self._log = log
        self._clock = clock

    async def start(self) -> Finished | None:
        """Record from now on. Finished when it could not even be begun."""
        command = self._command
        try:
            await self._control.record(
                self._channel_id,
                self.id,
                longest_seconds=command.longest_seconds,
                silence_seconds=command.silence_seconds,
                beep=True,
            )
        except RequestRefused as refused:
            return await self._trouble(str(refused))
        return None

    async def stop(self) -> bool:
        """End it now. False when it had ended already."""
        try:
            await self._control.stop_recording(self.id)
        except (ChannelGone, RequestRefused):
            return False
        return True

    async def taken(self, recorded: RecordingEnded) -> Finished:
        """It has ended: keep what is one, and tell."""
        if recorded.failed or recorded.seconds < SHORTEST_MESSAGE_SECONDS:
            await self._recordings.discard(recorded.path)
            return Finished(self.work_id, "empty")
        try:
            name = await self._recordings.keep(recorded.path, self._call_id, self._clock.now())
        except RecordingLost as lost:
            return await self._trouble(str(lost))
        values = {"recording": name, "seconds": round(recorded.seconds, 1)}
        if self._command.box is None:
            await self._log.write(CallEventKind.CLIP_RECORDED, values)
        else:
            await self._log.write(CallEventKind.MESSAGE_LEFT, {"box": self._command.box, **values})
        return Finished(self.work_id, "next", values)

    async def _trouble(self, detail: str) -> Finished:
        what = "record" if self._command.box is None else "voicemail"
        await self._log.write(CallEventKind.TROUBLE, {"what": what, "detail": detail})
        return Finished(self.work_id, "empty")
