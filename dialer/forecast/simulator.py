"""One run of a campaign, event by event, with the pacer that would dial it.

The pacer sees what it would see on a real switch: who is free, which calls ring, what happened since its last
decision. What will become of a call it never sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Literal

from dialer.forecast.fates import Fate, Fates
from dialer.forecast.leads import Supply
from dialer.forecast.shifts import Shift
from dialer.forecast.tally import Run
from dialer.forecast.world import CallList, World
from dialer.pacing import (
    AgentFreed,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentView,
    CallEnded,
    CallView,
    Pacer,
    PacingEvent,
    PacingSettings,
    PacingView,
    PersonAnswered,
    TalkEnded,
)

PERIOD_SECONDS = 900.0
_ROUNDING = 1e-9

CallResult = Literal["no_answer", "failed", "machine", "abandoned", "cancelled", "hung_up"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the legal window already holds when the run begins."""

    attempts: int = 0
    live: int = 0
    abandoned: int = 0


@dataclass(slots=True, eq=False)
class _Call:
    id: str
    dialled_at: float
    fate: Fate
    tried: int
    person: bool
    stage: Literal["dialling", "ringing", "detecting", "waiting", "over"] = "dialling"
    since: float = 0.0
    answered_at: float | None = None


@dataclass(slots=True, eq=False)
class _Agent:
    id: str
    state: Literal["out", "idle", "talking", "wrapping"] = "out"
    since: float = 0.0
    login_at: float = 0.0
    leaving: bool = False
    freed_at: float | None = None  # the end of the last wrap-up, if no logout came between
    call: _Call | None = None


