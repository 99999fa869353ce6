"""One caller in a queue: music, agents' telephones that ring, and the talk with the one who answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.events import (
    CancelOffer,
    Command,
    Connected,
    Moved,
    OfferCall,
    Overflowed,
    Refusal,
    Refused,
    TalkEnded,
)
from acd.talks.commands import Ending, Over
from acd.talks.phases import Phase, Talk
from acd.talks.talk import TalkView
from acd.work import Waiting
from calls.control import (
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEvent, CallEventKind
from calls.legs import Leg, LegState
from engine.queues import Waited
from engine.talks.lines import Overdue, TalkMeans
from engine.talks.queue_offer import QueueOffer
from engine.talks.recall import Place, recalled, room_named
from engine.talks.talking import Asked, TalkInProgress
from ivr import events as told
from ivr.commands import Enqueue

# What ends the waiting beside the outcomes of the step: the caller hung up, or chose otherwise, or the call
# was lost.
ABANDONED, LEFT, LOST = "abandoned", "left", "lost"
OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the queue commands for a caller, on its way to that caller's own task."""

    waiting: QueueWaiting
    command: Command


@dataclass(frozen=True, slots=True)
class GoToFlow:
    """An agent has given the caller to this flow."""

    flow: str


News = told.Event | GoToFlow | None


