"""A Distribution with a clock, and what is asked of it in one line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from acd.agents import Agent, AgentStatus
from acd.distribution import Distribution
from acd.events import (
    AgentAnswered,
    CallerJoined,
    Command,
    Event,
    Moved,
    OfferCall,
    StatusChanged,
    TalkEnded,
    TimePassed,
)
from acd.queues import Queue
from acd.views import AgentView
from acd.work import Waiting

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Floor:
    """All agents are available from the start, in the order in which they are named."""

    def __init__(self, queues: Iterable[Queue], agents: Iterable[Agent]) -> None:
        agents = list(agents)
        self.core = Distribution(queues, agents)
        self.now = START
        for agent in agents:
            self.do(StatusChanged(agent.name, AgentStatus.AVAILABLE), 1)

    def do(self, event: Event, after: float = 0.0) -> list[Command]:
        """The commands but those that tell places."""
        self.now += timedelta(seconds=after)
        return [c for c in self.core.handle(event, self.now) if not isinstance(c, Moved)]

    def join(self, work_id: str, queue: str = "orders", *, again: bool = False, **more: Any) -> list[Command]:
        front, is_open = more.pop("front", False), more.pop("open", True)
        return self.do(CallerJoined(Waiting(work_id, queue, self.now, **more), is_open, again, front))

    def talk(self, work_id: str, queue: str = "orders", **more: Any) -> str:
        """Somebody answers at once; who."""
        self.join(work_id, queue, **more)
        (view,) = [v for v in self.views() if any(w.work_id == work_id for w in v.all_work)]
        self.do(AgentAnswered(work_id, view.name))
        return view.name

    def end(self, work_id: str, after: float = 0.0) -> list[Command]:
        (view,) = [v for v in self.views() if any(w.work_id == work_id for w in v.all_work)]
        return self.do(TalkEnded(work_id, view.name), after)

    def wait(self, seconds: float) -> list[Command]:
        """All that happens by itself within so long."""
        end, found = self.now + timedelta(seconds=seconds), []
        while (deadline := self.core.next_deadline()) is not None and deadline <= end:
            self.now = deadline
            found += self.do(TimePassed())
        self.now = end
        return found

    def views(self) -> list[AgentView]:
        return list(self.core.agent_views().values())

    def view(self, agent: str) -> AgentView:
        view = self.core.agent_view(agent)
        assert view is not None
        return view


def offers(commands: Iterable[Command]) -> dict[str, str]:
    """Who is offered to whom: work -> agent."""
    return {c.work_id: c.agent for c in commands if isinstance(c, OfferCall)}
