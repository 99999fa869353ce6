"""Queues: the waiting rooms that all calls of one engine share, led by the Distribution."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import structlog

from acd.agents import Agent, AgentStatus
from acd.considered import Choice
from acd.distribution import Distribution
from acd.events import (
    CallerJoined,
    CallerLeft,
    Command,
    DeskChanged,
    Event,
    LineChanged,
    OpeningChanged,
    StatusChanged,
    TimePassed,
)
from acd.queues import Queue, Waiting
from acd.views import AgentView, BoardNews, QueueView
from acd.work import WorkKind
from calls.control import PhoneChanged
from engine.ports import Clock
from ivr.surroundings import Opening, always_open

Listener = Callable[[Command], None]
BoardListener = Callable[[BoardNews], None]

# Hours are asked anew so often, for those who would be sent on to a queue that has closed meanwhile.
HOURS_SECONDS = 30.0
# Boards are told of queues so often at the most: a busy second moves every queue many times.
BOARD_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Waited(StrEnum):
    """What came of a caller's wait in one queue."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    OVERFLOWED = "overflowed"  # they wait in another queue


@dataclass(frozen=True, slots=True)
class AgentLine:
    """How an agent is rung: at `number` over a trunk, or without one at a telephone of their name.

    `browser`: the telephone is that of the desk, where the agent signs in and chooses a status.
    """

    agent: Agent
    number: str | None = None
    browser: bool = False


