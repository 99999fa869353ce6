"""Agents at work, and the people who wait for one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from dialer.forecast.agenda import Agenda
from dialer.forecast.flights import Flight
from dialer.forecast.shifts import Shift
from dialer.forecast.tally import Run
from dialer.pacing import AgentFreed, AgentLoggedIn, AgentLoggedOut, AgentView, PacingEvent, TalkEnded


@dataclass(slots=True, eq=False)
class _Agent:
    id: str
    state: Literal["out", "idle", "talking", "wrapping"] = "out"
    since: float = 0.0
    login_at: float = 0.0
    leaving: bool = False
    freed_at: float | None = None  # the end of the last wrap-up, if no logout came between
    call: Flight | None = None


class Floor:
    """`on_connected` is told of each call that an agent takes, `on_abandoned` of who waited for too long."""

    def __init__(
        self,
        shifts: Sequence[Shift],
        connect_window: float,
        agenda: Agenda,
        tally: Run,
        events: list[PacingEvent],
        on_connected: Callable[[Flight], None],
        on_abandoned: Callable[[Flight], None],
    ) -> None:
        self._connect_window = connect_window
        self._agenda = agenda
        self._tally = tally
        self._events = events
        self._on_connected = on_connected
        self._on_abandoned = on_abandoned
        self._waiting: dict[str, Flight] = {}  # first come, first served
        self._idle: dict[str, _Agent] = {}  # idle for longest first
        self._agents: list[_Agent] = []
        self._views: dict[str, AgentView] = {}  # of those logged in
        self.talking = 0
        for shift in shifts:
            agent = _Agent(shift.agent_id)
            self._agents.append(agent)
            for begin, end in shift.spans:
                agenda.enter(begin, self._arrives, agent)
                agenda.enter(end, self._leaves, agent)

    def views(self) -> list[AgentView]:
        return list(self._views.values())

    def serve(self, call: Flight) -> bool:
        """Whether an agent has the call at once; else it waits for as long as it may."""
        if self._idle:
            self._connect(call, next(iter(self._idle.values())))
            return True
        self._waiting[call.id] = call
        self._agenda.enter(self._agenda.now + self._connect_window, self._waited, call)
        return False

    def close(self) -> None:
        """The run is over: what is under way counts until now."""
        now = self._agenda.now
        for agent in self._agents:
            if agent.state == "out":
                continue
            self._tally.logged(agent.login_at, now)
            if agent.state != "idle":
                self._worked(agent)

    def _waited(self, call: Flight) -> None:
        if self._waiting.pop(call.id, None):
            self._on_abandoned(call)

    def _arrives(self, agent: _Agent) -> None:
        if agent.state != "out":  # still at the last call of before the pause
            agent.leaving = False
            return
        agent.login_at, agent.freed_at = self._agenda.now, None
        self._events.append(AgentLoggedIn(agent.id, self._agenda.now))
        self._is_free(agent)

    def _leaves(self, agent: _Agent) -> None:
        if agent.state == "idle":
            del self._idle[agent.id]
            self._logs_out(agent)
        elif agent.state != "out":
            agent.leaving = True

    def _logs_out(self, agent: _Agent) -> None:
        self._tally.logged(agent.login_at, self._agenda.now)
        agent.state, agent.leaving = "out", False
        del self._views[agent.id]
        self._events.append(AgentLoggedOut(agent.id, self._agenda.now))

    def _is_free(self, agent: _Agent) -> None:
        self._becomes(agent, "idle")
        self._idle[agent.id] = agent
        if self._waiting:
            self._connect(self._waiting.pop(next(iter(self._waiting))), agent)

    def _connect(self, call: Flight, agent: _Agent) -> None:
        now = self._agenda.now
        del self._idle[agent.id]
        if agent.freed_at is not None:
            self._tally.idle_gaps.append(now - agent.freed_at)
        self._tally.connected += 1
        self._tally.period(now).connected += 1
        self.talking += 1
        agent.call = call
        self._becomes(agent, "talking")
        self._agenda.enter(now + call.talk, self._talk_ends, agent)
        self._on_connected(call)

    def _talk_ends(self, agent: _Agent) -> None:
        assert agent.call is not None
        now, call = self._agenda.now, agent.call
        self.talking -= 1
        self._worked(agent)
        self._events.append(TalkEnded(agent.id, call.talk, now))
        self._becomes(agent, "wrapping")
        self._agenda.enter(now + call.fate.wrap, self._wrap_ends, agent)

    def _wrap_ends(self, agent: _Agent) -> None:
        assert agent.call is not None
        now, call = self._agenda.now, agent.call
        agent.call, agent.freed_at = None, now
        self._worked(agent)
        self._events.append(AgentFreed(agent.id, call.talk, call.fate.wrap, now, not agent.leaving))
        if agent.leaving:
            self._logs_out(agent)
        else:
            self._is_free(agent)

    def _worked(self, agent: _Agent) -> None:
        """Until now, in the state that ends."""
        now = self._agenda.now
        self._tally.busy(agent.since, now)
        if agent.state == "talking":
            self._tally.talk_seconds += now - agent.since
        else:
            self._tally.wrap_seconds += now - agent.since

    def _becomes(self, agent: _Agent, state: Literal["idle", "talking", "wrapping"]) -> None:
        agent.state, agent.since = state, self._agenda.now
        self._views[agent.id] = AgentView(agent.id, state, agent.since)
