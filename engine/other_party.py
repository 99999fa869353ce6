"""Whom a caller talks with, or waits for: a transfer or a queue, one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

from calls.control import CallControl, CallControlError, ChannelEnded, LegAnswered, LegRinging
from calls.events import CallEvent
from engine.call_log import CallLog
from engine.ports import Clock
from engine.queueing import ABANDONED, LEFT, LOST, Decision, QueueWaiting, place_in_log
from engine.queues import Queues
from engine.transfer import TransferInProgress
from ivr import events as told
from ivr.commands import Enqueue, Transfer


class OtherParty:
    """For one call, used by its own task. `tell` takes what is to be understood later."""

    def __init__(
        self,
        call_id: str,
        channel_id: str,
        *,
        queues: Queues,
        control: CallControl,
        log: CallLog,
        clock: Clock,
        tell: Callable[[told.Finished | Decision], None],
    ) -> None:
        self._call_id = call_id
        self._channel_id = channel_id
        self._queues = queues
        self._control = control
        self._log = log
        self._clock = clock
        self._tell = tell
        self._now: TransferInProgress | QueueWaiting | None = None
        self._place: tuple[str, datetime] | None = None  # in a queue, of a caller who will join it again

    @property
    def talking(self) -> bool:
        """Whether two people are connected, so that no dead-man may take the caller back."""
        return self._now is not None and self._now.talking

    def adopt(self, events: Sequence[CallEvent], up: frozenset[str], work_id: int) -> None:
        """Take over what an earlier engine had begun. `up`: the channels that live and have answered."""
        if (place := place_in_log(events)) is not None:
            self._now = waiting = self._waiting(Enqueue(work_id, place[0]), place[1])
            waiting.take_over(events, up)
        else:
            self._now = TransferInProgress.of_log(
                events,
                up,
                work_id,
                self._channel_id,
                control=self._control,
                log=self._log,
                clock=self._clock,
            )

    async def goes_on(self, up: frozenset[str] | None) -> bool:
        """After a break: whether it is still under way, or its end is told. Else it is given up.

        `up` as for `adopt`; None when the channels are not known to have changed.
        """
        now = self._now
        if now is not None and now.talking:
            if up is None or (now.leg is not None and now.leg.channel_id in up):
                await self._control.guard(self._channel_id, 0)
                return True
            if isinstance(now, QueueWaiting):  # the agent hung up while nobody heard it
                await self.abandon(caller_stays=True)
                self._tell(told.Finished(now.work_id, "next"))
                return True
        if isinstance(now, QueueWaiting):
            self._now, self._place = None, (now.queue, now.since)
            await now.abandon(LEFT, caller_stays=True, keep_place=True)
        await self.abandon(caller_stays=True)
        return False

    async def transfer(self, command: Transfer) -> None:
        # The number of the last event names the leg: no engine, however late, uses an id twice.
        self._now = transfer = TransferInProgress(
            command,
            f"{self._call_id}.leg.{self._log.last_seq}",
            self._channel_id,
            control=self._control,
            log=self._log,
            clock=self._clock,
        )
        self._begun(await transfer.start(self._call_id, caller_id=self._log.call.person))

    async def enqueue(self, command: Enqueue) -> None:
        place, self._place = self._place, None
        again = place is not None and place[0] == command.queue
        since = place[1] if again and place is not None else self._clock.now()
        self._now = waiting = self._waiting(command, since)
        self._begun(await waiting.start(again=again))

    async def leg_moved(self, event: LegRinging | LegAnswered | ChannelEnded) -> told.Finished | None:
        """Something happened on a leg of this call."""
        leg = None if self._now is None else self._now.leg
        if self._now is None or leg is None or event.channel_id != leg.channel_id:
            if isinstance(event, LegAnswered):  # in the moment in which it was given up
                with contextlib.suppress(CallControlError):
                    await self._control.hang_up(event.channel_id)
            return None
        finished = await self._now.follow(event)
        if finished is not None:
            self._now = None
        return finished

    async def decided(self, decision: Decision) -> told.Event | None:
        """The queue has decided something for the caller."""
        if decision.waiting is not self._now:
            return None  # it was given up meanwhile
        event = await decision.waiting.decided(decision.command)
        if isinstance(event, told.Finished):
            self._now = None
        return event

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

    def _begun(self, finished: told.Finished | None) -> None:
        if finished is not None:
            self._now = None
            self._tell(finished)

    def _waiting(self, command: Enqueue, since: datetime) -> QueueWaiting:
        return QueueWaiting(
            command,
            self._call_id,
            self._channel_id,
            since=since,
            caller_id=self._log.call.person,
            queues=self._queues,
            control=self._control,
            log=self._log,
            clock=self._clock,
            tell=self._tell,
        )
