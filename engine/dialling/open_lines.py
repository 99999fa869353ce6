"""Open lines: telephones of agents who work for a campaign are called once, and stay off the hook in quiet.

    rung -> quiet <-> taken by a call, which moves it into its talk and back -> hung up when nobody wants it

So whoever answers is connected in a moment. A telephone has one call at a time: when it is rung for anything
else (a waiting caller, a colleague, a call of the agent's own), its open line ends first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Coroutine
from dataclasses import dataclass

import structlog

from acd.agents import AgentStatus
from calls.control import (
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    NetworkEvent,
    RequestRefused,
)
from calls.talk_control import TalkControl
from engine.ports import Clock, Ids
from engine.queues import Queues
from engine.talks.agent_ringing import ANSWER, WHY, ring_agent

RING_SECONDS = 20
# One whose agent hung up is rung again after this; one that did not answer, after twice as long each time.
AGAIN_SECONDS = 20.0
MOST_DOUBLINGS = 4
# A line that nobody wants is hung up after this: campaigns pause for a moment and go on.
UNWANTED_SECONDS = 10.0

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Line:
    """`call`: the id of the call that has it, "" while it is quiet. Times in the loop's seconds.

    `moving`: it is on its way back into quiet.
    """

    agent: str
    leg: str
    room: str
    up: bool = False
    call: str = ""
    wanted_at: float = 0.0
    moving: bool = False


class OpenLines:
    """`shown`: our number, which the agents' telephones show."""

    def __init__(self, control: TalkControl, queues: Queues, clock: Clock, ids: Ids, shown: str = "") -> None:
        self._control = control
        self._queues = queues
        self._clock = clock
        self._ids = ids
        self._shown = shown
        self._lines: dict[str, _Line] = {}  # by leg
        self._of: dict[str, _Line] = {}  # by agent
        self._again_at: dict[str, float] = {}  # by agent
        self._missed: dict[str, int] = {}  # by agent, on end
        self._tasks: set[asyncio.Task[None]] = set()
        queues.make_way = self.make_way

    # --- for campaigns ------------------------------------------------------------------------------------

    def leg(self, agent: str) -> str | None:
        """The channel of the agent's line, in nobody's talk; None: there is none."""
        line = self._of.get(agent)
        return line.leg if line is not None and line.up and not line.call else None

    def take(self, agent: str, call_id: str) -> str:
        """The line is the call's from now on; "": the agent is to be rung."""
        line = self._of.get(agent)
        if line is None or not line.up:
            return ""
        line.call = call_id
        return line.leg

    def release(self, call_id: str) -> None:
        """The call gives back the line that it took and did not use. Idempotent."""
        for line in self._lines.values():
            if line.call == call_id:
                self._run(self._quiet(line))

    def adopt(self, agent: str, leg: str, call_id: str) -> None:
        """An earlier engine's, in a talk that goes on."""
        self._put(_Line(agent, leg, _quiet(leg), True, call_id, self._clock.monotonic()))

    def want(self, agents: Collection[str], on_line: Collection[str]) -> None:
        """These agents work for campaigns now. `on_line`: the calls that go on."""
        now = self._clock.monotonic()
        for agent in agents:
            line = self._of.get(agent)
            if line is not None:
                line.wanted_at = now
            elif self._queues.is_free(agent) and self._due(agent, now):
                self._ring(agent, now)
        for line in tuple(self._lines.values()):
            if line.call and line.call not in on_line:
                self._run(self._quiet(line))
            elif not line.call and (now - line.wanted_at > UNWANTED_SECONDS or not self._works(line.agent)):
                self._run(self._let_go(line))

    async def make_way(self, agent: str, leg: str) -> None:
        """The agent's telephone is about to ring for this leg."""
        line = self._of.get(agent)
        if line is not None and line.leg != leg and not line.call:
            await self._let_go(line)

    # --- for talks ----------------------------------------------------------------------------------------

    async def back(self, leg: str) -> bool:
        """The talk is over for this leg: it goes back into quiet. False: it is no open line."""
        line = self._lines.get(leg)
        if line is None:
            return False
        await self._quiet(line)
        return True

    # --- what the network tells ---------------------------------------------------------------------------

    def __contains__(self, channel_id: object) -> bool:
        return channel_id in self._lines

    def hear(self, event: NetworkEvent) -> str | None:
        """The id of the call that is to hear it too, "" for none; None: it is about no open line."""
        match event:
            case LegAnswered(leg) if leg in self._lines:
                self._run(self._answered(self._lines[leg]))
            case LegRinging(leg) if leg in self._lines:
                pass
            case ChannelEnded(leg) if leg in self._lines:
                line = self._lines[leg]
                self._gone(line)
                return line.call
            case _:
                return None
        return ""

    def restored(self, alive: Collection[str]) -> None:
        """Asterisk is connected again, and these channels live."""
        for line in tuple(self._lines.values()):
            if line.leg not in alive:
                self._gone(line)

    async def close(self) -> None:
        """All are hung up."""
        for line in tuple(self._lines.values()):
            if not line.call:
                await self._hang_up(line)
        for task in self._tasks:
            task.cancel()

    # --- inside -------------------------------------------------------------------------------------------

    def _works(self, agent: str) -> bool:
        """Not on a break, and not gone."""
        seat = self._queues.agent_view(agent)
        if seat is None or not seat.reachable:
            return False
        return (seat.next_status or seat.status) is AgentStatus.AVAILABLE

    def _due(self, agent: str, now: float) -> bool:
        return now >= self._again_at.get(agent, 0.0)

    def _ring(self, agent: str, now: float) -> None:
        line_id = self._ids.new()
        leg = f"{line_id}.leg.line"
        self._put(_Line(agent, leg, _quiet(leg), wanted_at=now))
        self._run(self._rung(self._lines[leg], line_id))

    async def _rung(self, line: _Line, line_id: str) -> None:
        if line.leg not in self._lines:
            return  # it has made way for another call already
        try:
            await ring_agent(
                self._control,
                self._queues,
                line.agent,
                line.leg,
                caller_id=self._shown,
                ring_seconds=RING_SECONDS,
                call_id=line_id,
                headers={WHY: "campaign", ANSWER: "auto"},
            )
        except CallControlError as failure:
            log.warning("an agent's line could not be opened", agent=line.agent, why=str(failure))
            self._gone(line)
        if line.leg not in self._lines:  # while it was asked for
            await self._hang_up(line)

    async def _answered(self, line: _Line) -> None:
        await self._into_quiet(line)
        if line.leg in self._lines:
            line.up = True
            self._missed.pop(line.agent, None)
            log.info("an agent's line is open", agent=line.agent)
            self._queues.hold_line(line.agent, True)

    async def _quiet(self, line: _Line) -> None:
        """Once, however often it is asked for: a second move would take the line from its next call."""
        if line.moving:
            return
        line.moving = True
        try:
            await self._into_quiet(line)
            line.call = ""
        finally:
            line.moving = False

    async def _into_quiet(self, line: _Line) -> None:
        try:
            await self._control.bridge(line.room, [line.leg])
        except ChannelGone:
            self._gone(line)
        except RequestRefused as refused:
            log.warning("an agent's line could not be kept", agent=line.agent, why=str(refused))
            await self._hang_up(line)

    async def _let_go(self, line: _Line) -> None:
        """It was not wanted any more, which is nobody's fault: it may be opened again at once."""
        await self._hang_up(line)
        self._again_at.pop(line.agent, None)
        self._missed.pop(line.agent, None)

    async def _hang_up(self, line: _Line) -> None:
        self._gone(line)
        with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
            await self._control.hang_up(line.leg)

    def _put(self, line: _Line) -> None:
        self._lines[line.leg] = self._of[line.agent] = line
        if line.up:
            self._queues.hold_line(line.agent, True)

    def _gone(self, line: _Line) -> None:
        if self._lines.pop(line.leg, None) is None:
            return
        if self._of.get(line.agent) is line:
            del self._of[line.agent]
        missed = 0 if line.up else min(self._missed.get(line.agent, 0) + 1, MOST_DOUBLINGS)
        self._missed[line.agent] = missed
        self._again_at[line.agent] = self._clock.monotonic() + AGAIN_SECONDS * 2**missed
        self._queues.hold_line(line.agent, False)
        self._run(self._close_room(line))

    async def _close_room(self, line: _Line) -> None:
        with contextlib.suppress(CallControlError):  # it is gone
            await self._control.destroy_bridge(line.room)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(_tried(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _tried(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except CallControlError as lost:
        log.warning("an agent's line was not seen to", why=str(lost))


def _quiet(leg: str) -> str:
    return leg.replace(".leg.", ".quiet.")
