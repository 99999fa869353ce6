"""One run of a campaign, event by event, with the pacer that would dial it.

The pacer sees what it would see on a real switch: who is free, which calls ring, what happened since its last
decision. What will become of a call it never sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialer.forecast.agenda import Agenda
from dialer.forecast.fates import Fates
from dialer.forecast.flights import Flight, Flights
from dialer.forecast.floor import Floor
from dialer.forecast.leads import Supply
from dialer.forecast.shifts import Shift
from dialer.forecast.tally import Run
from dialer.forecast.world import CallList, World
from dialer.pacing import Pacer, PacingEvent, PacingSettings, PacingView

PERIOD_SECONDS = 900.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Counted:
    """What the legal window already holds when the run begins."""

    attempts: int = 0
    live: int = 0
    abandoned: int = 0


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
        self._agenda = Agenda()
        self._tally = Run(period_seconds)
        self._events: list[PacingEvent] = []
        self._supply = Supply(calls)
        fates = Fates(world, seed, settings.ring_timeout)
        shared = (self._agenda, self._tally, self._events)
        self._flights = Flights(world, settings, fates, self._supply, *shared, self._answers)
        self._floor = Floor(
            shifts, settings.connect_window, *shared, self._flights.hand_over, self._is_abandoned
        )
        self._second = -1  # in which calls were placed last
        self._this_second = 0

    def run(self) -> Run:
        tally, ticks = self._tally, 0
        while (tick := ticks * self._settings.tick) < self._seconds and not tally.finished:
            self._agenda.pass_to(tick)
            self._decide()
            ticks += 1
            tally.finished = self._supply.left == 0
        if not tally.finished:
            self._agenda.pass_to(self._seconds)
        self._floor.close()
        tally.seconds = self._agenda.now
        tally.unfinished = len(self._flights)
        tally.leads_left = self._supply.left
        return tally

    def tries_left(self) -> int | None:
        """Tries that the list still needs after the run, by the share that reached nobody in it."""
        done = self._tally.attempts - self._tally.unfinished
        return self._supply.tries_left(1 - self._tally.live / done if done else 1.0)

    def _decide(self) -> None:
        now, tally = self._agenda.now, self._tally
        limit = self._placeable(now)
        free = max(0, self._settings.lines - len(self._flights) - self._floor.talking)
        ready = self._supply.ready(now)
        events = self._events.copy()
        self._events.clear()
        decision = self._pacer.decide(
            PacingView(
                now,
                self._floor.views(),
                self._flights.views(),
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
            self._flights.cancel(call_id)
        allowed = max(0, min(value for value in (decision.dial, free, ready, limit) if value is not None))
        tally.over_limits += max(0, decision.dial - allowed)
        for _ in range(allowed):
            self._flights.dial()
        self._this_second += allowed

    def _placeable(self, now: float) -> int | None:
        """Calls that may still be placed this second; None for no limit."""
        if self._world.calls_per_second is None:
            return None
        second = int(now + _ROUNDING)
        if second != self._second:
            self._second, self._this_second = second, 0
        return self._world.calls_per_second - self._this_second

    def _answers(self, call: Flight) -> None:
        if not self._floor.serve(call):
            self._flights.stage(call, "waiting")

    def _is_abandoned(self, call: Flight) -> None:
        self._tally.abandoned += 1
        self._tally.period(self._agenda.now).abandoned += 1
        self._flights.end(call, "abandoned")


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
