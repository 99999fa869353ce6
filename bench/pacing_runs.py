"""One run of one cell by one policy, and what many runs come to."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from bench.pacing_baselines import MOST, AdaptiveLevel, FixedRatio
from bench.pacing_cells import CELLS, Cell
from bench.report import percentile
from dialer.forecast import simulate
from dialer.forecast.estimates import mean_interval
from dialer.pacing import Pacer, PacingDecision, PacingSettings, PacingView, create_pacer

PREDICTIVE, PROGRESSIVE, RATIO, ADAPTIVE = "predictive", "progressive", "tuned ratio", "adaptive level"
POLICIES = (PREDICTIVE, PROGRESSIVE, RATIO, ADAPTIVE)
ENOUGH_LIVE = 1000  # from so many answers on a run itself must end under the cap
SHORT_RUNS_HOLD = 0.95
_TUNING_SEEDS = (9001, 9002)
_TUNING_STEPS = 9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of a run. Utilisation in percent, times in seconds, `decide_p99` in ms of CPU."""

    utilisation: float
    attempts: int
    live: int
    dropped: int
    holds: bool
    over_limits: int
    refused_cancels: int
    gaps: tuple[float, ...]
    decide_p99: float
    decide_mean: float
    simulation_seconds: float

    @property
    def abandoned(self) -> float:
        return 100 * self.dropped / self.live if self.live else 0.0


class Timed:
    """A pacer, and how long each of its decisions took; begun anew once if asked for."""

    def __init__(self, pacer: Pacer, settings: PacingSettings, restart_at: float = math.inf) -> None:
        self._pacer = pacer
        self._settings = settings
        self._restart_at = restart_at
        self.nanoseconds: list[int] = []

    def decide(self, view: PacingView) -> PacingDecision:
        if view.now >= self._restart_at:
            self._restart_at = math.inf
            self._pacer = create_pacer("predictive", self._settings, self._pacer.knowledge())
        began = time.thread_time_ns()
        decision = self._pacer.decide(view)
        self.nanoseconds.append(time.thread_time_ns() - began)
        return decision

    def knowledge(self) -> dict[str, Any]:
        return self._pacer.knowledge()

    def explain(self) -> dict[str, Any]:
        return self._pacer.explain()


def run_cell(name: str, policy: str, seed: int, level: float = 1.0) -> Outcome:
    """`level` is the fixed ratio's. The same seed has the same people whatever the policy."""
    cell = CELLS[name]
    began = time.thread_time()
    settings = cell.settings
    pacer = Timed(
        _pacer(policy, settings, level), settings, cell.seconds / 2 if _restarts(cell, policy) else math.inf
    )
    run = simulate(
        pacer,
        replace(cell.world, answer=cell.answer_rate(seed)),
        cell.on_shift(seed),
        settings,
        seed=seed,
        seconds=cell.seconds,
        calls=cell.calls,
    )
    allowed = math.floor(settings.abandon_cap * run.live + 1e-9)
    return Outcome(
        utilisation=100 * run.utilisation,
        attempts=run.attempts,
        live=run.live,
        dropped=run.dropped,
        holds=run.dropped <= allowed,
        over_limits=run.over_limits,
        refused_cancels=run.refused_cancels,
        gaps=tuple(run.idle_gaps),
        decide_p99=percentile(pacer.nanoseconds, 0.99) / 1e6,
        decide_mean=fmean(pacer.nanoseconds) / 1e6,
        simulation_seconds=time.thread_time() - began - sum(pacer.nanoseconds) / 1e9,
    )


def tuned_level(name: str) -> float:
    """The most lines an agent with whom the cap is just held, over runs that are not reported."""
    low, high = 0.5, MOST / CELLS[name].p / 2
    for _ in range(_TUNING_STEPS):
        middle = (low + high) / 2
        runs = [run_cell(name, RATIO, seed, middle) for seed in _TUNING_SEEDS]
        if sum(run.dropped for run in runs) <= CELLS[name].cap * sum(run.live for run in runs):
            low = middle
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True)
class Summary:
    """Of all runs of a cell by a policy. `held`: runs that hold the cap, of `runs`; percent and seconds."""

    runs: int
    utilisation: float
    low: float
    high: float
    abandoned: float
    worst: float
    live: float
    held: int
    counts: bool
    idle_mean: float
    idle_p95: float
    dials_per_answer: float
    decide_p99: float
    over_limits: int


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """`counts` by the rule: each long run ends under the cap, and 95 of 100 of the shorter ones."""
    gaps = [gap for outcome in outcomes for gap in outcome.gaps]
    live = sum(outcome.live for outcome in outcomes)
    long = [outcome.holds for outcome in outcomes if outcome.live >= ENOUGH_LIVE]
    short = [outcome.holds for outcome in outcomes if outcome.live < ENOUGH_LIVE]
    low, high = mean_interval([outcome.utilisation for outcome in outcomes])
    return Summary(
        runs=len(outcomes),
        utilisation=fmean(outcome.utilisation for outcome in outcomes),
        low=low,
        high=high,
        abandoned=100 * sum(outcome.dropped for outcome in outcomes) / live if live else 0.0,
        worst=max(outcome.abandoned for outcome in outcomes),
        live=live / len(outcomes),
        held=sum(long) + sum(short),
        counts=all(long) and sum(short) >= SHORT_RUNS_HOLD * len(short),
        idle_mean=fmean(gaps) if gaps else 0.0,
        idle_p95=percentile(gaps, 0.95) if gaps else 0.0,
        dials_per_answer=sum(outcome.attempts for outcome in outcomes) / live if live else 0.0,
        decide_p99=median(outcome.decide_p99 for outcome in outcomes),
        over_limits=sum(outcome.over_limits + outcome.refused_cancels for outcome in outcomes),
    )


def _pacer(policy: str, settings: PacingSettings, level: float) -> Pacer:
    if policy == RATIO:
        return FixedRatio(level)
    if policy == ADAPTIVE:
        return AdaptiveLevel(settings)
    return create_pacer("predictive" if policy == PREDICTIVE else "progressive", settings)


def _restarts(cell: Cell, policy: str) -> bool:
    return cell.restarts and policy == PREDICTIVE
