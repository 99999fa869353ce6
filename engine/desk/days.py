"""Days: each agent's own numbers, read now and then and kept up with what happens meanwhile.

A desk shows them whenever anything changes in it, many times in each call: to read the agent's log each time
would cost more than the call itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, tzinfo

from acd.agents import AgentStatus
from engine.agent_days import day_of
from engine.ports import Clock, StoreUnavailable
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind, AgentRegister

READ_SECONDS = 3.0
# What happened up to so long ago may not be in the database yet: what is read then is read again.
SETTLES_SECONDS = 0.5
# And so long what is known counts, should another engine have written of the agent too.
LASTS_SECONDS = 300.0
_OF_WORK = frozenset(
    {AgentEventKind.MISSED, AgentEventKind.TALKED, AgentEventKind.CHATTED, AgentEventKind.WRAPPED_UP}
)
_OF_TIME = frozenset({AgentEventKind.SIGNED_IN, AgentEventKind.SIGNED_OUT, AgentEventKind.STATUS_CHANGED})


@dataclass(slots=True)
class _Known:
    """`day`: as it was `at` that moment; `until`: of the steady clock."""

    since: datetime
    at: datetime
    day: AgentDay
    until: float


class Days:
    """`zone`: where the company's midnight is."""

    def __init__(self, agents: AgentRegister, clock: Clock, zone: Callable[[], tzinfo]) -> None:
        self._agents = agents
        self._clock = clock
        self._zone = zone
        self._known: dict[str, _Known] = {}
        self._noted: dict[str, float] = {}  # by agent: when something happened last

    def noted(self, event: AgentEvent) -> bool:
        """It is on its way into the agent's log. Whether it changes the day's numbers."""
        if event.kind not in _OF_WORK and event.kind not in _OF_TIME:
            return False
        monotonic = self._clock.monotonic()
        self._noted[event.agent] = monotonic
        known = self._known.get(event.agent)
        if known is not None and event.at >= known.since:
            if event.kind in _OF_WORK:
                known.day = _sum(known.day, day_of([event], event.at, event.at))
            else:
                known.until = min(known.until, monotonic + SETTLES_SECONDS)
        return True

    async def of(self, agent: str, status: AgentStatus) -> AgentDay:
        """Since midnight. As it was last, while the database does not answer."""
        now = self._clock.now()
        since = midnight(now, self._zone())
        known = self._known.get(agent)
        if known is None or known.since != since or self._clock.monotonic() >= known.until:
            known = await self._read(agent, since, now) or known
        if known is None or known.since != since:
            return AgentDay()
        # Between two changes of status time alone goes on.
        passed = max(0.0, (now - known.at).total_seconds()) if status is not AgentStatus.OFFLINE else 0.0
        resting = passed if status is AgentStatus.BREAK else 0.0
        return _sum(known.day, AgentDay(signed_in_seconds=passed, break_seconds=resting))

    async def _read(self, agent: str, since: datetime, now: datetime) -> _Known | None:
        began = self._clock.monotonic()
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(READ_SECONDS):
                day = await self._agents.day(agent, since, now)
            settled = self._noted.get(agent, began - SETTLES_SECONDS) <= began - SETTLES_SECONDS
            lasts = LASTS_SECONDS if settled else SETTLES_SECONDS
            self._known[agent] = _Known(since, now, day, self._clock.monotonic() + lasts)
            return self._known[agent]
        return None


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """When the day began where the company is, in UTC."""
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def _sum(day: AgentDay, more: AgentDay) -> AgentDay:
    return replace(
        day, **{each.name: getattr(day, each.name) + getattr(more, each.name) for each in fields(day)}
    )
