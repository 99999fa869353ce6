"""People who talk with each other on one call: the table of acd.talks.table decides, this performs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acd.events import (
    AgentRung,
    Disposed,
    HoldChanged,
    RingingEnded,
    TalkEnded,
    TalkFound,
    WrapUpEnded,
)
from acd.talks.commands import (
    Answered,
    Arrange,
    Bound,
    Command,
    Cut,
    Ending,
    EndLeg,
    Gone,
    Held,
    LegEvent,
    Note,
    Over,
    PartBegan,
    PartEnded,
    PauseTalk,
    Press,
    Released,
    Ring,
    SetMute,
    Unanswered,
)
from acd.talks.legs import happened
from acd.talks.phases import WAITING, Phase, Talk, room_of
from acd.talks.table import asked
from acd.talks.talk import Action, ActionRefused, TalkView
from calls.control import (
    CallControlError,
    ChannelEnded,
    ChannelGone,
    ControlLost,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEventKind
from calls.legs import LegState
from engine.talks.lines import Overdue, TalkLines, TalkMeans
from engine.talks.recall import MEANT_CAUSES, lost_in_log
from engine.talks.rooms import Rooms
from engine.talks.targets import checked
from engine.talks.views import view_of

LATE = "Asterisk did not answer in time; see whether it was done."


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent asks for, on its way to the call's own task, which answers."""

    agent: str
    action: Action
    answer: asyncio.Future[None]

    def done(self) -> None:
        if not self.answer.done():
            self.answer.set_result(None)

    def refuse(self, why: ActionRefused) -> None:
        if not self.answer.done():
            self.answer.set_exception(why)


def refuse_waiting(inbox: asyncio.Queue[Any], why: str) -> None:
    """Whoever has asked for something that nobody will see to any more is told so; the rest stays."""
    for _ in range(inbox.qsize()):
        item = inbox.get_nowait()
        if isinstance(item, Asked):
            item.refuse(ActionRefused("call_over", why))
        else:
            inbox.put_nowait(item)


