"""One call of a flow, from its beginning to its row in the history: the Dialogue decides, this performs.

An inbound call is answered, one that we place rings until the person answers; from then on they are alike.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from acd.events import Connected
from acd.talks.talk import TalkView
from calls import control as network
from calls.call import outcome_at_end
from calls.control import CallControlError, ChannelGone
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome
from engine.call_in_progress import Successor
from engine.call_log import CallLog
from engine.errands import Errands
from engine.message_taking import MessageTaking
from engine.other_party import OtherParty
from engine.placing.ringing import NotAnswered, Ringing
from engine.ports import Recordings
from engine.queueing import Decision, GoToFlow
from engine.talks.lines import Overdue, TalkMeans
from engine.talks.talking import Asked, refuse_waiting
from engine.voice import CallVoice
from ivr import events as told
from ivr.commands import (
    Command,
    Enqueue,
    Errand,
    HangUp,
    LeaveQueue,
    Listen,
    Note,
    Record,
    Say,
    StopListening,
    StopSaying,
    Transfer,
)
from ivr.dialogue import Dialogue

# Q.850 causes for a HangUp's reasons.
HANG_UP_CAUSES = {"normal": 16, "busy": 17, "congestion": 34}
# How long after a hang-up Asterisk may take to finish writing the message that was being recorded.
RECORDING_GRACE_SECONDS = 3.0

_Item = told.Event | network.NetworkEvent | Decision | Asked | Overdue | GoToFlow


class Conversation:
    """Implements CallInProgress. `tell` takes what happens; `run` returns when all is written.

    `ringing`: we call them; else they have come. `answered`: the channel is up already. `hand_over`: who
    goes on with the person when the flow gives them to that queue; None: they wait in it.
    """

    def __init__(
        self,
        call_id: str,
        channel_id: str,
        dialogue: Dialogue,
        *,
        ringing: Ringing | None = None,
        answered: bool = False,
        log: CallLog,
        voice: CallVoice,
        errands: Errands,
        means: TalkMeans,
        dialogue_of: Callable[[str, str | None], Dialogue],
        recordings: Recordings,
        final_outcome: Outcome | None = None,
        hand_over: Callable[[str], Successor | None] = lambda queue: None,
    ) -> None:
        self._hand_over = hand_over
        self._successor: Successor | None = None
        self.id = call_id
        self.channel_id = channel_id
        self.log = log
        self.turn = asyncio.Lock()
        self._ringing = ringing
        self._answered = answered
        self._dialogue = dialogue
        self._voice = voice
        self._errands = errands
        self._control = means.control
        self._clock = means.clock
        self._dialogue_of = dialogue_of
        self._final_outcome = final_outcome
        self._inbox: asyncio.Queue[_Item] = asyncio.Queue()
        self._messages = MessageTaking(
            channel_id, control=means.control, recordings=recordings, log=log, clock=means.clock
        )
        self._other = OtherParty(channel_id, means, tell=self.tell)
        self._ended_by = "caller"

    @property
    def guarded(self) -> bool:
        """Whether the dead-man must be renewed: not while it rings, nor while two people talk."""
        return (self._ringing is None or self._answered) and not self._other.talking

    @property
    def placed(self) -> bool:
        """Whether we called."""
        return self._ringing is not None

    @property
    def talk(self) -> TalkView | None:
        return self._other.talk

    def tell(self, item: _Item) -> None:
        self._inbox.put_nowait(item)

    def forget_reports(self) -> None:
        """What the network reported until now is of before a break, and no longer true."""
        refuse_waiting(self._inbox, "The connection to Asterisk was lost; see whether it was done.")
        for _ in range(self._inbox.qsize()):
            item = self._inbox.get_nowait()
            if isinstance(item, told.Finished) and self._errands.has(item.work_id):
                self._inbox.put_nowait(item)

    def adopt(self, events: Sequence[CallEvent], up: frozenset[str]) -> None:
        """Take over what an earlier engine had begun, before `resume`. `up` as there."""
        self._other.adopt(events, up, self._dialogue.working or 0)
        if (recording := self._dialogue.recording) is not None:
            self._messages.adopt(recording, events[-1].seq)

    async def run(self) -> Successor | None:
        """Answer, converse, and leave the call ended in the log, whatever happens."""
        return await self._until_over(self._begun())

    async def take_over(self) -> Successor | None:
        """Go on with a person who is on the line already, and with whom somebody has talked."""
        return await self._until_over(self._taken_over())

    async def resume(self, why: str, up: frozenset[str] | None = None) -> Successor | None:
        """Go on with a call that another engine, or this one before a break, had begun.

        `up` are the channels that live and have answered, None when they are not known to have changed: two
        people who talk are left in peace.
        """
        return await self._until_over(self._resumed(why, up))

    async def lost(self, at: datetime | None) -> None:
        """Asterisk died under it: it ended when the connection did."""
        await self._other.abandon(lost=True)
        await self._errands.end()
        await self.log.end("network", Outcome.LOST, at=at)

    async def rescue(self, fault: Exception) -> None:
        """Our own fault never means silence: the dialplan takes a message, but from nobody whom we called.

        The call's end is then found in Asterisk's log, with the message (engine.recovery). It is written here
        when the caller cannot be handed over.
        """
        await self._other.abandon(lost=True)
        await self._errands.end()
        handed_over = False
        with contextlib.suppress(CallControlError):  # the caller may be gone as well
            if self.placed:
                await self._control.hang_up(self.channel_id)
            else:
                await self._control.leave(self.channel_id, "voicemail")
                handed_over = True
        await self.log.write(CallEventKind.TROUBLE, {"what": "fault", "detail": repr(fault)})
        if not handed_over:
            await self.log.end("fault", Outcome.FAILED)

    async def cut_off(self) -> None:
        """The engine stops: hang up, so that the caller is not left in silence."""
        self._final_outcome = Outcome.LOST
        await self.hang_up("engine")

    async def hang_up(self, by: str) -> None:
        """End the call from outside of its flow; `by` is written into its log."""
        self._ended_by = by
        if self._ringing is not None and not self._answered:
            await self._ringing.give_up()
            return
        with contextlib.suppress(CallControlError):  # a caller who is gone already, or Asterisk
            await self._control.hang_up(self.channel_id)

    async def _until_over(self, beginning: Awaitable[tuple[Command, ...]]) -> Successor | None:
        try:
            await self._converse(await beginning)
        except NotAnswered as never:
            by = "network" if self._ended_by == "caller" else self._ended_by
            await self.log.end(by, self._final_outcome or never.outcome, never.cause)
        except ChannelGone:
            await self._caller_left_early()
        finally:
            if self.log.ended:
                refuse_waiting(self._inbox, "This call is over.")
            await self._voice.close()
        if self._successor is not None:
            for _ in range(self._inbox.qsize()):
                item = self._inbox.get_nowait()
                if isinstance(item, network.NetworkEvent | Asked):
                    self._successor.tell(item)
        return self._successor

    async def _begun(self) -> tuple[Command, ...]:
        if self._ringing is not None:
            await self._ringing.place()
        await self._pick_up()
        return self._dialogue.start(self._clock.now())

    async def _taken_over(self) -> tuple[Command, ...]:
        self._voice.wideband = await self._control.is_wideband(self.channel_id)
        return self._dialogue.start(self._clock.now())

    async def _pick_up(self, *, up: bool = False) -> None:
        """The person is on the line, from now on or, when `up`, already."""
        if self._ringing is not None:
            if not up:
                await self._ringing.until_answered(self._inbox)
            self._answered = True
            await self.log.write(CallEventKind.ANSWERED)
            self._voice.wideband = await self._control.is_wideband(self.channel_id)
            return
        if not self._answered:
            await self._control.answer(self.channel_id)
        await self.log.write(CallEventKind.ANSWERED)

    async def _resumed(self, why: str, up: frozenset[str] | None) -> tuple[Command, ...]:
        await self.log.write(CallEventKind.RESUMED, {"why": why})
        if self.log.call.answered_at is None:
            await self._pick_up(up=up is not None and self.channel_id in up)
        elif self._ringing is not None and not self._answered:  # before an earlier engine died
            self._answered = True
            self._voice.wideband = await self._control.is_wideband(self.channel_id)
        if self._dialogue.ended:
            return (HangUp(),)  # the earlier one did not reach Asterisk
        if await self._work_goes_on(up):
            return ()
        return self._dialogue.handle(told.Resumed(), self._clock.now())

    async def _work_goes_on(self, up: frozenset[str] | None) -> bool:
        """Whether what the Dialogue waits for is still under way."""
        if await self._other.goes_on(up):
            return True
        if self._errands.keeps(self._dialogue.working):
            return True
        # A message that still goes on is cut here: its end might have been reported while nobody heard it.
        return await self._messages.stop()

    async def _converse(self, commands: tuple[Command, ...]) -> None:
        await self._perform(commands)
        while not self.log.ended and self._successor is None:
            item = await self._next()
            if isinstance(item, network.ChannelEnded) and item.channel_id == self.channel_id:
                await self._ended(item.cause)
                return
            event = await self._understood(item)
            if isinstance(event, GoToFlow):
                await self._perform(self._begun_anew(event.flow))
            elif event is not None and not self._dialogue.ended:
                commands = self._dialogue.handle(event, self._clock.now())
                await self._drop_work()
                await self._perform(commands)

    def _begun_anew(self, flow: str) -> tuple[Command, ...]:
        """An agent has given the person to another flow."""
        self._dialogue = self._dialogue_of(flow, self._dialogue.language)
        return self._dialogue.start(self._clock.now())

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

    async def _understood(self, item: _Item) -> told.Event | GoToFlow | None:
        """A report of the network in the Dialogue's terms; None when it means nothing to it."""
        match item:
            case network.KeyPressed(channel_id=channel_id, key=key):
                return told.KeyPressed(key) if channel_id == self.channel_id else None
            case network.PlaybackEnded(playback_id=playback_id, failed=failed):
                self._voice.playback_ended(playback_id, failed=failed)
                return None
            case network.RecordingEnded():
                return await self._messages.taken(item)
            case network.LegRinging() | network.LegAnswered() | network.ChannelEnded() | Overdue():
                return await self._other.leg_moved(item)
            case Decision(command=command):
                if isinstance(command, Connected):
                    await self._voice.stop_saying()
                return await self._other.decided(item)
            case network.CallArrived() | network.ControlDropped() | network.ControlRestored():
                return None
            case network.PhoneChanged():  # of agents, whom the queues know
                return None
            case Asked():
                return await self._other.act(item)
            case _:
                return item

    async def _perform(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            match command:
                case Note(kind=kind, data=data):
                    await self.log.write(kind, data)
                case Say():
                    await self._other.hold(music=False)
                    await self._voice.say(command)
                case StopSaying():
                    await self._voice.stop_saying()
                case Listen():
                    await self._voice.listen(command)
                case StopListening():
                    self._voice.stop_listening()
                case Record():
                    await self._voice.close()
                    if (finished := await self._messages.begin(command)) is not None:
                        self.tell(finished)
                case Transfer():
                    await self._voice.close()
                    await self._other.transfer(command)
                case Enqueue(queue=queue) if (successor := self._hand_over(queue)) is not None:
                    await self._voice.close()
                    self._successor = successor
                    return
                case Enqueue():
                    await self._voice.close()
                    await self._other.enqueue(command)
                case LeaveQueue():
                    pass  # it was left as soon as the Dialogue did not wait for it any more
                case _ if isinstance(command, Errand):
                    self._errands.begin(command)
                case HangUp(reason=reason):
                    await self._control.hang_up(self.channel_id, HANG_UP_CAUSES.get(reason, 16))
                    self._ended_by = "flow"
        await self._other.hold(music=not self._voice.saying)

    # --- work that takes its time -------------------------------------------------------------------------

    async def _drop_work(self) -> None:
        """End what the Dialogue no longer waits for: it gave it up after its time."""
        waited = self._dialogue.working
        await self._other.drop(waited)
        await self._messages.drop(waited)
        self._errands.drop(waited)

    # --- the end ------------------------------------------------------------------------------------------

    async def _ended(self, cause: int) -> None:
        """The caller's channel is gone: finish what was under way, then write the end."""
        await self._voice.close()
        if self._messages.under_way:
            await self._last_words()
        await self._other.abandon(lost=self._final_outcome is Outcome.LOST)
        await self._errands.end()
        if not self._dialogue.ended:
            notes = self._dialogue.handle(told.CallerGone(), self._clock.now())
            await self._perform(tuple(command for command in notes if isinstance(command, Note)))
        await self.log.end(
            self._ended_by, self._final_outcome or outcome_at_end(self.log.call, self._ended_by), cause
        )

    async def _last_words(self) -> None:
        """Wait for the message that the caller ended by hanging up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECORDING_GRACE_SECONDS):
                while self._messages.under_way:
                    item = await self._inbox.get()
                    if isinstance(item, network.RecordingEnded):
                        await self._messages.taken(item)

    async def _caller_left_early(self) -> None:
        """A request found the channel gone: its ChannelEnded tells the cause, or has been missed."""
        cause = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECORDING_GRACE_SECONDS):
                while True:
                    item = await self._inbox.get()
                    if isinstance(item, network.ChannelEnded) and item.channel_id == self.channel_id:
                        cause = item.cause
                        break
        await self._ended(cause)
