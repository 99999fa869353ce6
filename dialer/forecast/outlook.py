"""The dry run: what simulated days of a plan say of the day to come."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from dialer.forecast.estimates import Estimate, estimate, next_day
from dialer.forecast.plan import DAY_SECONDS, HOUR_SECONDS, Day, Plan, simulate_day
from dialer.forecast.tally import Period
from dialer.pacing import PacingSettings

_DAYS_AHEAD = 366


@dataclass(frozen=True, slots=True)
class Moment:
    """`day` 0 is the planned day; `second` is of that day."""

    day: int
    second: float


@dataclass(frozen=True, slots=True)
class Finish:
    """When the list is done, if the following days are as the planned one: median, and 8 of 10 between.

    None: not within a year.
    """

    expected: Moment | None
    low80: Moment | None
    high80: Moment | None
    on_the_day: float  # share of the simulated days in which the list was done


@dataclass(frozen=True, slots=True)
class HourOutlook:
    starts: float  # second of the day
    agents: int
    calls: Estimate
    reached: Estimate


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """(10th, 50th, 90th percentile) of the days. None where no day had agents, or answers."""

    ends: float  # second of the day
    utilisation: tuple[float, float, float] | None  # in this period
    abandoned: tuple[float, float, float] | None  # of all answers until then: what the cap is held against


@dataclass(frozen=True, slots=True)
class Forecast:
    """Shares are 0..1. `holds_cap`: in so many of the simulated `days` the cap was held."""

    days: int
    abandon_cap: float
    utilisation: Estimate
    abandoned: Estimate
    holds_cap: int
    calls: Estimate
    reached: Estimate
    calls_per_answer: float | None
    finish: Finish
    leads_left: float  # at the end of the planned day, on the mean
    hours: tuple[HourOutlook, ...]
    curve: tuple[CurvePoint, ...]

    @property
    def holds_cap_share(self) -> float:
        return self.holds_cap / self.days

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"holds_cap_share": self.holds_cap_share}


@dataclass(frozen=True, slots=True)
class Variant:
    """The forecast of the plan with `change` agents more in each hour, or fewer."""

    change: int
    forecast: Forecast


def forecast(plan: Plan, leads: int, settings: PacingSettings, seeds: Iterable[int]) -> Forecast:
    """One simulated day for each seed. More days cost as much time as they are many; 30 are a fair start."""
    return summarise(plan, settings, [simulate_day(plan, leads, settings, seed) for seed in seeds])


def what_if(
    plan: Plan, leads: int, settings: PacingSettings, seeds: Sequence[int], changes: Sequence[int] = (-2, 2)
) -> tuple[Variant, ...]:
    """The same days with other numbers of agents."""
    return tuple(
        Variant(change, forecast(plan.with_agents(change), leads, settings, seeds)) for change in changes
    )


def agents_needed(
    plan: Plan,
    leads: int,
    settings: PacingSettings,
    seeds: Sequence[int],
    finish_by: Moment,
    *,
    most: int = 100,
) -> int | None:
    """The fewest agents more (or most fewer: below 0) with whom half of the days are done by `finish_by`.

    None if `most` more do not suffice either.
    """

    def done(change: int) -> bool:
        finish = forecast(plan.with_agents(change), leads, settings, seeds).finish.expected
        return finish is not None and (finish.day, finish.second) <= (finish_by.day, finish_by.second)

    enough, short = 0, 1 - max(plan.agents)  # `short` leaves one agent
    if not done(0):
        short, step = 0, max(1, max(plan.agents) // 4)
        while not done(min(most, short + step)):
            short += step
            if short >= most:
                return None
            step *= 2
        enough = min(most, short + step)
    elif short == 0 or done(short):
        return short
    while enough - short > 1:
        middle = (enough + short) // 2
        if done(middle):
            enough = middle
        else:
            short = middle
    return enough


def summarise(plan: Plan, settings: PacingSettings, days: Sequence[Day]) -> Forecast:
    """Of days that `simulate_day` made, in any order; so they may come from several processes, bit by bit."""
    if not days:
        raise ValueError("A forecast needs one simulated day or more: give it seeds.")
    runs = [day.run for day in days]
    live = sum(run.live for run in runs)
    return Forecast(
        days=len(days),
        abandon_cap=settings.abandon_cap,
        utilisation=estimate([run.utilisation for run in runs], at_most=1.0),
        abandoned=estimate([run.abandon_rate for run in runs], at_most=1.0),
        holds_cap=sum(day.holds_cap for day in days),
        calls=estimate([run.attempts for run in runs]),
        reached=estimate([run.connected for run in runs]),
        calls_per_answer=sum(run.attempts for run in runs) / live if live else None,
        finish=_finish(plan, days),
        leads_left=fmean(run.leads_left or 0 for run in runs),
        hours=_hours(plan, days),
        curve=_curve(plan, days),
    )


def _finish(plan: Plan, days: Sequence[Day]) -> Finish:
    ends = sorted(_end_of_list(plan, day) for day in days)

    def at(share: float) -> Moment | None:
        second = ends[min(len(ends) - 1, max(0, math.ceil(share * len(ends)) - 1))]
        return Moment(int(second // DAY_SECONDS), second % DAY_SECONDS) if math.isfinite(second) else None

    return Finish(at(0.5), at(0.1), at(0.9), sum(day.run.finished for day in days) / len(days))


def _end_of_list(plan: Plan, day: Day) -> float:
    """Seconds from the midnight before the planned day; the days that follow dial as that one did."""
    if day.run.finished:
        return plan.starts + day.run.seconds
    a_day = sum(period.attempts for period in day.run.periods)
    if not a_day or day.tries_left / a_day > _DAYS_AHEAD:
        return math.inf
    whole, left = divmod(day.tries_left, a_day)
    since = plan.starts + (1 + whole) * DAY_SECONDS
    for number, period in enumerate(day.run.periods):
        if left <= period.attempts:
            part = left / period.attempts if period.attempts else 0.0
            return since + (number + part) * day.run.period_seconds
        left -= period.attempts
    return since + plan.seconds


def _hours(plan: Plan, days: Sequence[Day]) -> tuple[HourOutlook, ...]:
    hours = []
    for hour, agents in enumerate(plan.agents):
        calls, reached = [], []
        for day in days:
            per_hour = round(HOUR_SECONDS / day.run.period_seconds)
            periods = day.run.periods[hour * per_hour : (hour + 1) * per_hour]
            calls.append(sum(period.attempts for period in periods))
            reached.append(sum(period.connected for period in periods))
        hours.append(
            HourOutlook(plan.starts + hour * HOUR_SECONDS, agents, estimate(calls), estimate(reached))
        )
    return tuple(hours)


def _curve(plan: Plan, days: Sequence[Day]) -> tuple[CurvePoint, ...]:
    period_seconds = days[0].run.period_seconds
    live, dropped = [0] * len(days), [0] * len(days)
    points = []
    for place in range(math.ceil(plan.seconds / period_seconds)):
        utilisation, abandoned = [], []
        for number, day in enumerate(days):
            period = day.run.periods[place] if place < len(day.run.periods) else Period()
            live[number] += period.live
            dropped[number] += period.abandoned
            if period.logged_seconds:
                utilisation.append(period.busy_seconds / period.logged_seconds)
            if live[number]:
                abandoned.append(dropped[number] / live[number])
        ends = plan.starts + min(plan.seconds, (place + 1) * period_seconds)
        points.append(CurvePoint(ends, _percentiles(utilisation), _percentiles(abandoned)))
    return tuple(points)


def _percentiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    if not values:
        return None
    low, high = next_day(values, 0.8)
    middle = sorted(values)[len(values) // 2]
    return min(middle, max(0.0, low)), middle, max(middle, min(1.0, high))
