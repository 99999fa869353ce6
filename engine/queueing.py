"""One caller in a queue: music, agents' telephones that ring, and the talk with the one who answers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.events import (
    AgentAnswered,
    AgentMissed,
    CancelOffer,
    Command,
    Connected,
    Moved,
    OfferCall,
    Refused,
    TalkEnded,
    TalkFound,
)
from acd.queues import Waiting
from calls.control import (
    CallControl,
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEvent, CallEventKind
from calls.legs import Leg, LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.call_log import CallLog
from engine.ports import Clock
from engine.queues import Queues
from ivr import events as told
from ivr.commands import Enqueue

_NUMBER = re.compile(r"\+?[0-9A-Za-z]{1,32}", re.ASCII)
# What ends the waiting beside the outcomes of the step: the caller hung up, or chose otherwise, or the call
# was lost.
ABANDONED, LEFT, LOST = "abandoned", "left", "lost"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the queue commands for a caller, on its way to that caller's own task."""

    waiting: QueueWaiting
    command: Command


class QueueWaiting:
    """One Enqueue command on one caller's channel; `since` is when they came to this queue first.

    `tell` is given each Decision; `decided` does it, in the call's own task.
    """

    def __init__(
        self,
        command: Enqueue,
        call_id: str,
        channel_id: str,
        *,
        since: datetime,
        caller_id: str,
        queues: Queues,
        control: CallControl,
        log: CallLog,
        clock: Clock,
        tell: Callable[[Decision], None],
    ) -> None:
        self.work_id = command.work_id
        self.queue = command.queue
        self.since = since
        self.leg: Leg | None = None  # of the agent who is rung, or talks
        self._command = command
        self._call_id = call_id
        self._channel_id = channel_id
        # What is no number is not shown to the agent: it must not keep the telephone from ringing.
        self._caller_id = caller_id if _NUMBER.fullmatch(caller_id) else ""
        self._queues = queues
        self._control = control
        self._log = log
        self._clock = clock
        self._tell = lambda command: tell(Decision(self, command))
        self._agent = ""
        self._music = False
        self._noted = False  # that the caller waits
        self._connected_at: datetime | None = None

    @property
    def talking(self) -> bool:
        """Whether caller and agent are connected, so that no dead-man may take the caller back."""
        return self._connected_at is not None

    def take_over(self, events: Sequence[CallEvent], up: frozenset[str]) -> None:
        """See in the call's log whether an earlier engine had let the caller and an agent talk.

        `up`: the channels that live and have answered.
        """
        self._noted = True
        leg_id = agent = ""
        connected_at: datetime | None = None
        for event in events:
            match event.kind:
                case CallEventKind.AGENT_OFFERED:
                    leg_id, agent = str(event.data["leg"]), str(event.data["agent"])
                case CallEventKind.AGENT_CONNECTED:
                    connected_at = event.at
                case CallEventKind.QUEUED | CallEventKind.AGENT_MISSED | CallEventKind.QUEUE_LEFT:
                    leg_id, connected_at = "", None
        if leg_id in up or (leg_id and connected_at):
            self.leg = Leg(leg_id, LegRole.AGENT, LegState.UP)
            self._agent = agent
            self._connected_at = connected_at or self._clock.now()
            self._queues.follow(self._call_id, self._tell)
            self._queues.tell(TalkFound(self._call_id, agent, self.queue, self._connected_at))
        else:
            self.leg = Leg(leg_id, LegRole.AGENT) if leg_id else None  # to be ended
            self._music = True  # as the earlier engine left it

    async def start(self, *, again: bool) -> told.Finished | None:
        """Join the queue; `again`: back to the place. Finished when there is no such queue."""
        if self.queue not in self._queues:
            detail = f"there is no queue {self.queue!r}: add it to `queues` in the configuration"
            await self._log.write(CallEventKind.TROUBLE, {"what": "queue", "detail": detail})
            return told.Finished(self.work_id, "nobody")
        self._noted = again
        caller = Waiting(
            self._call_id,
            self.queue,
            self.since,
            self._command.skills,
            self._command.priority,
            self._command.max_wait_seconds,
        )
        self._queues.join(caller, self._tell, again=again)
        return None

    async def decided(self, command: Command) -> told.Event | None:
        """What the queue has decided for this caller, done. Returns what the conversation is to know."""
        match command:
            case Moved(_, position, wait_seconds):
                if not self._noted:
                    self._noted = True
                    await self._note(CallEventKind.QUEUED, position=position)
                return told.QueueMoved(self.work_id, position, wait_seconds)
            case OfferCall():
                await self._ring(command)
            case CancelOffer(_, agent, missed):
                if await self._stop_ringing() and missed:
                    await self._note(CallEventKind.AGENT_MISSED, agent=agent, outcome=Outcome.NO_ANSWER.value)
            case Connected():
                return await self._connect(command)
            case Refused(_, why):
                self._queues.leave(self._call_id)
                await self._left(why.value)
                await self.hold(music=False)
                return told.Finished(self.work_id, why.value)
        return None

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded) -> told.Finished | None:
        """The agent's leg has moved on. Finished when a talk is over."""
        leg = self.leg
        assert leg is not None
        match event:
            case LegRinging() if leg.state is LegState.NEW:
                await self._move(LegState.RINGING)
            case LegAnswered() if leg.state in (LegState.NEW, LegState.RINGING):
                await self._move(LegState.UP)
                self._queues.tell(AgentAnswered(self._call_id, self._agent))
            case ChannelEnded(cause=cause) if leg.state is not LegState.ENDED:
                await self._move(LegState.ENDED, cause)
                if self.talking:
                    return await self._talk_over()
                if leg.state is LegState.UP:
                    self._queues.tell(TalkEnded(self._call_id, self._agent, failed=True))
                else:
                    await self._missed(outcome_of_unanswered(cause).value)
            case _:
                pass  # a repeated report
        return None

    async def hold(self, *, music: bool) -> None:
        """Music while nothing is said."""
        if music is self._music or (music and self.talking):
            return
        self._music = music
        try:
            await self._control.music(self._channel_id, on=music)
        except RequestRefused as refused:
            await self._trouble(refused)

    async def abandon(self, why: str, *, caller_stays: bool = False, keep_place: bool = False) -> None:
        """End the waiting or the talk. Never fails: what cannot be ended has ended.

        `keep_place`: the caller is about to join again, with the same `since`.
        """
        talked = self.talking
        if not talked:
            self._queues.leave(self._call_id)
        await self._stop_ringing()
        if talked:
            await self._talk_over(caller_stays=caller_stays)
        elif not keep_place:
            await self._left(why)
        if caller_stays:
            with contextlib.suppress(CallControlError):
                await self.hold(music=False)

    # --- inside -------------------------------------------------------------------------------------------

    async def _ring(self, offer: OfferCall) -> None:
        # The number of the last event names it: no engine, however late, uses an id twice.
        leg_id = f"{self._call_id}.leg.{self._log.last_seq}"
        self.leg, self._agent = Leg(leg_id, LegRole.AGENT), offer.agent
        await self._note(CallEventKind.AGENT_OFFERED, agent=offer.agent, leg=leg_id)
        number = self._queues.line(offer.agent).number
        ring_seconds = round(offer.ring_seconds)
        try:
            if number is None:
                await self._control.ring(
                    leg_id,
                    offer.agent,
                    caller_id=self._caller_id,
                    ring_seconds=ring_seconds,
                    call_id=self._call_id,
                )
            else:
                await self._control.originate(
                    leg_id,
                    number,
                    caller_id=self._caller_id,
                    ring_seconds=ring_seconds,
                    call_id=self._call_id,
                )
        except RequestRefused as refused:
            await self._trouble(refused)
            await self._move(LegState.ENDED)
            await self._missed(Outcome.FAILED.value)

    async def _missed(self, outcome: str) -> None:
        await self._note(CallEventKind.AGENT_MISSED, agent=self._agent, outcome=outcome)
        self._queues.tell(AgentMissed(self._call_id, self._agent))

    async def _connect(self, connected: Connected) -> told.AgentAnswered | None:
        leg = self.leg
        if leg is None or leg.state is not LegState.UP:
            return None  # the agent has hung up meanwhile
        try:
            await self.hold(music=False)
            await self._control.bridge(self._bridge, [self._channel_id, leg.channel_id])
            self._connected_at = self._clock.now()
            await self._note(
                CallEventKind.AGENT_CONNECTED,
                agent=connected.agent,
                waited_seconds=round(connected.waited_seconds, 1),
            )
            await self._control.guard(self._channel_id, 0)
        except ChannelGone:
            return None  # one of the two has hung up just now: its ChannelEnded says which
        except RequestRefused as refused:
            self._connected_at = None
            await self._trouble(refused)
            await self._stop_ringing()
            self._queues.tell(TalkEnded(self._call_id, self._agent, failed=True))
            return None
        return told.AgentAnswered(self.work_id)

    async def _talk_over(self, *, caller_stays: bool = True) -> told.Finished:
        connected_at, self._connected_at = self._connected_at, None
        assert connected_at is not None
        self._queues.tell(TalkEnded(self._call_id, self._agent))
        self._queues.leave(self._call_id)
        await self._left("next", connected_at)
        try:
            await self._control.destroy_bridge(self._bridge)
        except ChannelGone:
            pass  # it ended by itself
        except CallControlError as failure:
            if caller_stays:
                await self._trouble(failure)
        return told.Finished(self.work_id, "next")

    async def _left(self, outcome: str, connected_at: datetime | None = None) -> None:
        now = self._clock.now()
        waited = (connected_at or now) - self.since
        talked = timedelta() if connected_at is None else now - connected_at
        await self._note(
            CallEventKind.QUEUE_LEFT,
            outcome=outcome,
            waited_seconds=round(waited.total_seconds(), 1),
            talked_seconds=round(talked.total_seconds(), 1),
        )
        if self._noted:
            self._queues.on_left(self.queue, waited.total_seconds())

    @property
    def _bridge(self) -> str:
        assert self.leg is not None
        return self.leg.channel_id.replace(".leg.", ".talk.")

    async def _stop_ringing(self) -> bool:
        """End the agent's leg, whatever it is at. False when it had ended already."""
        if self.leg is None or self.leg.state is LegState.ENDED:
            return False
        await self._move(LegState.ENDED)
        with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
            await self._control.hang_up(self.leg.channel_id)
        return True

    async def _move(self, state: LegState, cause: int | None = None) -> None:
        assert self.leg is not None
        self.leg = self.leg.moved(state, cause)
        await self._log.write(
            CallEventKind.LEG_CHANGED,
            {
                "leg": self.leg.channel_id,
                "role": self.leg.role.value,
                "state": self.leg.state.value,
                "cause": cause,
            },
        )

    async def _note(self, kind: CallEventKind, **data: object) -> None:
        await self._log.write(kind, {"queue": self.queue, **data})

    async def _trouble(self, failure: CallControlError) -> None:
        await self._log.write(CallEventKind.TROUBLE, {"what": "queue", "detail": str(failure)})


def place_in_log(events: Sequence[CallEvent]) -> tuple[str, datetime] | None:
    """The queue that a caller still waits or talks in, and since when, as the call's log tells it."""
    place: tuple[str, datetime] | None = None
    for event in events:
        if event.kind is CallEventKind.QUEUED:
            place = str(event.data["queue"]), event.at
        elif event.kind is CallEventKind.QUEUE_LEFT:
            place = None
    return place
