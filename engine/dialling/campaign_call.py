"""A campaign's call: the person first, and an agent as soon as it is known that a person has answered.

    rings -> answered -> (what answered?) -> an agent is sought -> they talk
                                       |  |                  `-> nobody is free in time: the message
                                       |  `-> in a campaign without agents: its flow
                                       `-> a machine: hung up on, a message after its greeting, or as above

That it is dialled is in the database before it is; nothing of it is ever dialled again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from acd.talks.talk import ActionRefused
from calls.control import (
    ChannelEnded,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEvent, CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome
from dialer.attempt import Verdict
from dialer.machine import Detect, OnMachine
from engine.call_in_progress import Successor
from engine.call_log import CallLog
from engine.conversation import Conversation
from engine.dialling.agent_seeking import AgentSeeking
from engine.dialling.campaign_dial import CampaignDial
from engine.dialling.crew import AgentGiven, CampaignMeans
from engine.dialling.nobody_free import NOBODY_FREE, nobody_free
from engine.dialling.verdicts import Judged, verdict_in
from engine.dialling.what_answered import GreetingOver, WhatAnswered
from engine.placing.placed_call import PlacedCall, leg_data
from engine.placing.ringing import SETUP_SECONDS
from engine.ports import LedgerUnavailable
from engine.talks.lines import OVERDUE_SECONDS, Overdue, TalkMeans
from engine.talks.recall import over_in_log, recalled, room_named
from engine.talks.talking import Asked, TalkInProgress, refuse_waiting
from ivr.flow import Flow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WindowOver:
    """No agent came in the lawful time."""


OfCampaign = AgentGiven | Judged | GreetingOver | WindowOver


class CampaignCall(PlacedCall):
    """Implements CallInProgress."""

    def __init__(
        self,
        call_log: CallLog,
        dial: CampaignDial,
        means: Callable[[Callable[[Any], None]], TalkMeans],
        campaign: CampaignMeans,
        *,
        flow_named: Callable[[str], Flow | None],
        go_on: Callable[[Flow], Conversation],
        language: str,
    ) -> None:
        super().__init__(
            call_log, means, flow_named=flow_named, go_on=go_on, language=language, lost_calls=dial.queue
        )
        self._dial = dial
        self._lines = campaign.lines
        self._sought = AgentSeeking(self.channel_id, dial, self._means, campaign.crew, self.tell)
        self._what = WhatAnswered(self.channel_id, dial.machine, language, campaign.verdicts, self.tell)
        self._machine = False  # an earlier engine found one
        self._led = False  # through the flow that goes before the agent

    # --- what is seen -------------------------------------------------------------------------------------

    @property
    def guarded(self) -> bool:
        return self._answered and not (self._talk is not None and self._talk.together)

    def forget_reports(self) -> None:
        refuse_waiting(self._inbox, "The connection to Asterisk was lost; see whether it was done.")
        given = []
        for _ in range(self._inbox.qsize()):
            item = self._inbox.get_nowait()
            if isinstance(item, OfCampaign):
                given.append(item)  # not the network's
        for item in given:
            self._inbox.put_nowait(item)

    # --- its life -----------------------------------------------------------------------------------------

    async def run(self) -> Successor | None:
        """Ring the person, and leave the call ended in the log, or to a conversation."""
        return await self._until_over(self._ring())

    async def take_over(self) -> Successor | None:
        """The flow before the agent gives the person to one."""
        self._answered = self._led = True
        return await self._until_over(self._sought_now())

    async def resume(self, why: str, up: frozenset[str] | None = None) -> Successor | None:
        """Go on after a break. Nobody is dialled again."""
        return await self._until_over(self._resumed(why, up))

    def adopt(self, events: Sequence[CallEvent]) -> None:
        """Take over what an earlier engine had begun, before `resume`. The person's channel lives."""
        found = recalled(events, self.channel_id)
        self._answered = self.log.call.answered_at is not None
        self._machine = verdict_in(events) is Verdict.MACHINE
        self._led = any(event.kind is CallEventKind.FLOW_STARTED for event in events)
        self._sought.leg = found.offered[0]  # of an agent who is rung no more
        self._left = over_in_log(events) if found.talk is None else None
        if found.talk is not None:
            leg = found.talk.agent_leg
            if leg and not leg.startswith(f"{self.id}."):
                self._lines.adopt(found.talk.agent, leg, self.id)
            self._talk = TalkInProgress(found.talk, found.main or room_named(leg), self._means)
            self._talk.found()

    async def hang_up(self, by: str) -> None:
        """By "engine" while it rings: it is not needed any more."""
        self._ended_by = by
        await self._hang_up(self.channel_id)

    # --- inside -------------------------------------------------------------------------------------------

    async def _until_over(self, beginning: Awaitable[None]) -> Successor | None:
        try:
            await beginning
            while not self.log.ended and self._successor is None:
                await self._take(await self._inbox.get())
        finally:
            if self.log.ended or self._successor is not None:
                refuse_waiting(self._inbox, "This call is over.")
                self._stop()
                self._hand_on(self._successor)
        return self._successor

    def _hand_on(self, successor: Conversation | None) -> None:
        for _ in range(self._inbox.qsize()):
            item = self._inbox.get_nowait()
            if isinstance(item, AgentGiven):
                self._sought.let_go(item.agent)
            elif successor is not None and not isinstance(item, OfCampaign):
                successor.tell(item)

    async def _ring(self) -> None:
        means, dial = self._means, self._dial
        try:
            await self.log.keep(
                CallEventKind.LEG_CHANGED, leg_data(self.channel_id, LegRole.CUSTOMER, LegState.NEW)
            )
        except LedgerUnavailable as away:
            await self._trouble(f"not dialled: {away}")
            await self.log.end("network", Outcome.FAILED)
            return
        longest = dial.ring_seconds + SETUP_SECONDS
        self._after(longest + OVERDUE_SECONDS, Overdue(self.channel_id))
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
            await self._trouble(str(refused))
            await self.log.end("network", Outcome.FAILED)

    async def _resumed(self, why: str, up: frozenset[str] | None) -> None:
        await self.log.write(CallEventKind.RESUMED, {"why": why})
        if self._talk is not None:
            await self._over(await self._talk.settle(up))
        elif self._left is not None:
            await self._over_before(self._left, up)
        elif not self._answered:
            self._after(self._dial.ring_seconds + OVERDUE_SECONDS, Overdue(self.channel_id))
            if up is not None and self.channel_id in up:
                await self._person_answered()
        elif self._machine and self._dial.machine.on_machine is not OnMachine.CONNECT:
            await self._go_on_with_machine()
        elif self._dial.flow is not None and not self._led:
            await self._go_on_with_person()
        elif self._sought.since is None or up is not None:
            await self._sought.give_up()
            self._seek()

    async def _take(self, item: object) -> None:
        talk, person = self._talk, self.channel_id
        match item:
            case Asked() if talk is not None:
                await self._over(await talk.act(item))
            case Asked():
                item.refuse(ActionRefused("not_on_line", "You are not on the line yet."))
            case ChannelEnded(channel_id, cause) if channel_id == person:
                await self._person_gone(cause)
            case LegAnswered(channel_id) if channel_id == person:
                await self._person_answered()
            case LegRinging(channel_id) if channel_id == person and self.log.call.ringing_at is None:
                await self._moved(person, LegRole.CUSTOMER, LegState.RINGING)
                self._after(self._dial.ring_seconds, Overdue(person))
            case Overdue(channel_id) if channel_id == person:
                if not self._answered:
                    await self._hang_up(person)
                    await self._person_gone(19)
            case LegRinging() | LegAnswered() | ChannelEnded() | Overdue() if talk is not None:
                await self._over(await talk.follow(item))
            case Judged():
                await self._detected(item)
            case GreetingOver():
                await self._leave_message()
            case AgentGiven() if talk is not None:
                self._sought.let_go(item.agent)
            case AgentGiven():
                await self._connecting(self._sought.given(item))
            case WindowOver() if talk is None:
                await self._no_agent()
            case LegRinging(leg) | LegAnswered(leg) | ChannelEnded(leg) if leg == self._sought.leg:
                await self._connecting(self._sought.follow(item))
            case _:
                pass  # of nobody on this call

    async def _connecting(self, step: Awaitable[None]) -> None:
        try:
            await step
        finally:  # also when the connection to Asterisk is lost right behind it
            self._talk = self._sought.talk

    # --- what answered ------------------------------------------------------------------------------------

    async def _person_answered(self) -> None:
        if self._answered:
            return
        self._answered = True
        await self.log.write(CallEventKind.ANSWERED)
        if self._dial.machine.detect is Detect.OFF:
            await self._go_on_with_person()
        else:
            self._what.ask()

    async def _detected(self, found: Judged) -> None:
        if self._sought.since is not None:
            return
        data = {"verdict": found.verdict.value, "seconds": round(found.seconds, 2), "why": found.why}
        await self.log.write(CallEventKind.DETECTED, data)
        if found.verdict is Verdict.MACHINE:
            await self._go_on_with_machine()
        else:
            await self._go_on_with_person()

    async def _go_on_with_person(self) -> None:
        """To an agent, or through the flow."""
        name = self._dial.flow
        flow = None if name is None else self._flow_named(name)
        if name is None or (flow is None and self._dial.before_agent):
            self._seek()  # also when it was taken away as the engine was restarted: an agent beats silence
        else:
            await self._lead_through(flow, name)

    async def _go_on_with_machine(self) -> None:
        match self._dial.machine.on_machine:
            case OnMachine.CONNECT:
                await self._go_on_with_person()
            case OnMachine.MESSAGE:
                self._what.wait_for_greeting()
            case OnMachine.HANG_UP:
                await self._hang_up(self.channel_id)
                await self._end("engine", Outcome.COMPLETED)

    async def _leave_message(self) -> None:
        name = self._dial.machine.flow or ""
        await self._lead_through(self._flow_named(name), name)

    async def _sought_now(self) -> None:
        self._seek()

    def _seek(self) -> None:
        """An agent, and in time."""
        self._after(self._dial.connect_seconds, WindowOver())
        self._sought.begin()

    async def _no_agent(self) -> None:
        await self._sought.give_up()
        data = {"queue": self._dial.queue, "waited_seconds": round(self._sought.seconds, 2)}
        await self.log.write(CallEventKind.NO_AGENT, data)
        name = self._dial.message or NOBODY_FREE
        message = None if self._dial.message is None else self._flow_named(name)
        if message is None:  # also when it was taken away since: they are told something all the same
            message = nobody_free(self._dial, self._language)
        await self._lead_through(message, name)

    async def _lead_through(self, flow: Flow | None, name: str) -> None:
        """The person, or the machine, hears this flow; without it the call is over."""
        if flow is not None:
            self._successor = self._go_on(flow)
            return
        await self._trouble(f"there is no flow {name!r} to be heard: add it to `callflows/`")
        await self._hang_up(self.channel_id)
        await self._end("engine", Outcome.COMPLETED)

    # --- the end ------------------------------------------------------------------------------------------

    def _unanswered(self, cause: int) -> Outcome:
        rang = self.log.call.ringing_at is not None
        return Outcome.NO_ANSWER if cause == 0 and rang else super()._unanswered(cause)

    async def _give_up(self, cause: int = 16) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            await talk.customer_left(cause)
        await self._sought.give_up()
        if not self.log.ended:
            await self._hang_up(self.channel_id)

    async def _trouble(self, detail: str) -> None:
        await self.log.write(CallEventKind.TROUBLE, {"what": "campaign", "detail": detail})

    def _stop(self) -> None:
        self._sought.end()
        self._what.stop()
        super()._stop()
