"""A caller offered to agents by their queue: one telephone at a time is rung, followed, and given up."""

from __future__ import annotations

import contextlib

from acd.events import AgentAnswered, AgentMissed, CancelOffer, Command, OfferCall, TalkEnded
from calls.control import CallControlError, ChannelEnded, LegAnswered, LegRinging, RequestRefused
from calls.events import CallEventKind
from calls.legs import Leg, LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.talks.agent_ringing import WHY, ring_agent
from engine.talks.lines import TalkMeans

QUEUE = "X-Infolinia-Queue"


class QueueOffer:
    """`leg` is that of the agent who is rung, or was last; None before the first."""

    def __init__(self, means: TalkMeans) -> None:
        self.leg: Leg | None = None
        self.agent = ""
        self._queue = ""
        self._called_off = False  # by a command on its way
        self._means = means

    def commanded(self, command: Command) -> None:
        """The queue has said so. Until the call's own task does it, an answer may come that is none."""
        self._called_off = self._called_off or isinstance(command, CancelOffer)

    def adopt(self, leg_id: str) -> None:
        """One whom an earlier engine had rung, to be ended."""
        self.leg = Leg(leg_id, LegRole.AGENT)

    async def ring(self, offer: OfferCall, queue: str) -> None:
        means = self._means
        # The number of the last event names it: no engine, however late, uses an id twice.
        leg_id = f"{means.call_id}.leg.{means.log.last_seq}"
        self.leg, self.agent, self._queue = Leg(leg_id, LegRole.AGENT), offer.agent, queue
        self._called_off = False
        choice = means.queues.choice(means.call_id, offer.agent)
        why = choice.as_logged() if choice else {}
        await means.log.write(
            CallEventKind.AGENT_OFFERED, {"queue": queue, "agent": offer.agent, "leg": leg_id, **why}
        )
        try:
            await ring_agent(
                means.control,
                means.queues,
                offer.agent,
                leg_id,
                caller_id=means.log.call.person,
                ring_seconds=round(offer.ring_seconds),
                call_id=means.call_id,
                headers={WHY: "queue", QUEUE: queue},
            )
        except RequestRefused as refused:
            await means.log.write(CallEventKind.TROUBLE, {"what": "queue", "detail": str(refused)})
            await self._move(LegState.ENDED)
            await self._missed(Outcome.FAILED)

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded) -> None:
        """The leg has moved on; the queue is told what it must know."""
        leg, queues, call_id = self.leg, self._means.queues, self._means.call_id
        assert leg is not None
        match event:
            case LegRinging() if leg.state is LegState.NEW:
                await self._move(LegState.RINGING)
            case LegAnswered() if leg.state in (LegState.NEW, LegState.RINGING):
                await self._move(LegState.UP)
                if not self._called_off:
                    queues.tell(AgentAnswered(call_id, self.agent))
            case ChannelEnded(cause=cause) if leg.state is not LegState.ENDED:
                await self._move(LegState.ENDED, cause)
                if leg.state is LegState.UP and not self._called_off:
                    queues.tell(TalkEnded(call_id, self.agent, failed=True))
                elif leg.state is not LegState.UP:
                    await self._missed(outcome_of_unanswered(cause))
            case _:
                pass  # a repeated report

    async def cancel(self, offer: CancelOffer) -> None:
        """The queue takes it back."""
        if await self.stop() and offer.missed:
            await self._note_missed(Outcome.NO_ANSWER)

    async def stop(self) -> bool:
        """End the leg, whatever it is at. False when it had ended already."""
        if self.leg is None or self.leg.state is LegState.ENDED:
            return False
        await self._move(LegState.ENDED)
        with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
            await self._means.control.hang_up(self.leg.channel_id)
        return True

    async def _missed(self, outcome: Outcome) -> None:
        await self._note_missed(outcome)
        if not self._called_off:
            self._means.queues.tell(AgentMissed(self._means.call_id, self.agent))

    async def _note_missed(self, outcome: Outcome) -> None:
        data = {"queue": self._queue, "agent": self.agent, "outcome": outcome.value}
        await self._means.log.write(CallEventKind.AGENT_MISSED, data)

    async def _move(self, state: LegState, cause: int | None = None) -> None:
        assert self.leg is not None
        leg = self.leg = self.leg.moved(state, cause)
        data = {"leg": leg.channel_id, "role": leg.role.value, "state": leg.state.value, "cause": cause}
        await self._means.log.write(CallEventKind.LEG_CHANGED, data)
