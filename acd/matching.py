"""Which agent may talk to which caller, who of them comes first, and how long the others will wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from acd.agents import Agent
from acd.queues import Queue, Strategy
from acd.seats import Seat

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

# The free agent with the least key gets the call; the name makes the choice the same each time.
STRATEGIES: dict[Strategy, Callable[[Seat], tuple[datetime, str]]] = {
    Strategy.LONGEST_IDLE: lambda seat: (seat.idle_since or _LONG_AGO, seat.agent.name),
}


def serves(agent: Agent, queue: Queue, skills: tuple[str, ...]) -> bool:
    """Whether the agent is one for callers of this queue who need these skills, free or not."""
    return (not queue.agents or agent.name in queue.agents) and all(
        agent.skills.get(skill, 0) > 0 for skill in skills
    )


def chosen(free: Iterable[Seat], queue: Queue) -> Seat | None:
    """The one of these free agents who gets the call."""
    return min(free, key=STRATEGIES[queue.strategy], default=None)


def expected_wait_seconds(position: int, agents: int, handle_seconds: Collection[float]) -> float | None:
    """From what the last calls took, talk and wrap-up. None when nothing is known."""
    if not handle_seconds or agents == 0:
        return None
    return sum(handle_seconds) / len(handle_seconds) * position / agents
