"""A call's messages: one is taken at a time, and cut when nobody waits for it any more."""

from __future__ import annotations

from calls.control import CallControl, RecordingEnded
from engine.call_log import CallLog
from engine.message import MessageInProgress, recording_id
from engine.ports import Clock, Recordings
from ivr.commands import Record
from ivr.events import Finished


class MessageTaking:
    """For one call, used by its own task."""

    def __init__(
        self, channel_id: str, *, control: CallControl, recordings: Recordings, log: CallLog, clock: Clock
    ) -> None:
        self._channel_id = channel_id
        self._control = control
        self._recordings = recordings
        self._log = log
        self._clock = clock
        self._now: MessageInProgress | None = None

    @property
    def under_way(self) -> bool:
        return self._now is not None

    def adopt(self, command: Record, last_seq: int) -> None:
        """One that an earlier engine had begun."""
        self._now = self._made(command, last_seq)

    async def begin(self, command: Record) -> Finished | None:
        """Finished when it could not even be begun."""
        message = self._made(command, self._log.last_seq)
        finished = await message.start()
        if finished is None:
            self._now = message
        return finished

    async def taken(self, recorded: RecordingEnded) -> Finished | None:
        """A recording is over; None when it is not this one's."""
        message = self._now
        if message is None or recorded.recording_id != message.id:
            return None
        self._now = None
        return await message.taken(recorded)

    async def stop(self) -> bool:
        """Whether one was being taken, whose end is then told."""
        if self._now is not None and not await self._now.stop():
            self._now = None
        return self._now is not None

    async def drop(self, waited: int | None) -> None:
        """Cut it, unless its work is what is waited for."""
        if self._now is not None and self._now.work_id != waited:
            await self.stop()
            self._now = None

    def _made(self, command: Record, last_seq: int) -> MessageInProgress:
        return MessageInProgress(
            command,
            recording_id(self._log.id, command, last_seq),
            self._channel_id,
            call_id=self._log.id,
            control=self._control,
            recordings=self._recordings,
            log=self._log,
            clock=self._clock,
        )
