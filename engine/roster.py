"""Roster: who the queues know as agents, those of the configuration and the people who may sit at a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from acd.agents import Agent, MissedRule
from acd.queues import Queue
from acd.work import WorkKind
from engine.ports import StoreUnavailable
from engine.queues import AgentLine, Queues
from engine.registers.agents import AgentProfile, AgentRegister

# People are added, disabled and given skills by other processes and nodes too.
LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Staff:
    """What the configuration says. `missed`: the rule for agents who sit at a browser."""

    queues: tuple[Queue, ...]
    lines: tuple[AgentLine, ...]
    missed: MissedRule = MissedRule.STATUS


class Roster:
    """Keeps the queues' agents as configuration and register have them; nobody who talks is lost by it.

    `on_read` is told who may sign in now, whenever that was read.
    """

    def __init__(self, register: AgentRegister, queues: Queues, staff: Staff) -> None:
        self._register = register
        self._queues = queues
        self._staff = staff
        self._profiles: Sequence[AgentProfile] = ()
        self._names: Mapping[str, str] = {}
        self._told: tuple[AgentLine, ...] = staff.lines
        self.on_read: Callable[[Sequence[AgentProfile]], None] = lambda profiles: None
        self._read = False

    def put(self, staff: Staff) -> None:
        """Another configuration, from now on."""
        self._staff = staff
        self._told = lines_of(staff, self._profiles)
        self._queues.reconfigure(staff.queues, self._told)

    async def refresh(self) -> None:
        """Take over what has changed in the register. Raises StoreUnavailable."""
        self._profiles = await self._register.profiles()
        self._names = {one.name: one.shown for one in self._profiles}
        self._read = True
        self.on_read(self._profiles)
        lines = lines_of(self._staff, self._profiles)
        if lines != self._told:
            self._told = lines
            self._queues.reconfigure(self._staff.queues, lines)

    def nobody(self) -> list[str]:
        """A sentence of each queue that names agents who are not known; none before the register was read."""
        known = {line.agent.name for line in self._told}
        unknown = {queue.name: sorted(queue.agents - known) for queue in self._staff.queues}
        return [
            f"queues.{queue}.agents: nobody is known as {', '.join(names)}; "
            "add them under `agents` or with `infolinia people add`, or correct the name."
            for queue, names in unknown.items()
            if names and self._read
        ]

    def service_level_seconds(self, queue: str) -> float:
        """Within which a caller of this queue should be answered."""
        known = (one.service_level_seconds for one in self._staff.queues if one.name == queue)
        return next(known, Queue(queue).service_level_seconds)

    def names(self) -> Mapping[str, str]:
        """By agent, the name by which they sign in; a telephone alone has none."""
        return self._names

    def person_of(self, agent: str) -> str | None:
        """The name by which an agent signs in; None for a telephone alone."""
        return self._names.get(agent)

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreUnavailable as away:
                log.debug("agents stay as they are until the database answers", reason=str(away))
            except Exception:
                log.exception("agents could not be read; they stay as they are")


def lines_of(staff: Staff, profiles: Sequence[AgentProfile]) -> tuple[AgentLine, ...]:
    """Of an agent of both, configuration tells the telephone; the register skills and capacity, if any."""
    lines = {line.agent.name: line for line in staff.lines}
    for profile in profiles:
        line = lines.get(profile.name, AgentLine(Agent(profile.name, missed=staff.missed), browser=True))
        agent = line.agent
        if profile.skills:
            agent = replace(agent, skills=dict(profile.skills))
        if profile.capacity:
            agent = replace(agent, capacity=_by_kind(profile.capacity))
        lines[profile.name] = replace(line, agent=agent)
    return tuple(lines.values())


def _by_kind(capacity: Mapping[str, int]) -> Mapping[WorkKind, int]:
    return {WorkKind(kind): number for kind, number in capacity.items()}
