"""The campaigns that pacing is measured on: sizes and answer rates, and what may go wrong with them.

A cell is looked up by its name, so that another process can run it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dialer.forecast import AnswerRate, CallList, LogNormal, Mixture, Shift, World, all_day, away, with_pauses
from dialer.pacing import PacingSettings

HOUR = 3600.0
CAP = 0.03
# Long enough for a thousand answers and more, where the day is.
HOURS = {3: 8.0, 10: 8.0, 30: 4.0, 100: 4.0, 300: 4.0}
GOALS = {
    (0.15, 10): 82.5,
    (0.15, 30): 91.0,
    (0.15, 100): 96.3,
    (0.15, 300): 98.5,
    (0.3, 3): 75.5,
    (0.3, 10): 85.0,
    (0.3, 30): 91.8,
    (0.3, 100): 96.5,
    (0.3, 300): 98.7,
    (0.5, 3): 83.5,
    (0.5, 10): 87.3,
    (0.5, 30): 92.5,
}
LOST_AT_ONE_PERCENT = 2.5  # points of utilisation that a cap of 1 % may cost from 30 agents up

Shifts = Callable[[Sequence[Shift], float, int], Sequence[Shift]]
Answering = Callable[[float, float, int], AnswerRate]


@dataclass(frozen=True)
class Cell:
    """One campaign. `answering` and `shifts` are told the length in seconds and the seed."""

    name: str
    p: float
    agents: int
    hours: float
    seeds: int
    goal: float | None = None  # percent
    loses_from: str | None = None  # the cell that this may be LOST_AT_ONE_PERCENT points below
    world: World = field(default_factory=World)
    answering: Answering = lambda p, seconds, seed: AnswerRate.constant(p)
    shifts: Shifts = lambda everybody, seconds, seed: everybody
    calls: CallList | None = None
    cap: float = CAP
    ring_timeout: float = 25.0
    lines: int | None = None
    horizon: bool = True  # the pacer is told when the run ends
    restarts: bool = False  # half-way the pacer begins anew, with its knowledge

    @property
    def seconds(self) -> float:
        return self.hours * HOUR

    @property
    def settings(self) -> PacingSettings:
        return PacingSettings(
            abandon_cap=self.cap,
            ring_timeout=self.ring_timeout,
            lines=self.lines or 4 * self.agents + 8,
            horizon=self.seconds if self.horizon else None,
            machine_error=self.world.false_positive,
        )

    def on_shift(self, seed: int) -> Sequence[Shift]:
        return self.shifts(all_day(self.agents, self.seconds), self.seconds, seed)

    def answer_rate(self, seed: int) -> AnswerRate:
        return self.answering(self.p, self.seconds, seed)


def _steps(p: float, seconds: float, seed: int) -> AnswerRate:
    return AnswerRate(((0.0, 0.5), (seconds / 3, 0.2), (2 * seconds / 3, 0.5)))


def _drift(p: float, seconds: float, seed: int) -> AnswerRate:
    """A wave of a third of p over two hours, its phase by the seed, with a walk on top; a step a minute."""
    chance = np.random.default_rng((seed, 13))
    phase = float(chance.random())
    walk = np.cumsum(chance.standard_normal(math.ceil(seconds / 60))) * 0.01
    rates = [
        min(0.9, max(0.03, p * (1 + math.sin(2 * math.pi * (minute / 120 + phase)) / 3) * math.exp(step)))
        for minute, step in enumerate(walk.tolist())
    ]
    return AnswerRate(tuple((60.0 * minute, rate) for minute, rate in enumerate(rates)))


def _lunch(everybody: Sequence[Shift], seconds: float, seed: int) -> Sequence[Shift]:
    return away(everybody, 0.5, seconds * 0.4, seconds * 0.6)


def _pauses(everybody: Sequence[Shift], seconds: float, seed: int) -> Sequence[Shift]:
    return with_pauses(everybody, 40 * 60.0, 5 * 60.0, seed)


def _two_peaks() -> Mixture:
    """Four of ten say no within seconds; the mean is 120 s as elsewhere."""
    return Mixture(((0.4, LogNormal.of_mean(20.0, 0.5)), (0.6, LogNormal.of_mean(560 / 3, 0.4))))


def _talk(cv: float) -> World:
    return World(talk=LogNormal.of_mean(120.0, cv))


SIZES = tuple(
    Cell(
        f"p {p:g}, {agents} agents",
        p,
        agents,
        HOURS[agents],
        {3: 20, 10: 6, 30: 6, 100: 4, 300: 3}[agents],
        goal,
    )
    for (p, agents), goal in GOALS.items()
)

CAPS = tuple(
    Cell(
        f"cap 1 %, {agents} agents",
        0.3,
        agents,
        HOURS[agents],
        seeds,
        loses_from=f"p 0.3, {agents} agents",
        cap=0.01,
    )
    for agents, seeds in ((30, 6), (100, 4), (300, 2))
)

_A, _H = 30, 2.0

VARIATIONS = (
    Cell("p steps .5, .2, .5", 0.3, _A, 3.0, 3, answering=_steps),
    Cell("hidden drift of p", 0.3, _A, 4.0, 3, answering=_drift),
    Cell("half the agents leave for lunch", 0.3, _A, _H, 3, shifts=_lunch),
    Cell("random pauses", 0.3, _A, _H, 3, shifts=_pauses),
    Cell("random pauses, 10 agents", 0.3, 10, 4.0, 20, shifts=_pauses),
    Cell("0.5 % of people taken for machines", 0.3, _A, _H, 3, world=World(false_positive=0.005)),
    Cell("1 % of people taken for machines", 0.3, _A, _H, 3, world=World(false_positive=0.01)),
    Cell("1.4 % of people taken for machines", 0.3, _A, _H, 3, world=World(false_positive=0.014)),
    Cell("2 % of people taken for machines", 0.3, _A, _H, 3, world=World(false_positive=0.02)),
    Cell("ring median 5 s", 0.3, _A, _H, 3, world=World(ring=LogNormal(5.0, 0.5))),
    Cell("ring median 12 s", 0.3, _A, _H, 3, world=World(ring=LogNormal(12.0, 0.5))),
    Cell("ring timeout 18 s", 0.3, _A, _H, 3, ring_timeout=18.0),
    Cell("ring timeout 30 s", 0.3, _A, _H, 3, ring_timeout=30.0),
    Cell("voicemail 10 %", 0.3, _A, _H, 3, world=World(voicemail_share=0.1)),
    Cell("voicemail 50 %", 0.3, _A, _H, 3, world=World(voicemail_share=0.5)),
    Cell("talk CV 0.6", 0.3, _A, _H, 3, world=_talk(0.6)),
    Cell("talk CV 1.6", 0.3, _A, _H, 3, world=_talk(1.6)),
    Cell("talk of two peaks", 0.3, _A, _H, 3, world=World(talk=_two_peaks())),
    Cell("36 lines", 0.3, _A, _H, 3, lines=36),
    Cell("1 call per second", 0.3, _A, _H, 3, world=World(calls_per_second=1)),
    Cell("a list of 1,500 leads", 0.3, _A, _H, 3, calls=CallList(1500)),
    Cell("one hour, 10 agents", 0.3, 10, 1.0, 20),
    Cell("one hour, 30 agents", 0.3, _A, 1.0, 20),
    Cell("the end is not known", 0.3, _A, _H, 3, horizon=False),
    Cell("restarted half-way", 0.3, _A, _H, 3, restarts=True),
)

CELLS = {cell.name: cell for cell in (*SIZES, *CAPS, *VARIATIONS)}
