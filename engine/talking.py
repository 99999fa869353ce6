"""People who talk with each other on one call: the table of acd.talk_table decides, this performs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from acd.events import Disposed, HoldChanged, TalkEnded, TalkFound, WrapUpEnded
from acd.talk import Action, ActionRefused, TalkView, TargetKind
from acd.talk_commands import (
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
from acd.talk_legs import happened
from acd.talk_phases import WAITING, Phase, Talk, room_of
from acd.talk_table import asked
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
from calls.legs import Leg, LegRole, LegState
from calls.talk_control import TalkControl
from engine.agent_ringing import WHY, ring_agent, showable
from engine.call_log import CallLog
from engine.ports import Clock, TalkRecorder
from engine.queues import Queues
from engine.talk_rooms import Rooms
from engine.talk_targets import checked, dialled
from engine.talk_views import view_of

# Who is asked for advice, or gets a call, is rung for so long.
RING_SECONDS = 25
# Asterisk ends the ringing itself; a leg of which nothing was told so long after it is given up.
OVERDUE_SECONDS = 10.0
# Q.850: an agent who hangs up. Whatever else ends their line, they did not mean it.
MEANT_CAUSES = frozenset({16, 31})


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


@dataclass(frozen=True, slots=True)
class Overdue:
    """A leg has rung for too long, and nothing was told of it."""

    leg: str


@dataclass(frozen=True, slots=True)
class TalkMeans:
    """What a call's talks are performed with. `flows`: whether there is such a flow; `region`: of numbers."""

    call_id: str
    control: TalkControl
    queues: Queues
    log: CallLog
    clock: Clock
    recorder: TalkRecorder
    flows: Callable[[str], bool]
    region: str
    tell: Callable[[Overdue], None]


@dataclass(slots=True)
class _Legs:
    """Those of ours, with their states for the log."""

    known: dict[str, Leg] = field(default_factory=dict)

    def alive(self, leg: str) -> bool:
        return leg in self.known and self.known[leg].state is not LegState.ENDED