class QueueWaiting:
    """One Enqueue command on one caller's channel; `place` tells since when they are in this queue.

    `tell` is given each Decision; `decided` does it, in the call's own task.
    """

    def __init__(
        self,
        command: Enqueue,
        channel_id: str,
        place: Place,
        means: TalkMeans,
        tell: Callable[[Decision], None],
    ) -> None:
        self.work_id = command.work_id
        self.place = place
        self._command = command
        self._channel_id = channel_id
        self._means = means
        self._tell_call = tell
        self._offer = QueueOffer(means)
        self._music = False
        self._noted = False  # that the caller waits
        self._connected_at: datetime | None = None  # with the first agent
        self._talk: TalkInProgress | None = None

    @property
    def talking(self) -> bool:
        """Whether the caller hears somebody, so that no dead-man may take them back."""
        return self._talk is not None and self._talk.together

    @property
    def leg(self) -> Leg | None:
        """Of the agent who is rung."""
        return self._offer.leg

    @property
    def in_talk(self) -> bool:
        return self._talk is not None

    @property
    def view(self) -> TalkView | None:
        return None if self._talk is None else self._talk.view

    def has(self, channel_id: str) -> bool:
        if self._talk is not None:
            return self._talk.has(channel_id)
        return self.leg is not None and self.leg.channel_id == channel_id

    def take_over(self, events: Sequence[CallEvent], up: frozenset[str]) -> None:
        """See in the call's log whether an earlier engine had let the caller and an agent talk.

        `up`: the channels that live and have answered.
        """
        self._noted = True
        found = recalled(events, self._channel_id)
        leg_id, agent = found.offered
        talk, surely = found.talk, True
        if talk is None and leg_id in up:  # the agent had answered: nothing tells whether they were connected
            now = self._means.clock.now()
            talk = Talk(Phase.TALKING, self._channel_id, agent, leg_id, self.place.queue, now, now)
            surely = False
        if talk is None:
            if leg_id:
                self._offer.adopt(leg_id)
            self._music = True  # as the earlier engine left it
            return
        self._connected_at = found.connected_at or talk.began
        self._talk = TalkInProgress(talk, found.main or room_named(leg_id), self._means)
        self._means.queues.follow(self._means.call_id, self._tell)
        self._talk.found(surely=surely)

    async def start(self, *, again: bool) -> told.Finished | None:
        """Join the queue; `again`: back to the place. Finished when there is no such queue."""
        queue = self.place.queue
        if queue not in self._means.queues:
            detail = f"there is no queue {queue!r}: add it to `queues` in the configuration"
            await self._means.log.write(CallEventKind.TROUBLE, {"what": "queue", "detail": detail})
            return told.Finished(self.work_id, "nobody")
        self._noted = again
        self._join(again=again)
        return None

    async def decided(self, command: Command) -> News:
        """What the queue has decided for this caller, done. Returns what the conversation is to know."""
        match command:
            case Moved(_, position, wait_seconds):
                if not self._noted:
                    self._noted = True
                    await self._note(CallEventKind.QUEUED, position=position)
                return told.QueueMoved(self.work_id, position, wait_seconds)
            case Overflowed(_, queue):
                if self._noted:
                    await self._left(OVERFLOW)
                    self._noted = False
                self.place = Place(queue, self.place.since, self.place.returned)
            case OfferCall():
                await self._offer.ring(command, self.place.queue)
            case CancelOffer():
                await self._offer.cancel(command)
            case Connected():
                return await self._connect(command)
            case Refused(_, why) if why is not Refusal.BUSY and self._talk is None:
                self._means.queues.leave(self._means.call_id)
                await self._left(why.value)
                await self.hold(music=False)
                return told.Finished(self.work_id, why.value)
        return None

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded | Overdue) -> News:
        """An agent's leg has moved on."""
        if self._talk is not None:
            return await self._gone_on(await self._talk.follow(event))
        if not isinstance(event, Overdue):
            await self._offer.follow(event)
        return None

    async def act(self, asked: Asked) -> News:
        """What an agent asks for in the talk, which there is."""
        assert self._talk is not None
        return await self._gone_on(await self._talk.act(asked))

    async def settle(self, up: frozenset[str] | None) -> News:
        """The talk, which there is, after a break. See TalkInProgress.settle."""
        assert self._talk is not None
        return await self._gone_on(await self._talk.settle(up))

    async def hold(self, *, music: bool) -> None:
        """Music while nothing is said. A talk sees to its own."""
        if music is self._music or self._talk is not None:
            return
        self._music = music
        try:
            await self._means.control.music(self._channel_id, on=music)
        except RequestRefused as refused:
            await self._trouble(refused)

    async def abandon(self, why: str, *, caller_stays: bool = False, keep_place: bool = False) -> None:
        """End the waiting or the talk. Never fails: what cannot be ended has ended.

        `keep_place`: the caller is about to join again, at the same place.
        """
        talk, self._talk = self._talk, None
        if talk is not None:
            await (talk.cut() if caller_stays else talk.customer_left())
            await self._talk_over()
            return
        self._means.queues.leave(self._means.call_id)
        await self._offer.stop()
        if not keep_place:
            await self._left(why)
        if caller_stays:
            with contextlib.suppress(CallControlError):
                await self.hold(music=False)

    # --- inside -------------------------------------------------------------------------------------------

    def _tell(self, command: Command) -> None:
        """To the call's own task. Until then an answer may come that is none to the agent's next offer."""
        self._offer.commanded(command)
        self._tell_call(Decision(self, command))

    def _join(self, *, again: bool) -> None:
        place, command = self.place, self._command
        longest = command.max_wait_seconds
        if place.returned:  # what they have talked is no waiting
            longest += (self._means.clock.now() - place.since).total_seconds()
        caller = Waiting(
            self._means.call_id,
            place.queue,
            place.since,
            command.skills,
            command.priority,
            longest,
            preferred=self._means.known_agent,
        )
        self._means.queues.join(caller, self._tell, again=again, front=place.returned)

    async def _connect(self, connected: Connected) -> told.AgentAnswered | None:
        leg, means = self.leg, self._means
        if leg is None or leg.state is not LegState.UP:
            await self._waits_on()  # the agent has hung up meanwhile
            return None
        room = room_named(leg.channel_id)
        try:
            await self.hold(music=False)
            await means.control.bridge(room, [self._channel_id, leg.channel_id])
        except ChannelGone:
            await self._waits_on()  # one of the two has hung up just now: its ChannelEnded says which
            return None
        except RequestRefused as refused:
            await self._trouble(refused)
            await self._offer.stop()
            means.queues.tell(TalkEnded(means.call_id, self._offer.agent, failed=True))
            await self._waits_on()
            return None
        now = means.clock.now()
        self._connected_at = self._connected_at or now
        queue = self.place.queue
        talk = Talk(Phase.TALKING, self._channel_id, connected.agent, leg.channel_id, queue, now, now)
        self._talk = TalkInProgress(talk, room, means)
        await self._note(
            CallEventKind.AGENT_CONNECTED,
            agent=connected.agent,
            waited_seconds=round(connected.waited_seconds, 1),
        )
        with contextlib.suppress(ChannelGone):  # its ChannelEnded follows
            await means.control.guard(self._channel_id, 0)
        await self._talk.begin()
        return told.AgentAnswered(self.work_id)

    async def _waits_on(self) -> None:
        """What was said or played has ended for a talk that does not come about."""
        with contextlib.suppress(ChannelGone):  # its ChannelEnded follows
            await self.hold(music=True)

    async def _gone_on(self, over: Over | None) -> News:
        """How the call goes on behind the talk."""
        if over is None:
            return None
        self._talk = self._offer.leg = None
        match over.ending:
            case Ending.AGENT | Ending.CUSTOMER:
                return await self._talk_over()
            case Ending.FLOW:
                await self._talk_over()
                return GoToFlow(over.name)
            case Ending.QUEUE:
                await self._talk_over()
                self.place = Place(over.name, self._means.clock.now())
                self._connected_at = None
                self._music = True
                finished = await self.start(again=False)
                return finished or told.GivenToQueue(self.work_id)
            case Ending.LOST:
                self.place = Place(self.place.queue, self.place.since, returned=True)
                self._music = True
                self._join(again=True)
                return told.AgentLost(self.work_id)

    async def _talk_over(self) -> told.Finished:
        connected_at, self._connected_at = self._connected_at, None
        self._means.queues.leave(self._means.call_id)
        await self._left("next", connected_at)
        return told.Finished(self.work_id, "next")

    async def _left(self, outcome: str, connected_at: datetime | None = None) -> None:
        now = self._means.clock.now()
        waited = (connected_at or now) - self.place.since
        talked = timedelta() if connected_at is None else now - connected_at
        await self._note(
            CallEventKind.QUEUE_LEFT,
            outcome=outcome,
            waited_seconds=round(waited.total_seconds(), 1),
            talked_seconds=round(talked.total_seconds(), 1),
        )
        if self._noted:
            answered_at = connected_at or self._connected_at  # also of who has lost that agent since
            until_answered = (answered_at or now) - self.place.since
            came_of_it = Waited.ANSWERED if answered_at is not None else Waited.UNANSWERED
            if outcome == OVERFLOW:
                came_of_it = Waited.OVERFLOWED
            self._means.queues.on_left(self.place.queue, until_answered.total_seconds(), came_of_it)

    async def _note(self, kind: CallEventKind, **data: object) -> None:
        await self._means.log.write(kind, {"queue": self.place.queue, **data})

    async def _trouble(self, failure: CallControlError) -> None:
        await self._means.log.write(CallEventKind.TROUBLE, {"what": "queue", "detail": str(failure)})
