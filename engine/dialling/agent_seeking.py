"""An agent for a campaign's call, until they talk: given, rung if need be, connected; or given back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from acd.events import Disposed, TalkEnded, WrapUpEnded
from acd.talks.phases import Phase, Talk
from calls.control import (
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.dialling.campaign_dial import CampaignDial
from engine.dialling.crew import AgentGiven, Crew
from engine.talks.agent_ringing import ANSWER, WHY, ring_agent
from engine.talks.lines import TalkMeans
from engine.talks.talking import TalkInProgress

# An agent without an open line: the telephone answers by itself, or the person hears the message.
RING_SECONDS = 10


class AgentSeeking:
    """One call's. `tell` is told of the agent who is given. `talk`: the one that has come of it."""

    def __init__(
        self,
        person: str,
        dial: CampaignDial,
        means: TalkMeans,
        crew: Crew,
        tell: Callable[[AgentGiven], None],
    ) -> None:
        self.leg = ""
        self.since: datetime | None = None
        self.talk: TalkInProgress | None = None
        self._agent = ""
        self._person = person  # their channel
        self._dial = dial
        self._means = means
        self._crew = crew
        self._tell = tell

    @property
    def seconds(self) -> float:
        """For how long one is sought."""
        return 0.0 if self.since is None else (self._means.clock.now() - self.since).total_seconds()

    def begin(self) -> None:
        self.since = self._means.clock.now()
        self._crew.ask(self._means.call_id, self._dial, self._tell)

    async def given(self, given: AgentGiven) -> None:
        if self._agent or self.since is None:
            self.let_go(given.agent)
            return
        means, dial = self._means, self._dial
        self._agent = given.agent
        self.leg = given.leg or f"{means.call_id}.leg.{means.log.last_seq}"
        await self._note(CallEventKind.AGENT_OFFERED, leg=self.leg)
        if given.leg:
            await self._connect()
            return
        try:
            await ring_agent(
                means.control,
                means.queues,
                given.agent,
                self.leg,
                caller_id=dial.to,
                ring_seconds=RING_SECONDS,
                call_id=means.call_id,
                headers={WHY: "campaign", ANSWER: "auto"},
            )
        except RequestRefused as refused:
            await self._trouble(refused)
            await self._missed(Outcome.FAILED)

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded) -> None:
        """Of the agent's leg."""
        match event:
            case LegRinging():
                await self._moved(LegState.RINGING)
            case LegAnswered():
                await self._moved(LegState.UP)
                await self._connect()
            case ChannelEnded(_, cause):
                await self._moved(LegState.ENDED, cause)
                await self._missed(outcome_of_unanswered(cause))

    async def give_up(self) -> None:
        """Who was rung, or about to be, is free. Never fails."""
        self._crew.leave(self._means.call_id)
        agent, leg = self._agent, self.leg
        self._agent = self.leg = ""
        if leg.startswith(f"{self._means.call_id}."):
            with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
                await self._means.control.hang_up(leg)
        if agent:
            self.let_go(agent)

    def end(self) -> None:
        """None is wanted any more."""
        self._crew.leave(self._means.call_id)

    def let_go(self, agent: str) -> None:
        """It was not their fault: no pause, no wrap-up."""
        call_id, queues = self._means.call_id, self._means.queues
        for event in (TalkEnded(call_id, agent), Disposed(call_id, agent), WrapUpEnded(agent)):
            queues.tell(event)

    # --- inside -------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        means, leg, agent, queue = self._means, self.leg, self._agent, self._dial.queue
        room = f"{means.call_id}.talk.{means.log.last_seq}"
        try:
            await means.control.bridge(room, [self._person, leg])
        except ChannelGone:
            return  # one of the two has hung up just now: its ChannelEnded says which
        except RequestRefused as refused:
            await self._trouble(refused)
            await self._missed(Outcome.FAILED)
            return
        now = means.clock.now()
        talk = Talk(Phase.TALKING, self._person, agent, leg, queue, now, now)
        self.talk = TalkInProgress(talk, room, means)
        await self._note(CallEventKind.AGENT_CONNECTED, waited_seconds=round(self.seconds, 3), room=room)
        self._agent = self.leg = ""  # the talk's from now on
        with contextlib.suppress(ChannelGone):  # its ChannelEnded follows
            await means.control.guard(self._person, 0)
        await self.talk.begin()

    async def _missed(self, outcome: Outcome) -> None:
        """The agent's telephone was lost, or did not answer: another agent, while there is time."""
        await self._note(CallEventKind.AGENT_MISSED, outcome=outcome.value)
        agent, self._agent, self.leg = self._agent, "", ""
        self._means.queues.tell(TalkEnded(self._means.call_id, agent, failed=True))
        self._crew.ask(self._means.call_id, self._dial, self._tell)

    async def _moved(self, state: LegState, cause: int | None = None) -> None:
        data = {"leg": self.leg, "role": LegRole.AGENT.value, "state": state.value, "cause": cause}
        await self._means.log.write(CallEventKind.LEG_CHANGED, data)

    async def _note(self, kind: CallEventKind, **data: object) -> None:
        await self._means.log.write(kind, {"queue": self._dial.queue, "agent": self._agent, **data})

    async def _trouble(self, refused: RequestRefused) -> None:
        await self._means.log.write(CallEventKind.TROUBLE, {"what": "campaign", "detail": str(refused)})