class Simulation:
    """Run once by `run()`. Times are seconds from the start of the run."""

    def __init__(
        self,
        pacer: Pacer,
        world: World,
        shifts: Sequence[Shift],
        settings: PacingSettings,
        *,
        seed: int,
        seconds: float,
        calls: CallList | None = None,
        counted: Counted = Counted(),
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        self._pacer = pacer
        self._world = world
        self._settings = settings
        self._seconds = seconds
        self._counted = counted
        self._fates = Fates(world, seed, settings.ring_timeout)
        self._supply = Supply(calls)
        self._tally = Run(period_seconds)
        self._now = 0.0
        self._order = 0
        self._agenda: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._in_flight: dict[str, _Call] = {}  # in order of dialling
        self._waiting: dict[str, _Call] = {}  # first come, first served
        self._idle: dict[str, _Agent] = {}  # idle for longest first
        self._agents: dict[str, _Agent] = {}
        self._agent_views: dict[str, AgentView] = {}  # of those logged in
        self._call_views: dict[str, CallView] = {}
        self._talking = 0
        self._events: list[PacingEvent] = []
        self._second = -1  # in which calls were placed last
        self._this_second = 0
        for shift in shifts:
            agent = self._agents[shift.agent_id] = _Agent(shift.agent_id)
            for begin, end in shift.spans:
                self._at(begin, self._arrives, agent)
                self._at(end, self._leaves, agent)

    def run(self) -> Run:
        ticks = 0
        while (tick := ticks * self._settings.tick) < self._seconds and not self._tally.finished:
            self._pass_to(tick)
            self._decide()
            ticks += 1
            if self._supply.left == 0:
                self._tally.finished = True
        if not self._tally.finished:
            self._pass_to(self._seconds)
        self._close()
        return self._tally

    def unreached(self) -> float:
        """The share of this run's tries that reached nobody."""
        done = self._tally.attempts - self._tally.unfinished
        return 1 - self._tally.live / done if done else 1.0

    def tries_left(self) -> int | None:
        """Tries that the list still needs after the run, by the share that reached nobody in it."""
        return self._supply.tries_left(self.unreached())

    # Time

    def _at(self, at: float, handler: Callable[[Any], None], about: Any) -> None:
        self._order += 1
        heappush(self._agenda, (at, self._order, handler, about))

    def _pass_to(self, until: float) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] <= until:
            self._now, _, handler, about = heappop(agenda)
            handler(about)
        self._now = until

    # The pacer

    def _decide(self) -> None:
        now, tally, world = self._now, self._tally, self._world
        limit = None
        if world.calls_per_second is not None:
            if int(now + _ROUNDING) != self._second:
                self._second, self._this_second = int(now + _ROUNDING), 0
            limit = world.calls_per_second - self._this_second
        free = max(0, self._settings.lines - len(self._in_flight) - self._talking)
        ready = self._supply.ready(now)
        events, self._events = self._events, []
        decision = self._pacer.decide(
            PacingView(
                now,
                list(self._agent_views.values()),
                list(self._call_views.values()),
                events,
                free,
                self._counted.attempts + tally.attempts,
                self._counted.live + tally.connected + tally.abandoned,
                self._counted.abandoned + tally.abandoned,
                ready,
                limit,
            )
        )
        for call_id in decision.cancel:
            self._cancel(call_id)
        allowed = min(value for value in (decision.dial, free, ready, limit) if value is not None)
        tally.over_limits += max(0, decision.dial - max(0, allowed))
        for _ in range(allowed):
            self._dial()
        self._this_second += max(0, allowed)

    def _cancel(self, call_id: str) -> None:
        call = self._in_flight.get(call_id)
        rung = self._now - call.since + _ROUNDING if call and call.stage == "ringing" else 0.0
        if call is None or call.stage != "ringing" or rung < self._settings.min_ring:
            self._tally.refused_cancels += 1
            return
        self._tally.cancelled += 1
        self._end(call, "cancelled")

    # Calls

    def _dial(self) -> None:
        number = self._tally.attempts
        self._tally.attempts += 1
        self._tally.period(self._now).attempts += 1
        fate = self._fates[number]
        person = fate.answering < self._world.answer.at(self._now)
        call = _Call(f"call-{number}", self._now, fate, self._supply.take(), person, since=self._now)
        self._in_flight[call.id] = call
        self._see(call)
        if not person and fate.other < self._world.failed_share:
            self._at(self._now + fate.failing, self._fails, call)
        else:
            self._at(self._now + fate.setup, self._rings, call)

    def _fails(self, call: _Call) -> None:
        self._tally.failed += 1
        self._end(call, "failed")

    def _rings(self, call: _Call) -> None:
        self._stage(call, "ringing")
        fate, world = call.fate, self._world
        if call.person:
            self._at(self._now + fate.ring, self._is_answered, call)
        elif (
            fate.other < world.failed_share + world.voicemail_share
            and fate.pickup < self._settings.ring_timeout
        ):
            self._at(self._now + fate.pickup, self._is_answered, call)
        else:
            self._at(self._now + self._settings.ring_timeout, self._rings_out, call)

    def _rings_out(self, call: _Call) -> None:
        if call.stage != "over":
            self._tally.no_answer += 1
            self._end(call, "no_answer")

    def _is_answered(self, call: _Call) -> None:
        if call.stage != "over":
            call.answered_at = self._now
            self._stage(call, "detecting")
            self._at(self._now + call.fate.detection, self._is_detected, call)

    def _is_detected(self, call: _Call) -> None:
        if not call.person:
            self._tally.machines += 1
            self._end(call, "machine")
            return
        period = self._tally.period(self._now)
        period.live += 1
        if call.fate.mistaking < self._world.false_positive:
            self._tally.mistaken += 1
            period.abandoned += 1
            self._end(call, "machine")
            return
        answered_at = self._now if call.answered_at is None else call.answered_at
        self._events.append(PersonAnswered(call.id, call.dialled_at, answered_at, self._now))
        if self._idle:
            self._connect(call, next(iter(self._idle.values())))
        else:
            self._stage(call, "waiting")
            self._waiting[call.id] = call
            self._at(self._now + self._settings.connect_window, self._waited, call)

    def _waited(self, call: _Call) -> None:
        if call.stage == "waiting":
            del self._waiting[call.id]
            self._tally.abandoned += 1
            self._tally.period(self._now).abandoned += 1
            self._end(call, "abandoned")

    def _end(self, call: _Call, result: CallResult) -> None:
        """No agent talks with them."""
        self._forget(call)
        self._supply.give_back(call.tried, self._now, reached=call.person and call.answered_at is not None)
        self._events.append(CallEnded(call.id, result, call.dialled_at, call.answered_at, self._now))

    def _forget(self, call: _Call) -> None:
        call.stage = "over"
        del self._in_flight[call.id]
        del self._call_views[call.id]

    def _stage(self, call: _Call, stage: Literal["ringing", "detecting", "waiting"]) -> None:
        call.stage, call.since = stage, self._now
        self._see(call)

    def _see(self, call: _Call) -> None:
        if call.stage != "over":
            self._call_views[call.id] = CallView(call.id, call.dialled_at, call.stage, call.since)

    # Agents

    def _arrives(self, agent: _Agent) -> None:
        if agent.state != "out":  # still at the last call of before the pause
            agent.leaving = False
            return
        agent.login_at, agent.freed_at = self._now, None
        self._events.append(AgentLoggedIn(agent.id, self._now))
        self._is_free(agent)

    def _leaves(self, agent: _Agent) -> None:
        if agent.state == "idle":
            del self._idle[agent.id]
            self._logs_out(agent)
        elif agent.state != "out":
            agent.leaving = True

    def _logs_out(self, agent: _Agent) -> None:
        self._tally.logged(agent.login_at, self._now)
        agent.state, agent.leaving = "out", False
        del self._agent_views[agent.id]
        self._events.append(AgentLoggedOut(agent.id, self._now))

    def _is_free(self, agent: _Agent) -> None:
        self._becomes(agent, "idle")
        self._idle[agent.id] = agent
        if self._waiting:
            call = next(iter(self._waiting.values()))
            del self._waiting[call.id]
            self._connect(call, agent)

    def _connect(self, call: _Call, agent: _Agent) -> None:
        self._forget(call)
        self._supply.give_back(call.tried, self._now, reached=True)
        del self._idle[agent.id]
        if agent.freed_at is not None:
            self._tally.idle_gaps.append(self._now - agent.freed_at)
        self._tally.connected += 1
        self._tally.period(self._now).connected += 1
        self._talking += 1
        agent.call = call
        self._becomes(agent, "talking")
        self._at(self._now + call.fate.talk, self._talk_ends, agent)

    def _talk_ends(self, agent: _Agent) -> None:
        call = agent.call
        assert call is not None
        self._talking -= 1
        self._tally.talk_seconds += self._now - agent.since
        self._tally.busy(agent.since, self._now)
        self._events.append(TalkEnded(agent.id, call.fate.talk, self._now))
        self._becomes(agent, "wrapping")
        self._at(self._now + call.fate.wrap, self._wrap_ends, agent)

    def _wrap_ends(self, agent: _Agent) -> None:
        assert agent.call is not None
        fate, agent.call, agent.freed_at = agent.call.fate, None, self._now
        self._tally.wrap_seconds += self._now - agent.since
        self._tally.busy(agent.since, self._now)
        self._events.append(AgentFreed(agent.id, fate.talk, fate.wrap, self._now, not agent.leaving))
        if agent.leaving:
            self._logs_out(agent)
        else:
            self._is_free(agent)

    def _becomes(self, agent: _Agent, state: Literal["idle", "talking", "wrapping"]) -> None:
        agent.state, agent.since = state, self._now
        self._agent_views[agent.id] = AgentView(agent.id, state, self._now)

    # The end

    def _close(self) -> None:
        tally = self._tally
        tally.seconds = self._now
        tally.unfinished = len(self._in_flight)
        tally.leads_left = self._supply.left
        for agent in self._agents.values():
            if agent.state == "out":
                continue
            tally.logged(agent.login_at, self._now)
            if agent.state != "idle":
                seconds = self._now - agent.since
                tally.busy(agent.since, self._now)
                if agent.state == "talking":
                    tally.talk_seconds += seconds
                else:
                    tally.wrap_seconds += seconds


def simulate(
    pacer: Pacer,
    world: World,
    shifts: Sequence[Shift],
    settings: PacingSettings,
    *,
    seed: int,
    seconds: float,
    calls: CallList | None = None,
    counted: Counted = Counted(),
) -> Run:
    """The run of `seconds` that this pacer makes of the world; the same of the same seed."""
    return Simulation(
        pacer, world, shifts, settings, seed=seed, seconds=seconds, calls=calls, counted=counted
    ).run()
