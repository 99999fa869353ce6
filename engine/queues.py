"""Queues: the waiting rooms that all calls of one engine share, led by the Distribution."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from acd.agents import Agent, AgentStatus
from acd.distribution import Distribution
from acd.events import (
    CallerJoined,
    CallerLeft,
    Command,
    Event,
    LineChanged,
    StatusChanged,
    TimePassed,
)
from acd.queues import Queue, Waiting
from calls.control import PhoneChanged
from engine.ports import Clock
from ivr.surroundings import Opening, always_open

Listener = Callable[[Command], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AgentLine:
    """How an agent is rung: at `number` over a trunk, or without one at a SIP telephone of their name."""

    agent: Agent
    number: str | None = None


class Queues:
    """Each caller's own listener is told what to do for that caller. Nothing here waits.

    An agent with a SIP telephone is logged in while it is registered, one with a number always.
    `on_left` is told the queue and the seconds that a caller waited in it.
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
        self._core = Distribution(queues, [line.agent for line in self._lines.values()])
        self._clock = clock
        self._opening = opening
        self._listeners: dict[str, Listener] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.on_left: Callable[[str, float], None] = lambda queue, seconds: None
        for line in self._lines.values():
            if line.number is not None:
                self._core.handle(StatusChanged(line.agent.name, AgentStatus.AVAILABLE), clock.now())

    def __contains__(self, queue: object) -> bool:
        return queue in self._core.queues

    def line(self, agent: str) -> AgentLine:
        return self._lines[agent]

    def join(self, caller: Waiting, listener: Listener, *, again: bool = False) -> None:
        """Let a caller in, or back to their place. What comes of it, `listener` is told."""
        hours = self._core.queues[caller.queue].hours
        is_open = hours is None or self._opening(hours, self._clock.now()) == "open"
        self._listeners[caller.call_id] = listener
        self.tell(CallerJoined(caller, is_open, again))

    def leave(self, call_id: str) -> None:
        """The caller waits no longer; nothing more is told of them. Idempotent."""
        if self._listeners.pop(call_id, None) is not None:
            self.tell(CallerLeft(call_id))

    def follow(self, call_id: str, listener: Listener) -> None:
        """Have the caller's news told to `listener`: of one who talks since before."""
        self._listeners[call_id] = listener

    def tell(self, event: Event) -> None:
        for command in self._core.handle(event, self._clock.now()):
            listener = self._listeners.get(command.call_id)
            if listener is not None:
                listener(command)
        self._set_timer()

    def phone_changed(self, phone: PhoneChanged) -> None:
        """What the network tells of an agent's telephone."""
        line = self._lines.get(phone.phone)
        if line is None or line.number is not None:
            return
        status = AgentStatus.AVAILABLE if phone.reachable else AgentStatus.OFFLINE
        self.tell(LineChanged(phone.phone, phone.in_use))
        self.tell(StatusChanged(phone.phone, status))

    def agents(self) -> Counter[str]:
        """How many agents there are in each state."""
        return self._core.agents()

    def waiting(self) -> Counter[str]:
        """How many callers wait in each queue, those queues named in which somebody does."""
        return self._core.waiting()

    def close(self) -> None:
        """Nothing is timed any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        self.close()
        deadline = self._core.next_deadline()
        if deadline is not None:
            seconds = max(0.0, (deadline - self._clock.now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(seconds, self.tell, TimePassed())