class TalkInProgress:
    """From the moment in which an agent is on the line, or dials, until nobody but the customer is.

    Methods that return an Over tell how it ended; whoever has the call goes on from there. They may raise
    ControlLost: `settle` does what is left, on a connection that works. `wrap_up_seconds`: of the agents,
    None for those of the queue.
    """

    def __init__(
        self,
        talk: Talk,
        main: str,
        means: TalkMeans,
        *,
        wrap_up_seconds: float | None = None,
    ) -> None:
        self.talk = talk
        self._means = means
        self._rooms = Rooms(talk.customer, main, control=means.control, trouble=self._trouble)
        self._lines = TalkLines(talk, means, self._rooms.ended)
        self._over: Over | None = None
        self._wrap_up_seconds = wrap_up_seconds
        self._adopted = False
        self._doubted = False  # whether the last steps were done
        self._rung = ""  # the agent who is rung for advice, or to get the customer

    # --- what is seen -------------------------------------------------------------------------------------

    @property
    def together(self) -> bool:
        """Whether the customer hears somebody: no dead-man may take them away."""
        return self.talk.phase not in WAITING and self.talk.phase is not Phase.OVER

    @property
    def view(self) -> TalkView:
        log, means = self._means.log, self._means
        return view_of(self.talk, means.call_id, log.call, means.recorder.state, means.clock.now())

    def has(self, channel_id: str) -> bool:
        return channel_id in self.talk.legs

    # --- what happens -------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """The agent's part begins: customer and agent are connected already, or the customer is dialled."""
        self._rooms.found(room_of(self.talk), None)
        if self.talk.phase is Phase.DIALLING:
            await self._arrange()
        else:
            await self._recorder_begin(self.talk.agent, self.talk.agent_leg)

    def found(self, *, surely: bool = True) -> None:
        """As an earlier engine left it; `settle` follows. `surely`: it had connected the two."""
        means, talk = self._means, self.talk
        self._adopted = True
        self._rooms.found(room_of(talk), self._apart_id)
        self._doubted = talk.phase in WAITING or not surely
        for agent in (talk.agent, talk.other.agent if talk.other is not None and talk.other.up else ""):
            if agent:
                self._tell_found(agent, talk.began)
        if talk.agent and talk.phase in WAITING:
            means.queues.tell(HoldChanged(means.call_id, talk.agent, True))
        self._tell_rung()

    async def act(self, asked_for: Asked) -> Over | None:
        """Do what an agent asks for, and answer them."""
        try:
            over = await self._act(asked_for.agent, asked_for.action)
        except ActionRefused as refused:
            asked_for.refuse(refused)
            return None
        except ControlLost:
            asked_for.refuse(ActionRefused("late", LATE))
            raise
        asked_for.done()
        return over

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded | Overdue) -> Over | None:
        """A leg of the talk has moved on."""
        match event:
            case LegRinging(leg) if self._lines.state(leg) is LegState.NEW:
                await self._lines.moved(leg, LegState.RINGING)
            case LegAnswered(leg) if self._lines.state(leg) in (LegState.NEW, LegState.RINGING):
                await self._lines.moved(leg, LegState.UP)
                return await self._happened(Answered(leg))
            case ChannelEnded(leg, cause):
                lost = self._lost(leg, cause)
                self._rooms.ended(leg)
                if self._lines.alive(leg):
                    await self._lines.moved(leg, LegState.ENDED, cause)
                return await self._happened(Gone(leg, cause, lost))
            case Overdue(leg):
                return await self._happened(Unanswered(leg))
            case _:
                pass  # a repeated report
        return None

    async def answered_by_customer(self) -> Over | None:
        return await self._happened(Answered(self.talk.customer))

    async def settle(self, up: frozenset[str] | None = None) -> Over | None:
        """After a break: `up` are the channels that live and have answered, None: as before.

        A customer who heard music and has lost the agent meanwhile is to have another one.
        """
        if self._adopted and self.talk.agent_leg:
            log = self._means.log
            await self._means.recorder.take_over(log, log.events, self.talk.agent_leg)
        self._adopted = False
        over = self._over
        if over is not None:
            await self._close(over)
            self._over = None
        elif up is None:
            self._doubted = True
            await self._arrange()
        else:
            other = self.talk.other
            if other is not None and not other.up and other.leg in up:
                over = await self.follow(LegAnswered(other.leg))
            waited = self.talk.phase in WAITING or lost_in_log(self._means.log.events, self.talk.agent_leg)
            for leg in sorted(self.talk.legs - up):
                if over is None and leg in self.talk.legs:
                    lost = waited and leg == self.talk.agent_leg
                    await self._lines.end(leg)
                    over = await self._happened(Gone(leg, 16, lost))
            if over is None and (self._doubted or self.talk.phase in WAITING):
                await self._arrange()
        for leg in self._lines.unended:
            await self._lines.end(leg)
        if over is None and self.together:
            await self._means.control.guard(self.talk.customer, 0)
        return over

    async def cut(self, *, lost: bool = False) -> Over | None:
        """Everybody but the customer leaves. Never fails: what cannot be ended has ended."""
        return await self._give_up(Cut(lost))

    async def customer_left(self, cause: int = 16) -> Over | None:
        """Never fails."""
        return await self._give_up(Gone(self.talk.customer, cause))

    # --- inside -------------------------------------------------------------------------------------------

    async def _act(self, agent: str, action: Action) -> Over | None:
        means = self._means
        checked(action, means.queues, means.flows, means.region)
        # The number of the last event names it: no engine, however late, uses an id twice.
        leg = f"{means.call_id}.leg.{means.log.last_seq}"
        talk, commands = asked(self.talk, agent, action, leg, means.clock.now())
        self.talk = talk
        over = await self._perform(commands)
        if self._lines.state(leg) is LegState.ENDED and over is None:
            raise ActionRefused("not_rung", "This telephone could not be rung.")
        return over

    async def _happened(self, event: LegEvent) -> Over | None:
        self.talk, commands = happened(self.talk, event, self._means.clock.now())
        return await self._perform(commands)

    async def _give_up(self, event: LegEvent) -> Over | None:
        with contextlib.suppress(CallControlError):
            await self._happened(event)
        over, self._over = self._over, None
        self._lines.stop_timers()
        return over

    async def _perform(self, commands: tuple[Command, ...]) -> Over | None:
        """All of them, even when Asterisk is lost meanwhile: what it was not told is told by `settle`."""
        lost: ControlLost | None = None
        refused: str | None = None
        for command in commands:
            try:
                if (leg := await self._do(command)) is not None:
                    refused = leg
            except ControlLost as failure:
                lost, self._doubted = failure, True
        self._tell_rung()
        if lost is not None:
            raise lost
        if refused is not None:
            return await self._happened(Gone(refused, 0))
        over, self._over = self._over, None
        return over

    async def _do(self, command: Command) -> str | None:
        """Returns the leg that could not be rung."""
        means = self._means
        match command:
            case Arrange():
                await self._arrange()
            case Ring():
                self._tell_rung()
                return await self._lines.ring(command)
            case EndLeg(leg):
                await self._lines.end(leg)
            case SetMute(leg, on):
                await self._tried(means.control.mute(leg, on=on))
            case Press(leg, keys):
                await self._tried(means.control.send_keys(leg, keys))
            case PauseTalk(on):
                await means.recorder.pause(on, self.talk.agent)
                if on and means.recorder.state == "on":
                    raise ActionRefused("not_paused", "The recording could not be paused: it goes on.")
                if not on and means.recorder.state == "paused":
                    raise ActionRefused(
                        "not_resumed", "The recording could not be resumed: it is still paused."
                    )
            case Note(kind, data):
                await means.log.write(kind, data)
            case Held(agent, on):
                means.queues.tell(HoldChanged(means.call_id, agent, on))
            case Bound(agent):
                self._tell_found(agent, means.clock.now())
            case Released(agent):
                for event in (
                    TalkEnded(means.call_id, agent),
                    Disposed(means.call_id, agent),  # advice needs no wrap-up
                    WrapUpEnded(agent),
                ):
                    means.queues.tell(event)
            case PartBegan(agent, leg):
                self._tell_found(agent, means.clock.now())
                await self._recorder_begin(agent, leg)
            case PartEnded():
                await self._part_ended(command)
            case Over():
                self._over = command
                self._lines.stop_timers()
                await self._close(command)
        return None

    def _tell_found(self, agent: str, since: datetime) -> None:
        call_id, wrap_up = self._means.call_id, self._wrap_up_seconds
        found = TalkFound(call_id, agent, self.talk.queue, since, wrap_up_seconds=wrap_up)
        self._means.queues.tell(found)

    def _tell_rung(self) -> None:
        """The queues, whom we have rung: nothing else is offered to them meanwhile."""
        other, means = self.talk.other, self._means
        rung = other.agent if other is not None and not other.up else ""
        if rung == self._rung:
            return
        if self._rung:
            means.queues.tell(RingingEnded(means.call_id, self._rung))
        if rung:
            means.queues.tell(AgentRung(means.call_id, rung, self.talk.queue))
        self._rung = rung

    async def _close(self, over: Over) -> None:
        await self._rooms.close(music=over.ending in (Ending.LOST, Ending.QUEUE))

    async def _arrange(self) -> None:
        if self._doubted:
            self._rooms.doubt(room_of(self.talk), self.talk.legs)
        await self._rooms.arrange(room_of(self.talk), self.talk.agent_leg, self._apart_id)
        self._doubted = False

    @property
    def _apart_id(self) -> str:
        """A room for those who confer: each consultation has a leg, and so a room, of its own."""
        other = self.talk.other
        if other is not None:
            return other.leg.replace(".leg.", ".aside.")
        return f"{self._means.call_id}.aside.{self._means.log.last_seq}"

    async def _part_ended(self, part: PartEnded) -> None:
        means = self._means
        await means.recorder.end()
        await means.log.write(
            CallEventKind.TALK_ENDED,
            {
                "agent": part.agent,
                "by": part.by,
                "talked_seconds": part.talked_seconds,
                "held_seconds": part.held_seconds,
            },
        )
        means.queues.tell(TalkEnded(means.call_id, part.agent))

    async def _recorder_begin(self, agent: str, leg: str) -> None:
        means = self._means
        await means.recorder.begin(means.log, leg, self._rooms.main, agent=agent, queue=self.talk.queue)

    async def _tried(self, step: Awaitable[None]) -> None:
        """Something that only matters while the leg is there."""
        try:
            await step
        except ChannelGone:
            pass  # its end follows
        except RequestRefused as refused:
            await self._trouble(str(refused))

    def _lost(self, leg: str, cause: int) -> bool:
        agent = self.talk.agent
        if leg != self.talk.agent_leg or not agent:
            return False
        seat = self._means.queues.agent_view(agent)
        return cause not in MEANT_CAUSES or (seat is not None and not seat.reachable)

    async def _trouble(self, detail: str) -> None:
        await self._means.log.write(CallEventKind.TROUBLE, {"what": "talk", "detail": detail})
