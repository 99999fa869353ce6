"""A call that an agent places: their own telephone first, and once they are on it the customer's.

Its first event is written before anything is dialled, and nothing of it is ever dialled again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from acd.events import AgentTaken, TalkEnded
from acd.talks.phases import Phase, Talk
from acd.talks.talk import ActionRefused
from calls.control import ChannelEnded, LegAnswered, LegRinging, RequestRefused
from calls.events import CallEvent, CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from compliance.facts import Mode
from engine.call_log import CallLog
from engine.conversation import Conversation
from engine.placing.own_calls import OwnCallRules
from engine.placing.placed_call import PlacedCall
from engine.placing.ringing import SETUP_SECONDS, callee_channel
from engine.talks.agent_ringing import ANSWER, WHY, ring_agent
from engine.talks.lines import OVERDUE_SECONDS, Overdue, TalkMeans
from engine.talks.recall import over_in_log, recalled, room_named
from engine.talks.talking import Asked, TalkInProgress, refuse_waiting
from ivr.flow import Flow

# A desk's page answers by itself; a telephone on a table takes its time.
AGENT_RING_SECONDS = 20
_BY_AGENTS = frozenset({Mode.MANUAL.value, Mode.PREVIEW.value})


@dataclass(frozen=True, slots=True)
class ManualDial:
    """`to` is E.164, `caller_id` ours. `trunk` None: the first. `queue`: whose wrap-up it has, or "".

    `ring_seconds` from the moment in which it rings there.

    `campaign`: whose lead it is, that the agent has looked at; "": it is the agent's own.
    """

    agent: str
    to: str
    caller_id: str
    ring_seconds: int
    trunk: str | None = None
    queue: str = ""
    campaign: str = ""


def received_of_manual(
    call_id: str,
    dial: ManualDial,
    *,
    purpose: str,
    node: str,
    debt: str | None = None,
    script: str | None = None,
    dispositions: Sequence[str] = (),
) -> dict[str, object]:
    """The data of the call's first event."""
    of_lead = {"debt": debt, "script": script, "dispositions": list(dispositions)}
    of_campaign = {"campaign": dial.campaign, **of_lead} if dial.campaign else {}
    return {
        "direction": "outbound",
        "caller": dial.caller_id,
        "dialled": dial.to,
        "trunk": dial.trunk or "",
        "network_id": callee_channel(call_id),
        "node": node,
        "purpose": purpose,
        "mode": (Mode.PREVIEW if dial.campaign else Mode.MANUAL).value,
        "ring_seconds": dial.ring_seconds,
        "agent": dial.agent,
        "queue": dial.queue,
        "ordered_by": f"agent:{dial.agent}",
        **of_campaign,
    }


def manual_dial_of(received: Mapping[str, object]) -> ManualDial | None:
    """How an agent dialled, from the call's first event; None of a call that no agent placed."""
    if received.get("mode") not in _BY_AGENTS or not received.get("agent"):
        return None
    return ManualDial(
        str(received["agent"]),
        str(received["dialled"]),
        str(received["caller"]),
        cast(int, received["ring_seconds"]),
        str(received["trunk"]) or None,
        str(received.get("queue", "")),
        str(received.get("campaign", "")),
    )