class Queues:
    """Each caller's own listener is told what to do for that caller. Nothing here waits.

    An agent with a SIP telephone is available while it is registered, one with a number always; one with a
    browser is what they choose to be, and can be rung while the telephone is registered and the desk present.
    `on_left` is told the queue, the seconds that a caller waited in it, and what came of it. `make_way` frees
    an agent's telephone for the leg that is about to ring there: an open line of theirs ends.
    """

    def __init__(
        self,
        queues: Iterable[Queue],
        agents: Iterable[AgentLine],
        *,
        clock: Clock,
        opening: Opening = always_open,
    ) -> None:
        self._lines = {line.agent.name: line for line in agents}
        self._former: dict[str, AgentLine] = {}
        self._core = Distribution(queues, [line.agent for line in self._lines.values()])
        self._clock = clock
        self._opening = opening
        self._listeners: dict[str, Listener] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._phones: dict[str, PhoneChanged] = {}  # also of who may be an agent later
        self._present: set[str] = set()  # agents whose desk is open
        self._desks_told: set[str] = set()  # agents whose seat knows whether their desk is open
        self._held: set[str] = set()  # agents on an open line: their telephone is in use, and they are free
        self._boards: list[BoardListener] = []
        self._told_agents: dict[str, AgentView] = {}
        self._told_queues: Mapping[str, QueueView] = {}
        self._board_timer: asyncio.TimerHandle | None = None
        self._hours_timer: asyncio.TimerHandle | None = None
        self.on_left: Callable[[str, float, Waited], None] = lambda queue, seconds, waited: None
        self.make_way: Callable[[str, str], Awaitable[None]] = _in_the_way_is_nothing
        for line in self._lines.values():
            if line.number is not None:
                self._core.handle(StatusChanged(line.agent.name, AgentStatus.AVAILABLE), clock.now())
            elif line.browser:
                self._core.handle(LineChanged(line.agent.name, False, False), clock.now())
        self._tell_desks()

    def __contains__(self, queue: object) -> bool:
        return queue in self._core.queues

    def line(self, agent: str) -> AgentLine:
        """Also of one who was an agent until just now, and whom an offer on its way names."""
        return self._lines.get(agent) or self._former[agent]

    def join(self, caller: Waiting, listener: Listener, *, again: bool = False, front: bool = False) -> None:
        """Let a caller in, back to their place, or before all others. `listener` is told what comes of it."""
        queue = self._core.queues.get(caller.queue)
        is_open = queue is None or self._is_open(queue)  # of one that is no more, nobody is there
        self._listeners[caller.work_id] = listener
        self.tell(CallerJoined(caller, is_open, again, front))

    def leave(self, call_id: str) -> None:
        """The caller waits no longer; nothing more is told of them. Idempotent."""
        if self._listeners.pop(call_id, None) is not None:
            self.tell(CallerLeft(call_id))

    def follow(self, call_id: str, listener: Listener) -> None:
        """Have the caller's news told to `listener`: of one who talks since before."""
        self._listeners[call_id] = listener

    def tell(self, event: Event) -> None:
        self._carry_out(self._core.handle(event, self._clock.now()))

    def phone_changed(self, phone: PhoneChanged) -> None:
        """What the network tells of an agent's telephone."""
        before = self._phones.get(phone.phone)
        self._phones[phone.phone] = phone
        line = self._lines.get(phone.phone)
        if line is not None and line.browser:
            self._tell_line(phone.phone)
        if not _registers(line):
            return
        self.tell(LineChanged(phone.phone, self._busy(phone)))
        # That a call on it is over is no choice of a status: the pause after a missed call goes on.
        if before is None or before.reachable != phone.reachable:
            self._tell_registered(phone)

    def hold_line(self, agent: str, on: bool) -> None:
        """The agent's telephone is off the hook for calls of campaigns, or no longer: that is not busy."""
        if on:
            self._held.add(agent)
        else:
            self._held.discard(agent)
        phone, line = self._phones.get(agent), self._lines.get(agent)
        if line is not None and line.browser:
            self._tell_line(agent)
        elif phone is not None and _registers(line):
            self.tell(LineChanged(agent, self._busy(phone)))

    def _busy(self, phone: PhoneChanged) -> bool:
        return phone.in_use and phone.phone not in self._held

    def desk_present(self, agent: str, present: bool) -> None:
        """A page of the agent's desk is open, or none has been for too long to be offered calls."""
        if present:
            self._present.add(agent)
        else:
            self._present.discard(agent)
        self.tell(DeskChanged(agent, present))
        line = self._lines.get(agent)
        if line is not None and line.browser:  # another telephone rings whether the desk is open or not
            self._tell_line(agent)

    def seat(self, line: AgentLine) -> None:
        """Let an agent in whom no configuration names, or take over what has changed about them."""
        self._lines[line.agent.name] = line
        self._reconfigure(self._core.queues.values())
        if line.browser:
            self._tell_line(line.agent.name)

    def reconfigure(self, queues: Iterable[Queue], lines: Iterable[AgentLine]) -> None:
        """Another configuration for what runs: nobody who waits or talks is lost by it."""
        before = self._lines
        self._former |= before
        self._lines = {line.agent.name: line for line in lines}
        self._reconfigure(queues)
        for name, line in self._lines.items():
            if line.number is not None and (name not in before or before[name].number is None):
                self.tell(LineChanged(name, False))  # a browser's telephone may have been away
                self.tell(StatusChanged(name, AgentStatus.AVAILABLE))
            elif line.browser:
                self._tell_line(name)
            elif line.number is None and name in self._phones and not _registers(before.get(name)):
                self.tell(LineChanged(name, self._busy(self._phones[name])))
                self._tell_registered(self._phones[name])

    def watch(self, listener: BoardListener) -> Callable[[], None]:
        """Have news of agents and queues told: of agents at once, of queues a few times a second.

        Returns what ends the watching.
        """
        if not self._boards:
            self._told_agents, self._told_queues = self._core.agent_views(), self.queue_views()
            self._core.take_changed_agents()
        self._boards.append(listener)
        return lambda: self._boards.remove(listener)

    def agent_views(self) -> Mapping[str, AgentView]:
        """Each agent as they are now, by name."""
        return self._core.agent_views()

    def agent_view(self, agent: str) -> AgentView | None:
        """One agent as they are now; None when there is no such agent."""
        return self._core.agent_view(agent)

    def may_take(self, agent: str, kind: WorkKind = WorkKind.CALL) -> bool:
        """Whether the agent has room for work that no queue offers: AgentTaken would be heeded."""
        return self._core.may_take(agent, kind)

    def is_free(self, agent: str) -> bool:
        """Whether a call could be offered to the agent now."""
        return self._core.is_free(agent)

    def agents_of(self, queue: str) -> tuple[str, ...]:
        """Who may serve a queue, there or not, whatever they are at."""
        return self._core.agents_of(queue)

    def serves(self, queue: str, kind: WorkKind = WorkKind.CALL) -> bool:
        """Whether the queue is open, and anybody is there who could be given such work."""
        return self._is_open(self._core.queues[queue]) and self._core.serves(queue, kind)

    def free_for(self, queue: str) -> int:
        """How many agents of a queue a dialer may take now, those kept for more important queues apart."""
        return self._core.free_for(queue)

    def queue_views(self) -> Mapping[str, QueueView]:
        """Each queue as it is now, by name."""
        return self._core.queue_views()

    def agents(self) -> Counter[str]:
        """How many agents there are in each state."""
        return self._core.agents()

    def waiting(self) -> Counter[str]:
        """How many callers wait in each queue, those queues named in which somebody does."""
        return self._core.waiting()

    def waiting_in(self, queue: str) -> tuple[tuple[Waiting, str], ...]:
        """Who waits in this queue, in turn, each with the agent who is rung for them; "": nobody is."""
        return self._core.waiting_in(queue)

    def choice(self, call_id: str, agent: str) -> Choice | None:
        """Why this agent is rung for this call, and others are not; None when they no longer are."""
        return self._core.choice(call_id, agent, self._clock.now())

    def setup(self) -> Mapping[str, Queue]:
        """The queues as they are configured now, by name."""
        return self._core.queues

    def lines(self) -> Mapping[str, AgentLine]:
        """How each agent is rung, by name."""
        return self._lines

    def close(self) -> None:
        """Nothing is timed any more."""
        for timer in (self._timer, self._board_timer, self._hours_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._board_timer = self._hours_timer = None

    # --- inside -------------------------------------------------------------------------------------------

    def _reconfigure(self, queues: Iterable[Queue]) -> None:
        agents = [line.agent for line in self._lines.values()]
        self._carry_out(self._core.reconfigure(queues, agents, self._clock.now()))
        self._tell_desks()

    def _carry_out(self, commands: Iterable[Command]) -> None:
        for command in commands:
            listener = self._listeners.get(command.work_id)
            if listener is not None:
                listener(command)
        self._set_timer()
        if self._hours_timer is None and any(queue.hours for queue in self._core.queues.values()):
            self._hours_timer = asyncio.get_running_loop().call_later(HOURS_SECONDS, self._look_at_hours)
        if self._boards:
            self._tell_agents()
            if self._board_timer is None:
                loop = asyncio.get_running_loop()
                self._board_timer = loop.call_later(BOARD_SECONDS, self._tell_queues)

    def _tell_desks(self) -> None:
        """Of agents who are new: nothing written is offered to one without an open desk."""
        self._desks_told &= self._lines.keys()
        for agent in sorted(self._lines.keys() - self._desks_told):
            self._desks_told.add(agent)
            commands = self._core.handle(DeskChanged(agent, agent in self._present), self._clock.now())
            if commands:
                self._carry_out(commands)

    def _is_open(self, queue: Queue) -> bool:
        return queue.hours is None or self._opening(queue.hours, self._clock.now()) == "open"

    def _look_at_hours(self) -> None:
        self._hours_timer = None
        for name, queue in tuple(self._core.queues.items()):
            if queue.hours is not None:
                self.tell(OpeningChanged(name, self._is_open(queue)))

    def _tell_registered(self, phone: PhoneChanged) -> None:
        status = AgentStatus.AVAILABLE if phone.reachable else AgentStatus.OFFLINE
        seat = self._core.agent_view(phone.phone)
        if phone.reachable and seat is not None and seat.signed_in:
            return  # a break of before the engine's restart goes on
        self.tell(StatusChanged(phone.phone, status))

    def _tell_line(self, agent: str) -> None:
        phone = self._phones.get(agent)
        reachable = phone is not None and phone.reachable and agent in self._present
        self.tell(LineChanged(agent, phone is not None and self._busy(phone), reachable))

    def _tell_agents(self) -> None:
        for name in sorted(self._core.take_changed_agents()):
            view = self._core.agent_view(name)
            if view == self._told_agents.get(name):
                continue
            if view is None:
                del self._told_agents[name]
                self._tell_boards(BoardNews(agent_gone=name))
            else:
                self._told_agents[name] = view
                self._tell_boards(BoardNews(agent=view))

    def _tell_queues(self) -> None:
        self._board_timer = None
        told, self._told_queues = self._told_queues, self.queue_views()
        for name, view in self._told_queues.items():
            if told.get(name) != view:
                self._tell_boards(BoardNews(queue=view))
        for name in told.keys() - self._told_queues.keys():
            self._tell_boards(BoardNews(queue_gone=name))

    def _tell_boards(self, news: BoardNews) -> None:
        for listener in tuple(self._boards):
            listener(news)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._core.next_deadline()
        if deadline is not None:
            seconds = max(0.0, (deadline - self._clock.now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(seconds, self.tell, TimePassed())


async def _in_the_way_is_nothing(agent: str, leg: str) -> None:
    """Where no agent has an open line."""


def _registers(line: AgentLine | None) -> bool:
    """Whether it is a SIP telephone, whose registration alone says whether the agent is there."""
    return line is not None and line.number is None and not line.browser
