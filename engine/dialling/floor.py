"""The agents of one campaign as its pacer sees them, and what happened to them since it looked last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from acd.agents import AgentState
from acd.views import AgentView as Seat
from dialer.pacing import (
    AgentFreed,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentView,
    PacingEvent,
    TalkEnded,
)

State = Literal["idle", "talking", "wrapping"]
_TALKING = frozenset({AgentState.TALKING, AgentState.HOLD, AgentState.OFFERED})


@dataclass(frozen=True, slots=True)
class _Was:
    state: State
    since: float
    work: str | None
    talked: float


class Floor:
    """`free`: whether an agent could be given a call now. `at`: a moment in the loop's seconds."""

    def __init__(self, free: Callable[[str], bool], at: Callable[[datetime], float]) -> None:
        self._free = free
        self._at = at
        self._was: dict[str, _Was] = {}

    def look(
        self, seats: Iterable[Seat], ours: Callable[[str], bool], now: float
    ) -> tuple[list[AgentView], list[PacingEvent]]:
        """`seats`: of those who work for the campaign now; `ours`: whether a call is the campaign's."""
        views: list[AgentView] = []
        events: list[PacingEvent] = []
        before, self._was = self._was, {}
        for seat in seats:
            state = self._state(seat)
            since = now if seat.state_since is None else min(now, self._at(seat.state_since))
            views.append(AgentView(seat.name, state, since))
            was = before.pop(seat.name, None)
            if was is None:
                events.append(AgentLoggedIn(seat.name, now))
            talked = 0.0
            if was is not None:
                if (was.state, was.work) == (state, seat.work) and state == "talking":
                    since = was.since  # a hold does not begin it anew
                talked, told = self._told(seat.name, was, state, seat.work, since, ours)
                events += told
            self._was[seat.name] = _Was(state, since, seat.work, talked)
        for name, was in before.items():
            if was.state == "wrapping" and was.work is not None and ours(was.work):
                events.append(AgentFreed(name, was.talked, now - was.since, now, False))
            events.append(AgentLoggedOut(name, now))
        return views, events

    def _state(self, seat: Seat) -> State:
        if seat.state in (AgentState.IDLE, AgentState.OFFERED) and self._free(seat.name):
            return "idle"  # what is offered yields to a call
        return "talking" if seat.state in _TALKING else "wrapping"

    @staticmethod
    def _told(
        agent: str, was: _Was, state: State, work: str | None, since: float, ours: Callable[[str], bool]
    ) -> tuple[float, list[PacingEvent]]:
        """The seconds of the talk whose wrap-up goes on, and what happened; of our own calls alone."""
        told: list[PacingEvent] = []
        if was.work is None or not ours(was.work) or (state, work) == (was.state, was.work):
            return was.talked, told
        talked, wrapped_since = was.talked, was.since
        if was.state == "talking":
            talked, wrapped_since = max(0.0, since - was.since), since
            told.append(TalkEnded(agent, talked, since))
        if state != "wrapping" or work != was.work:
            told.append(AgentFreed(agent, talked, max(0.0, since - wrapped_since), since, True))
            talked = 0.0
        return talked, told
