"""One inbound call from arrival to its row in the history: the Dialogue decides, this performs."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from ivr.dialogue import Dialogue

from calls import control as network
from calls.control import CallArrived, CallControlError, ChannelGone
from calls.events import CallEventKind
from calls.outcome import Outcome
from engine.call_log import CallLog
from engine.ports import Clock, RecordingLost, Recordings
from engine.transfer import TransferInProgress
from engine.voice import CallVoice
from ivr import events as told
from ivr.commands import (
    Command,
    HangUp,
    Listen,
    Note,
    Record,
    Say,
    StopListening,
    StopSaying,
    Transfer,
)

# Q.850 causes for a HangUp's reasons.
HANG_UP_CAUSES = {"normal": 16, "busy": 17, "congestion": 34, "unallocated": 1}
# A message shorter than this is a caller who hung up at the beep.
SHORTEST_MESSAGE_SECONDS = 1.0
# How long after a hang-up Asterisk may take to finish writing the message that was being recorded.
RECORDING_GRACE_SECONDS = 3.0

_Item = told.Event | network.NetworkEvent


@dataclass(slots=True)
class _Message:
    """A message being taken."""

    command: Record
    recording_id: str


class InboundCall:
    """Runs one caller's Dialogue. `tell` takes what happens; `run` returns when all is written."""

    def __init__(
        self,
        call_id: str,
        arrived: CallArrived,
        dialogue: Dialogue,
        *,
        log: CallLog,
        voice: CallVoice,
        control: network.CallControl,
        recordings: Recordings,
        clock: Clock,
        final_outcome: Outcome | None = None,
    ) -> None:
        self.id = call_id
        self.channel_id = arrived.channel_id
        self._arrived = arrived
        self._dialogue = dialogue
        self._log = log
        self._voice = voice
        self._control = control
        self._recordings = recordings
        self._clock = clock
        self._final_outcome = final_outcome
        self._inbox: asyncio.Queue[_Item] = asyncio.Queue()
        self._message: _Message | None = None
        self._transfer: TransferInProgress | None = None
        self._hung_up_by_flow = False

    @property
    def guarded(self) -> bool:
        """Whether the dead-man must be renewed: not while two people talk."""
        return self._transfer is None or not self._transfer.talking

    @property
    def log(self) -> CallLog:
        return self._log

    def tell(self, item: _Item) -> None:
        self._inbox.put_nowait(item)

    async def run(self) -> None:
        """Answer, converse, and leave the call ended in the log, whatever happens."""
        try:
            if not self._arrived.answered:
                await self._control.answer(self.channel_id)
            await self._log.write(CallEventKind.ANSWERED)
            await self._converse(self._dialogue.start(self._clock.now()))
        except ChannelGone:
            await self._caller_left_early()
        finally:
            await self._voice.close()

    async def resume(self, why: str, alive: frozenset[str]) -> None:
        """Go on with a call that another engine, or this one before its connection was cut, had begun.

        `alive` holds the ids of all channels that live: two people who talk are left in peace.
        """
        try:
            await self._log.write(CallEventKind.RESUMED, {"why": why})
            await self._voice.close()
            self._message = None
            if await self._still_talking(alive):
                await self._converse(())
            else:
                await self._converse(self._dialogue.handle(told.Resumed(), self._clock.now()))
        except ChannelGone:
            await self._caller_left_early()
        finally:
            await self._voice.close()

    async def _still_talking(self, alive: frozenset[str]) -> bool:
        working = self._dialogue.state().get("working")
        leg_id = f"{self.id}.leg.{working}"
        if not isinstance(working, int) or leg_id not in alive:
            self._transfer = None
            return False
        if self._transfer is None:
            self._transfer = TransferInProgress.adopted(
                working, self.id, self.channel_id, control=self._control, log=self._log, clock=self._clock
            )
        return self._transfer.talking

    async def _converse(self, commands: tuple[Command, ...]) -> None:
        await self._perform(commands)
        while not self._log.ended:
            item = await self._next()
            if isinstance(item, network.ChannelEnded) and item.channel_id == self.channel_id:
                await self._ended(item.cause)
                return
            event = await self._understood(item)
            if event is not None and not self._dialogue.ended:
                await self._perform(self._dialogue.handle(event, self._clock.now()))

    async def _next(self) -> _Item:
        """The next thing that happens, or TimePassed when the Dialogue's deadline comes first."""
        deadline = None if self._dialogue.ended else self._dialogue.next_deadline()
        if deadline is None or not self._inbox.empty():
            return await self._inbox.get()
        seconds = max(0.0, (deadline - self._clock.now()).total_seconds())
        timer = asyncio.get_running_loop().call_later(seconds, self._inbox.put_nowait, told.TimePassed())
        try:
            return await self._inbox.get()
        finally:
            timer.cancel()

    async def _understood(self, item: _Item) -> told.Event | None:
        """A report of the network in the Dialogue's terms; None when it means nothing to it."""
        match item:
            case network.KeyPressed(key=key):
                return told.KeyPressed(key)
            case network.PlaybackEnded(playback_id=playback_id, failed=failed):
                self._voice.playback_ended(playback_id, failed=failed)
                return None
            case network.RecordingEnded():
                return await self._message_taken(item)
            case network.LegRinging() | network.LegAnswered() | network.ChannelEnded():
                if self._transfer is None or item.channel_id != self._transfer.leg.channel_id:
                    return None
                finished = await self._transfer.follow(item)
                if finished is not None:
                    self._transfer = None
                return finished
            case network.CallArrived() | network.ControlDropped() | network.ControlRestored():
                return None
            case _:
                return item

    async def _perform(self, commands: tuple[Command, ...]) -> None:
        steps = [c for c in commands if isinstance(c, Note) and c.kind is CallEventKind.STEP_ENTERED]
        for command in commands:
            match command:
                case Note(kind=kind, data=data):
                    if steps and command is steps[-1]:
                        data = {**data, "state": self._dialogue.state()}
                    await self._log.write(kind, data)
                case Say():
                    await self._voice.say(command)
                case StopSaying():
                    await self._voice.stop_saying()
                case Listen():
                    await self._voice.listen(command)
                case StopListening():
                    await self._voice.stop_listening()
                case Record():
                    await self._record(command)
                case Transfer():
                    await self._connect(command)
                case HangUp(reason=reason):
                    self._hung_up_by_flow = True
                    await self._control.hang_up(self.channel_id, HANG_UP_CAUSES.get(reason, 16))

    async def _record(self, command: Record) -> None:
        await self._voice.close()
        self._message = _Message(command, f"{self.id}.message.{command.work_id}")
        try:
            await self._control.record(
                self.channel_id,
                self._message.recording_id,
                longest_seconds=command.longest_seconds,
                silence_seconds=command.silence_seconds,
                beep=True,
            )
        except network.RequestRefused as refused:
            self._message = None
            await self._log.write(CallEventKind.TROUBLE, {"what": "voicemail", "detail": str(refused)})
            self.tell(told.Finished(command.work_id, "empty"))

    async def _message_taken(self, recorded: network.RecordingEnded) -> told.Finished | None:
        message = self._message
        if message is None or recorded.recording_id != message.recording_id:
            return None
        self._message = None
        if recorded.failed or recorded.seconds < SHORTEST_MESSAGE_SECONDS:
            return told.Finished(message.command.work_id, "empty")
        try:
            name = await self._recordings.keep(recorded.path, self.id, self._clock.now())
        except RecordingLost as lost:
            await self._log.write(CallEventKind.TROUBLE, {"what": "voicemail", "detail": str(lost)})
            return told.Finished(message.command.work_id, "empty")
        seconds = round(recorded.seconds, 1)
        await self._log.write(
            CallEventKind.MESSAGE_LEFT, {"box": message.command.box, "recording": name, "seconds": seconds}
        )
        values = {"recording": name, "seconds": seconds}
        return told.Finished(message.command.work_id, "next", values)

    async def _connect(self, command: Transfer) -> None:
        await self._voice.close()
        self._transfer = TransferInProgress(
            command, self.id, self.channel_id, control=self._control, log=self._log, clock=self._clock
        )
        finished = await self._transfer.start(caller_id=self._arrived.caller)
        if finished is not None:
            self._transfer = None
            self.tell(finished)

    async def _ended(self, cause: int) -> None:
        """The caller's channel is gone: finish what was under way, then write the end."""
        await self._voice.close()
        if self._message is not None:
            await self._last_words()
        if self._transfer is not None:
            with contextlib.suppress(CallControlError):  # Asterisk itself may be gone with the caller
                await self._transfer.abandon()
            self._transfer = None
        if not self._dialogue.ended:
            notes = self._dialogue.handle(told.CallerGone(), self._clock.now())
            await self._perform(tuple(command for command in notes if isinstance(command, Note)))
        by = "flow" if self._hung_up_by_flow else "caller"
        await self._log.end(by, self._final_outcome or self._outcome(), cause)

    async def _last_words(self) -> None:
        """Wait for the message that the caller ended by hanging up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECORDING_GRACE_SECONDS):
                while self._message is not None:
                    item = await self._inbox.get()
                    if isinstance(item, network.RecordingEnded):
                        await self._message_taken(item)

    def _outcome(self) -> Outcome:
        """Served callers completed their call; one who hung up before pressing or saying anything gave up."""
        if self._hung_up_by_flow or self._log.call.heard:
            return Outcome.COMPLETED
        return Outcome.ABANDONED

    async def _caller_left_early(self) -> None:
        """A request found the channel gone: its ChannelEnded tells the cause, or has been missed."""
        try:
            async with asyncio.timeout(RECORDING_GRACE_SECONDS):
                while not self._log.ended:
                    item = await self._inbox.get()
                    if isinstance(item, network.ChannelEnded) and item.channel_id == self.channel_id:
                        await self._ended(item.cause)
        except TimeoutError:
            await self._ended(0)