class ManualCall(PlacedCall):
    """Implements CallInProgress."""

    def __init__(
        self,
        call_log: CallLog,
        dial: ManualDial,
        means: Callable[[Callable[[Any], None]], TalkMeans],
        *,
        rules: OwnCallRules,
        flow_named: Callable[[str], Flow | None],
        go_on: Callable[[Flow], Conversation],
        language: str,
    ) -> None:
        super().__init__(
            call_log,
            means,
            flow_named=flow_named,
            go_on=go_on,
            language=language,
            lost_calls=rules.lost_calls,
        )
        self._dial = dial
        self._leg = ""  # the agent's
        self._dialled = False
        self._rules = rules

    # --- what is seen -------------------------------------------------------------------------------------

    @property
    def guarded(self) -> bool:
        return self._answered and self._talk is not None and not self._talk.together

    def forget_reports(self) -> None:
        refuse_waiting(self._inbox, "The connection to Asterisk was lost; see whether it was done.")
        for _ in range(self._inbox.qsize()):
            self._inbox.get_nowait()

    # --- its life -----------------------------------------------------------------------------------------

    async def run(self) -> Conversation | None:
        """Ring the agent, then the customer, and leave the call ended in the log, or to a conversation."""
        return await self._until_over(self._ring_agent())

    async def resume(self, why: str, up: frozenset[str] | None = None) -> Conversation | None:
        """Go on after a break. Who was not on the line yet is rung no more."""
        return await self._until_over(self._resumed(why, up))

    def adopt(self, events: Sequence[CallEvent]) -> None:
        """Take over what an earlier engine had begun, before `resume`. The customer's channel lives."""
        found = recalled(events, self.channel_id)
        self._dialled = True
        talk = found.talk
        self._left = over_in_log(events) if talk is None else None
        # That they had answered may be written, and not that the two were connected.
        connected = talk is not None or self._left is not None
        self._answered = connected and self.log.call.answered_at is not None
        if talk is None and found.offered[0]:
            self._leg = found.offered[0]
            now = self._means.clock.now()
            dial = self._dial
            talk = Talk(Phase.DIALLING, self.channel_id, dial.agent, self._leg, dial.queue, now, now)
        if talk is not None:
            self._leg = talk.agent_leg
            self._talk = self._talk_of(talk, found.main)
            self._talk.found(surely=found.talk is not None)

    async def hang_up(self, by: str) -> None:
        self._ended_by = by
        await self._hang_up(self.channel_id if self._dialled else self._leg)

    # --- inside -------------------------------------------------------------------------------------------

    async def _until_over(self, beginning: Awaitable[None]) -> Conversation | None:
        try:
            await beginning
            while not self.log.ended and self._successor is None:
                await self._take(await self._inbox.get())
        finally:
            if self.log.ended:
                refuse_waiting(self._inbox, "This call is over.")
                self._stop()
        if self._successor is not None:
            self._stop()
            for _ in range(self._inbox.qsize()):
                self._successor.tell(self._inbox.get_nowait())
        return self._successor

    async def _ring_agent(self) -> None:
        means, dial = self._means, self._dial
        self._leg = f"{self.id}.leg.{self.log.last_seq}"
        if not means.queues.may_take(dial.agent):
            await self._never("the agent has other work, or is not signed in")
            return
        means.queues.tell(AgentTaken(self.id, dial.agent, dial.queue, wrap_up_seconds=self._wrap_up_seconds))
        data = {"queue": dial.queue, "agent": dial.agent, "leg": self._leg}
        await self.log.write(CallEventKind.AGENT_OFFERED, data)
        try:
            await ring_agent(
                means.control,
                means.queues,
                dial.agent,
                self._leg,
                caller_id=dial.to,
                ring_seconds=AGENT_RING_SECONDS,
                call_id=self.id,
                headers={WHY: "manual", ANSWER: "auto"},
            )
        except RequestRefused as refused:
            await self._never(str(refused))
            return
        self._overdue(AGENT_RING_SECONDS, self._leg)

    @property
    def _wrap_up_seconds(self) -> float | None:
        return None if self._dial.queue else self._rules.wrap_up_seconds

    def _talk_of(self, talk: Talk, main: str = "") -> TalkInProgress:
        main = main or room_named(self._leg)
        return TalkInProgress(talk, main, self._means, wrap_up_seconds=self._wrap_up_seconds)

    async def _resumed(self, why: str, up: frozenset[str] | None) -> None:
        await self.log.write(CallEventKind.RESUMED, {"why": why})
        if self._left is not None:
            await self._over_before(self._left, up)
            return
        if self._talk is None:
            await self._never("the connection to Asterisk was lost while the agent was rung")
            return
        if up is not None and self.channel_id in up and not self._answered:
            await self._customer_answered()
        await self._over(await self._talk.settle(up))

    async def _take(self, item: object) -> None:
        talk = self._talk
        match item:
            case Asked() if talk is not None:
                await self._over(await talk.act(item))
            case Asked():
                item.refuse(ActionRefused("not_on_line", "You are not on the line yet."))
            case ChannelEnded(id, cause) if id == self.channel_id:
                await self._person_gone(cause)
            case LegAnswered(id) if id == self.channel_id:
                await self._customer_answered()
            case LegRinging(id) if id == self.channel_id:
                if self.log.call.ringing_at is None:
                    self._after(self._dial.ring_seconds, Overdue(id))
                await self._moved(id, LegRole.CUSTOMER, LegState.RINGING)
            case Overdue(id) if id == self.channel_id:
                if not self._answered:
                    await self._hang_up(id)
                    await self._person_gone(19)
            case LegRinging() | LegAnswered() | ChannelEnded() | Overdue() if talk is not None:
                await self._over(await talk.follow(item))
            case LegRinging(id) if id == self._leg:
                await self._moved(id, LegRole.AGENT, LegState.RINGING)
            case LegAnswered(id) if id == self._leg:
                await self._dial_customer()
            case ChannelEnded(id, cause) if id == self._leg:
                await self._moved(id, LegRole.AGENT, LegState.ENDED, cause)
                await self._missed(outcome_of_unanswered(cause))
            case Overdue(id) if id == self._leg:
                await self._hang_up(id)
                await self._missed(Outcome.NO_ANSWER)
            case _:
                pass  # of nobody on this call

    async def _dial_customer(self) -> None:
        means, dial = self._means, self._dial
        await self._moved(self._leg, LegRole.AGENT, LegState.UP)
        self._dialled = True  # from here on it is never dialled again, whatever comes of the request
        if dial.campaign:  # it counts as an attempt from here on
            await self._moved(self.channel_id, LegRole.CUSTOMER, LegState.NEW)
        longest = dial.ring_seconds + SETUP_SECONDS
        try:
            await means.control.originate(
                self.channel_id,
                dial.to,
                caller_id=dial.caller_id,
                ring_seconds=longest,
                call_id=self.id,
                trunk=dial.trunk,
            )
        except RequestRefused as refused:
            await self._hang_up(self._leg)
            await self._never(str(refused))
            return
        now = means.clock.now()
        talk = Talk(Phase.DIALLING, self.channel_id, dial.agent, self._leg, dial.queue, now, now)
        self._talk = self._talk_of(talk)
        self._overdue(longest, self.channel_id)
        await self._talk.begin()

    async def _customer_answered(self) -> None:
        if self._answered or self._talk is None:
            return
        self._answered = True
        if self.log.call.answered_at is None:  # an earlier engine has written it
            await self.log.write(CallEventKind.ANSWERED)
        connected = {"queue": self._dial.queue, "agent": self._dial.agent, "waited_seconds": 0.0}
        await self.log.write(CallEventKind.AGENT_CONNECTED, connected)
        await self._over(await self._talk.answered_by_customer())

    async def _missed(self, outcome: Outcome) -> None:
        """The agent's own telephone rang, or should have, and they did not take it."""
        data = {"queue": self._dial.queue, "agent": self._dial.agent, "outcome": outcome.value}
        await self.log.write(CallEventKind.AGENT_MISSED, data)
        await self._never("the agent's telephone did not answer")

    async def _never(self, why: str) -> None:
        """The customer was not even dialled, or cannot be."""
        await self.log.write(CallEventKind.TROUBLE, {"what": "manual call", "detail": why})
        await self._give_up()
        await self._end("network", Outcome.FAILED)

    async def _give_up(self, cause: int = 16) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            await talk.customer_left(cause)
        else:
            await self._hang_up(self._leg)
            self._means.queues.tell(TalkEnded(self.id, self._dial.agent, failed=True))
        if self._dialled:
            await self._hang_up(self.channel_id)

    def _overdue(self, ring_seconds: float, leg: str) -> None:
        """Asterisk ends the ringing itself; a leg of which nothing was told so long after it is given up."""
        self._after(ring_seconds + OVERDUE_SECONDS, Overdue(leg))
