"""Whom a caller talks with, or waits for: a transfer or a queue, one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from acd.talks.talk import ActionRefused, TalkView
from calls.control import CallControlError, ChannelEnded, LegAnswered, LegRinging
from calls.events import CallEvent
from engine.queueing import ABANDONED, LEFT, LOST, Decision, GoToFlow, News, QueueWaiting
from engine.talks.lines import Overdue, TalkMeans
from engine.talks.recall import Place, place_in_log
from engine.talks.talking import Asked
from engine.transfer import TransferInProgress
from ivr import events as told
from ivr.commands import Enqueue, Transfer


class OtherParty:
    """For one call, used by its own task. `tell` takes what is to be understood later."""

    def __init__(
        self,
        channel_id: str,
        means: TalkMeans,
        *,
        tell: Callable[[told.Event | GoToFlow | Decision], None],
    ) -> None:
        self._channel_id = channel_id
        self._means = means
        self._tell = tell
        self._now: TransferInProgress | QueueWaiting | None = None
        # In a queue, of a caller who will join it again by the same work.
        self._place: tuple[int, Place] | None = None

    @property
    def talking(self) -> bool:
        """Whether the caller hears somebody, so that no dead-man may take them back."""
        return self._now is not None and self._now.talking

    @property
    def talk(self) -> TalkView | None:
        """The talk with an agent."""
        return self._now.view if isinstance(self._now, QueueWaiting) else None

    def adopt(self, events: Sequence[CallEvent], up: frozenset[str], work_id: int) -> None:
        """Take over what an earlier engine had begun. `up`: the channels that live and have answered."""
        if (place := place_in_log(events)) is not None:
            self._now = waiting = self._waiting(Enqueue(work_id, place.queue), place)
            waiting.take_over(events, up)
        else:
            self._now = TransferInProgress.of_log(
                events,
                up,
                work_id,
                self._channel_id,
                control=self._means.control,
                log=self._means.log,
                clock=self._means.clock,
            )

    async def goes_on(self, up: frozenset[str] | None) -> bool:
        """After a break: whether it is still under way, or its end is told. Else it is given up.

        `up` as for `adopt`; None when the channels are not known to have changed.
        """
        now = self._now
        if isinstance(now, QueueWaiting) and now.in_talk:
            event = self._news(await now.settle(up))
            if not isinstance(event, told.AgentLost):
                if event is not None:
                    self._tell(event)
                return True
        if now is not None and now.talking:
            leg = now.leg
            if up is None or (leg is not None and leg.channel_id in up):
                await self._means.control.guard(self._channel_id, 0)
                return True
        if isinstance(now, QueueWaiting):
            self._now, self._place = None, (now.work_id, now.place)
            await now.abandon(LEFT, caller_stays=True, keep_place=True)
        await self.abandon(caller_stays=True)
        return False

    async def transfer(self, command: Transfer) -> None:
        means = self._means
        # The number of the last event names the leg: no engine, however late, uses an id twice.
        self._now = transfer = TransferInProgress(
            command,
            f"{means.call_id}.leg.{means.log.last_seq}",
            self._channel_id,
            control=means.control,
            log=means.log,
            clock=means.clock,
        )
        self._begun(await transfer.start(means.call_id, caller_id=means.log.call.person))

    async def enqueue(self, command: Enqueue) -> None:
        before, self._place = self._place, None
        again = before is not None and before[0] == command.work_id
        place = Place(command.queue, self._means.clock.now())
        if again and before is not None:
            place = before[1]  # of another queue, if an agent had given the caller to it
        self._now = waiting = self._waiting(command, place)
        self._begun(await waiting.start(again=again))

    async def leg_moved(self, event: LegRinging | LegAnswered | ChannelEnded | Overdue) -> News:
        """Something happened on a leg of this call."""
        leg = event.leg if isinstance(event, Overdue) else event.channel_id
        now = self._now
        if now is None or not now.has(leg):
            if isinstance(event, LegAnswered) and call_owns(leg):  # in the moment in which it was given up
                with contextlib.suppress(CallControlError):
                    await self._means.control.hang_up(leg)
            return None
        if isinstance(now, TransferInProgress):
            assert not isinstance(event, Overdue)
            return self._news(await now.follow(event))
        return self._news(await now.follow(event))

    async def act(self, asked: Asked) -> News:
        """An agent asks for something."""
        now = self._now
        if not isinstance(now, QueueWaiting) or not now.in_talk:
            asked.refuse(ActionRefused("no_talk", "There is no talk with an agent."))
            return None
        return self._news(await now.act(asked))

    async def decided(self, decision: Decision) -> News:
        """The queue has decided something for the caller."""
        if decision.waiting is not self._now:
            return None  # it was given up meanwhile
        return self._news(await decision.waiting.decided(decision.command))

    async def hold(self, *, music: bool) -> None:
        """Whoever waits in a queue hears music while nothing is said."""
        if isinstance(self._now, QueueWaiting):
            await self._now.hold(music=music)

    async def drop(self, waited: int | None) -> None:
        """End it unless its work is what the Dialogue waits for."""
        if self._now is not None and self._now.work_id != waited:
            await self.abandon(caller_stays=True)

    async def abandon(self, *, caller_stays: bool = False, lost: bool = False) -> None:
        """End it, whatever it is: the caller has hung up, or stays, or was lost. Never fails."""
        now, self._now = self._now, None
        if isinstance(now, QueueWaiting):
            why = LOST if lost else LEFT if caller_stays else ABANDONED
            await now.abandon(why, caller_stays=caller_stays)
        elif now is not None:
            await now.abandon(caller_stays=caller_stays)

    def _news(self, news: News) -> News:
        """What ends it ends it here too."""
        if isinstance(news, told.Finished | GoToFlow):
            self._now = None
        return news

    def _begun(self, finished: told.Finished | None) -> None:
        if finished is not None:
            self._now = None
            self._tell(finished)

    def _waiting(self, command: Enqueue, place: Place) -> QueueWaiting:
        return QueueWaiting(command, self._channel_id, place, self._means, self._tell)


def call_owns(channel_id: str) -> bool:
    """Whether it is a leg that the call itself has rung: not a supervisor's."""
    return ".leg." in channel_id
