"""CampaignAgents: which agents work for which campaign now, and whom a call gets that somebody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from acd.events import AgentTaken
from acd.views import AgentView, BoardNews
from engine.dialling.campaign_dial import CampaignDial
from engine.dialling.crew import AgentGiven
from engine.queues import Queues

log = structlog.get_logger(__name__)


class Lines(Protocol):
    """Telephones of agents that are off the hook already."""

    def leg(self, agent: str) -> str | None:
        """The channel of the agent's open line, in nobody's talk; "": they are rung; None: there is none."""

    def take(self, agent: str, call_id: str) -> str:
        """The line is the call's from now on; "": the agent is to be rung."""

    def release(self, call_id: str) -> None:
        """The call gives back the line that it took and did not use. Idempotent."""


class NoLines:
    """Implements Lines where agents are rung for each call."""

    def leg(self, agent: str) -> str | None:
        return ""

    def take(self, agent: str, call_id: str) -> str:
        return ""

    def release(self, call_id: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Wish:
    dial: CampaignDial
    tell: Callable[[AgentGiven], None]


class CampaignAgents:
    """Implements Crew. Calls are served in the order in which they asked."""

    def __init__(self, queues: Queues, lines: Lines | None = None) -> None:
        self._queues = queues
        self._lines = lines or NoLines()
        self._campaigns: Mapping[str, str] = {}  # by agent
        self._wishes: dict[str, _Wish] = {}
        self._stop_watching: Callable[[], None] = lambda: None
        self._due = False

    def start(self) -> None:
        self._stop_watching = self._queues.watch(self._on_board)

    def close(self) -> None:
        self._stop_watching()
        self._stop_watching = lambda: None

    # --- Crew ---------------------------------------------------------------------------------------------

    def ask(self, call_id: str, dial: CampaignDial, tell: Callable[[AgentGiven], None]) -> None:
        self._wishes[call_id] = _Wish(dial, tell)
        self._match()

    def leave(self, call_id: str) -> None:
        self._wishes.pop(call_id, None)
        self._lines.release(call_id)

    # --- who works for what -------------------------------------------------------------------------------

    @property
    def campaigns(self) -> Mapping[str, str]:
        """Each agent's campaign."""
        return self._campaigns

    def assign(self, campaigns: Mapping[str, str]) -> None:
        self._campaigns = dict(campaigns)
        self.look()

    def members(self, queue: str) -> list[str]:
        """Agents of a queue who take its calls, now or after what they are at."""
        if queue not in self._queues:
            return []
        seats = (self._queues.agent_view(name) for name in self._queues.agents_of(queue))
        return [seat.name for seat in seats if seat is not None and _works(seat)]

    def of(self, campaign: str) -> list[AgentView]:
        """Those who work for it now."""
        seats = (self._queues.agent_view(name) for name, at in self._campaigns.items() if at == campaign)
        return [seat for seat in seats if seat is not None and _works(seat)]

    def works(self, agent: str) -> bool:
        """Whether they take calls, now or after what they are at."""
        seat = self._queues.agent_view(agent)
        return seat is not None and _works(seat)

    def free(self, agent: str) -> bool:
        """Whether a call could be given to them now."""
        return self._queues.is_free(agent) and self._lines.leg(agent) is not None

    def look(self) -> None:
        """Something may have changed: whoever waits gets an agent, in a moment."""
        if self._wishes and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._match)

    # --- inside -------------------------------------------------------------------------------------------

    def _on_board(self, news: BoardNews) -> None:
        if news.agent is not None:
            self.look()

    def _match(self) -> None:
        self._due = False
        for call_id, wish in list(self._wishes.items()):
            agent = self._longest_idle(wish.dial)
            if agent is None:
                continue
            self._queues.tell(AgentTaken(call_id, agent, wish.dial.queue))
            seat = self._queues.agent_view(agent)
            if seat is None or call_id not in {work.work_id for work in seat.all_work}:
                continue  # they have just left
            del self._wishes[call_id]
            wish.tell(AgentGiven(agent, self._lines.take(agent, call_id)))

    def _longest_idle(self, dial: CampaignDial) -> str | None:
        queue = dial.queue
        if queue not in self._queues or self._queues.free_for(queue) < 1:
            return None  # who is free is kept for more important queues
        names: Collection[str] = [name for name, at in self._campaigns.items() if at == dial.campaign]
        if dial.agent is not None:
            names = [dial.agent]
        seats = [self._queues.agent_view(name) for name in names if self.free(name)]
        idle = [seat for seat in seats if seat is not None]
        if not idle:
            return None
        return min(idle, key=lambda seat: (_since(seat), seat.name)).name


def _works(seat: AgentView) -> bool:
    return seat.signed_in and seat.reachable and str(seat.next_status or seat.status) == "available"


def _since(seat: AgentView) -> float:
    return 0.0 if seat.state_since is None else seat.state_since.timestamp()
