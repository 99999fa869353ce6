"""What past calls say of the next: answer rates by hour, how much days differ, how long talks take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, pvariance

from dialer.forecast.durations import Duration, Observed

# Of nothing but the trade's experience; so many calls of the campaign's own weigh as much.
DEFAULT_ANSWER_RATE = 0.25
DEFAULT_SPREAD = 0.25  # standard deviation of a day's log-odds
_DEFAULT_WEIGHT = 50.0
_DAY_WEIGHT = 200.0  # calls of one hour of the day that weigh as much as those of all hours
_ENOUGH_TALKS = 30
_ENOUGH_DAYS = 5

Counts = tuple[int, int]  # (calls placed, answered by a person)


def answer_by_hour(
    hours: Sequence[int], by_hour: Mapping[int, Counts], default: float = DEFAULT_ANSWER_RATE
) -> tuple[float, ...]:
    """The answer rate in each of the `hours` of the day (0..23), drawn to the mean where calls were few."""
    placed = sum(calls for calls, _ in by_hour.values())
    answered = sum(answers for _, answers in by_hour.values())
    whole = (answered + default * _DEFAULT_WEIGHT) / (placed + _DEFAULT_WEIGHT)
    rates = []
    for hour in hours:
        calls, answers = by_hour.get(hour, (0, 0))
        rates.append((answers + whole * _DAY_WEIGHT) / (calls + _DAY_WEIGHT))
    return tuple(rates)


def answer_spread(days: Sequence[Counts]) -> float:
    """How much whole days differ beyond chance, as a standard deviation of log-odds.

    That few calls make days differ is taken off. Of fewer than five days nothing is known.
    """
    known = [(calls, answers) for calls, answers in days if 0 < answers < calls]
    if len(known) < _ENOUGH_DAYS:
        return DEFAULT_SPREAD
    odds = [math.log(answers / (calls - answers)) for calls, answers in known]
    by_chance = fmean(1 / answers + 1 / (calls - answers) for calls, answers in known)
    return math.sqrt(max(0.0, pvariance(odds) * len(odds) / (len(odds) - 1) - by_chance))


def learned_duration(seconds: Sequence[float], default: Duration) -> Duration:
    """What was measured, if it was thirty times or more."""
    return Observed.of(seconds) if len(seconds) >= _ENOUGH_TALKS else default
