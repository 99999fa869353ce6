"""A planned day of calling, and one simulated day of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from dialer import pacing
from dialer.forecast.shifts import by_period
from dialer.forecast.simulator import Counted, Simulation
from dialer.forecast.tally import Run
from dialer.forecast.world import AnswerRate, CallList, World
from dialer.pacing import PacingSettings

HOUR_SECONDS = 3600.0
DAY_SECONDS = 86400.0
# Deciding twice as seldom as a real campaign does halves the time that a day takes, and moves utilisation and
# abandoned calls by less than 0.2 points; at 2 s utilisation is half a point too low.
_TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Who calls when, and what is known of those who are called.

    `starts`: second of the day, in the campaign's time zone. `agents` and `answer` are by hour from then; one
    answer probability stands for all hours. `ends_after`: seconds, if that is before the last hour is over.
    `world` holds the rest: ring, voicemails, talk, wrap-up; its own answer rate is not read.
    `answer_spread`: how much whole days differ from what is known, as a standard deviation of log-odds.
    `knowledge` is the pacer's own of this campaign, `counted` what the legal window already holds.
    """

    starts: float
    agents: tuple[int, ...]
    answer: tuple[float, ...]
    world: World = field(default_factory=World)
    tries: int = 1
    retry_seconds: float = 4 * HOUR_SECONDS
    ends_after: float | None = None
    answer_spread: float = 0.0
    mode: Literal["progressive", "predictive"] = "predictive"
    knowledge: Mapping[str, Any] | None = None
    counted: Counted = field(default_factory=Counted)

    def __post_init__(self) -> None:
        if not 0 <= self.starts < DAY_SECONDS:
            raise ValueError(f"A plan starts at a second of the day, 0 to 86399; {self.starts:g} is none.")
        if not self.agents or max(self.agents) < 1 or min(self.agents) < 0:
            raise ValueError(f"A plan needs an agent in one hour or more; this one has {list(self.agents)}.")
        if self.ends_after is not None and not self.ends_after > 0:
            raise ValueError(f"A plan ends some seconds after it starts, not {self.ends_after:g}.")
        if len(self.agents) > 24:
            raise ValueError(f"A plan is of one day, at most 24 hours; this one has {len(self.agents)}.")
        if len(self.answer) not in (1, len(self.agents)):
            raise ValueError(
                f"The answer rates are one for all hours or one for each of the {len(self.agents)};"
                f" these are {len(self.answer)}."
            )
        if not all(0 <= rate <= 1 for rate in self.answer) or self.answer_spread < 0:
            raise ValueError(
                f"Answer rates are in 0..1 and their spread is not negative: {list(self.answer)}."
            )

    @property
    def seconds(self) -> float:
        hours = len(self.agents) * HOUR_SECONDS
        return hours if self.ends_after is None else min(hours, self.ends_after)

    def with_agents(self, change: int) -> Plan:
        """The plan with so many agents more, or fewer; hours without any stay so, others keep one."""
        return replace(self, agents=tuple(max(1, count + change) if count else 0 for count in self.agents))


@dataclass(frozen=True, slots=True)
class Day:
    """What one simulated day came to. `tries_left`: tries that the list still needs after it."""

    run: Run
    tries_left: int
    holds_cap: bool


def simulate_day(plan: Plan, leads: int, settings: PacingSettings, seed: int) -> Day:
    """The day of this seed: its people, its pauses and how willing people are to answer."""
    world = replace(plan.world, answer=_answer_of_day(plan, seed))
    settings = replace(
        settings,
        horizon=plan.seconds if settings.horizon is None else settings.horizon,
        tick=max(_TICK_SECONDS, settings.tick),
    )
    simulation = Simulation(
        pacing.create_pacer(plan.mode, settings, dict(plan.knowledge) if plan.knowledge else None),
        world,
        by_period(plan.agents, HOUR_SECONDS),
        settings,
        seed=seed,
        seconds=plan.seconds,
        calls=CallList(leads, plan.tries, plan.retry_seconds),
        counted=plan.counted,
    )
    run = simulation.run()
    live = plan.counted.live + run.live
    dropped = plan.counted.abandoned + run.dropped
    return Day(run, simulation.tries_left() or 0, dropped <= math.floor(settings.abandon_cap * live))


def _answer_of_day(plan: Plan, seed: int) -> AnswerRate:
    shift = plan.answer_spread * float(np.random.default_rng((seed, 11)).standard_normal())
    rates = plan.answer if len(plan.answer) > 1 else plan.answer * len(plan.agents)
    return AnswerRate(tuple((hour * HOUR_SECONDS, _shifted(rate, shift)) for hour, rate in enumerate(rates)))


def _shifted(rate: float, shift: float) -> float:
    if rate in (0.0, 1.0):
        return rate
    return 1 / (1 + (1 - rate) / rate * math.exp(-shift))
