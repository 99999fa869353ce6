"""Which agent a person is who comes to their desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container

from engine.desk.refusals import DeskRefused, store_away
from engine.ports import StoreUnavailable
from engine.queues import Queues
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentRegister
from engine.registers.refusals import Missing, Refused

READ_SECONDS = 5.0


class PeopleAtDesks:
    """`refresh` has the queues know of a new person at once; `there` tells which agents they know.

    `name` is told what an agent is called.
    """

    def __init__(
        self,
        agents: AgentRegister,
        queues: Queues,
        refresh: Callable[[], Awaitable[None]],
        there: Callable[[], Container[str]],
        name: Callable[[str, str], None],
    ) -> None:
        self._agents = agents
        self._queues = queues
        self._refresh = refresh
        self._there = there
        self._name = name
        self._known: dict[str, str] = {}  # agents by person

    async def agent_of(self, person_id: str) -> str:
        """The agent's name of a person. Refused ("disabled", "store")."""
        known = self._known.get(person_id)
        if known is not None and known in self._there():
            return known
        try:
            async with asyncio.timeout(READ_SECONDS):
                profile = await self._agents.of_person(Actor(ActorKind.PERSON, person_id), person_id)
                if profile.name not in self._queues.agent_views():
                    await self._refresh()
        except (Missing, Refused) as refused:
            raise DeskRefused("disabled", str(refused)) from refused
        except (StoreUnavailable, TimeoutError) as away:
            raise store_away() from away
        self._known[person_id] = profile.name
        self._name(profile.name, profile.shown)
        return profile.name