class TalkInProgress:
    """From the moment in which an agent is on the line, or dials, until nobody but the customer is.

    Methods that return an Over tell how it ended; whoever has the call goes on from there. They may raise
    ControlLost: `settle` does what is left, on a connection that works.
    """

    def __init__(self, talk: Talk, main: str, means: TalkMeans, *, flows_offered: bool = True) -> None:
        self.talk = talk
        self._means = means
        self._rooms = Rooms(talk.customer, main, control=means.control, trouble=self._trouble)
        self._legs = _Legs()
        self._unended: set[str] = set()
        self._over: Over | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._flows_offered = flows_offered
        self._adopted = False
        for leg in talk.legs - set(talk.supervisors or ()):
            self._legs.known[leg] = Leg(leg, self._role(leg), LegState.UP)
        if talk.other is not None and not talk.other.up:
            self._legs.known[talk.other.leg] = Leg(talk.other.leg, self._role(talk.other.leg))

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
        """Customer and agent are connected already, and the agent's part begins."""
        self._rooms.found(room_of(self.talk), None)
        if self.talk.phase is not Phase.DIALLING:
            await self._recorder_begin(self.talk.agent, self.talk.agent_leg)

    def found(self, *, surely: bool = True) -> None:
        """As an earlier engine left it; `settle` follows. `surely`: it had connected the two."""
        means, talk = self._means, self.talk
        self._adopted = True
        self._rooms.found(room_of(talk), self._apart_id)
        if talk.phase in WAITING or not surely:
            self._rooms.doubt(room_of(talk), talk.legs)
        for agent in (talk.agent, talk.other.agent if talk.other is not None and talk.other.up else ""):
            if agent:
                means.queues.tell(TalkFound(means.call_id, agent, talk.queue, talk.began))
        if talk.agent and talk.phase in WAITING:
            means.queues.tell(HoldChanged(means.call_id, talk.agent, True))

    async def act(self, asked_for: Asked) -> Over | None:
        """Do what an agent asks for, and answer them."""
        try:
            over = await self._act(asked_for.agent, asked_for.action)
        except ActionRefused as refused:
            asked_for.refuse(refused)
            return None
        except ControlLost:
            asked_for.refuse(ActionRefused("Asterisk did not answer in time; see whether it was done."))
            raise
        asked_for.done()
        return over

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded | Overdue) -> Over | None:
        """A leg of the talk has moved on."""
        match event:
            case LegRinging(leg) if self._state(leg) is LegState.NEW:
                await self._moved(leg, LegState.RINGING)
            case LegAnswered(leg) if self._state(leg) in (LegState.NEW, LegState.RINGING):
                await self._moved(leg, LegState.UP)
                return await self._happened(Answered(leg))
            case ChannelEnded(leg, cause):
                lost = self._lost(leg, cause)
                self._rooms.ended(leg)
                if self._legs.alive(leg):
                    await self._moved(leg, LegState.ENDED, cause)
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
        over, self._over = self._over, None
        if up is None:
            if over is None:
                self._rooms.doubt(room_of(self.talk), self.talk.legs)
                await self._arrange()
        else:
            other = self.talk.other
            if other is not None and not other.up and other.leg in up:
                over = await self.follow(LegAnswered(other.leg))
            waited = self.talk.phase in WAITING
            for leg in sorted(self.talk.legs - up):
                if over is None and leg in self.talk.legs:
                    lost = waited and leg == self.talk.agent_leg
                    await self._end_leg(leg)
                    over = await self._happened(Gone(leg, 16, lost))
            if over is None and self.talk.phase in WAITING:
                await self._arrange()
        for leg in sorted(self._unended):
            await self._end_leg(leg)
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
        checked(action, means.queues, means.flows if self._flows_offered else None, means.region)
        # The number of the last event names it: no engine, however late, uses an id twice.
        leg = f"{means.call_id}.leg.{means.log.last_seq}"
        talk, commands = asked(self.talk, agent, action, leg, means.clock.now())
        self.talk = talk
        over = await self._perform(commands)
        if leg in self._legs.known and not self._legs.alive(leg) and over is None:
            raise ActionRefused("This telephone could not be rung.")
        return over

    async def _happened(self, event: LegEvent) -> Over | None:
        self.talk, commands = happened(self.talk, event, self._means.clock.now())
        return await self._perform(commands)

    async def _give_up(self, event: LegEvent) -> Over | None:
        with contextlib.suppress(CallControlError):
            await self._happened(event)
        over, self._over = self._over, None
        self._stop_timers()
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
                lost = failure
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
                return await self._ring(command)
            case EndLeg(leg):
                await self._end_leg(leg)
            case SetMute(leg, on):
                await self._tried(means.control.mute(leg, on=on))
            case Press(leg, keys):
                await self._tried(means.control.send_keys(leg, keys))
            case PauseTalk(on):
                await means.recorder.pause(on, self.talk.agent)
            case Note(kind, data):
                await means.log.write(kind, data)
            case Held(agent, on):
                means.queues.tell(HoldChanged(means.call_id, agent, on))
            case Bound(agent):
                means.queues.tell(TalkFound(means.call_id, agent, self.talk.queue, means.clock.now()))
            case Released(agent):
                for event in (
                    TalkEnded(means.call_id, agent),
                    Disposed(means.call_id, agent),  # advice needs no wrap-up
                    WrapUpEnded(agent),
                ):
                    means.queues.tell(event)
            case PartBegan(agent, leg):
                means.queues.tell(TalkFound(means.call_id, agent, self.talk.queue, means.clock.now()))
                await self._recorder_begin(agent, leg)
            case PartEnded():
                await self._part_ended(command)
            case Over():
                self._over = command
                self._stop_timers()
                waits = command.ending in (Ending.LOST, Ending.QUEUE)
                await self._rooms.close(music=waits)
        return None

    async def _arrange(self) -> None:
        await self._rooms.arrange(room_of(self.talk), self.talk.agent_leg, self._apart_id)

    @property
    def _apart_id(self) -> str:
        """A room for those who confer: each consultation has a leg, and so a room, of its own."""
        other = self.talk.other
        if other is not None:
            return other.leg.replace(".leg.", ".aside.")
        return f"{self._means.call_id}.aside.{self._means.log.last_seq}"

    async def _ring(self, ring: Ring) -> str | None:
        means = self._means
        self._legs.known[ring.leg] = Leg(ring.leg, self._role(ring.leg))
        person = means.log.call.person
        try:
            if ring.target.kind is TargetKind.AGENT:
                why = "transfer" if ring.blind else "consult"
                await ring_agent(
                    means.control,
                    means.queues,
                    ring.target.name,
                    ring.leg,
                    caller_id=person,
                    ring_seconds=RING_SECONDS,
                    call_id=means.call_id,
                    headers={WHY: why},
                )
            else:
                await means.control.originate(
                    ring.leg,
                    dialled(ring.target, means.region),
                    caller_id=showable(person),
                    ring_seconds=RING_SECONDS,
                    call_id=means.call_id,
                )
        except (RequestRefused, ChannelGone) as refused:
            await self._trouble(str(refused))
            await self._moved(ring.leg, LegState.ENDED)
            return ring.leg
        loop = asyncio.get_running_loop()
        overdue = Overdue(ring.leg)
        self._timers.append(loop.call_later(RING_SECONDS + OVERDUE_SECONDS, means.tell, overdue))
        return None

    async def _end_leg(self, leg: str) -> None:
        supervisor = leg not in self._legs.known
        if not supervisor:
            if not self._legs.alive(leg) and leg not in self._unended:
                return
            if self._legs.alive(leg):
                await self._moved(leg, LegState.ENDED)
        self._rooms.ended(leg)
        self._unended.add(leg)
        with contextlib.suppress(ChannelGone, RequestRefused):  # it ended by itself
            await self._means.control.hang_up(leg)
        self._unended.discard(leg)

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
        seat = self._means.queues.agent_views().get(agent)
        return cause not in MEANT_CAUSES or (seat is not None and not seat.reachable)

    def _state(self, leg: str) -> LegState | None:
        known = self._legs.known.get(leg)
        return None if known is None else known.state

    def _role(self, leg: str) -> LegRole:
        other = self.talk.other
        return LegRole.TARGET if other is not None and leg == other.leg and not other.agent else LegRole.AGENT

    async def _moved(self, leg: str, state: LegState, cause: int | None = None) -> None:
        known = self._legs.known[leg] = self._legs.known[leg].moved(state, cause)
        data = {"leg": leg, "role": known.role.value, "state": known.state.value, "cause": cause}
        await self._means.log.write(CallEventKind.LEG_CHANGED, data)

    async def _trouble(self, detail: str) -> None:
        await self._means.log.write(CallEventKind.TROUBLE, {"what": "talk", "detail": detail})

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
