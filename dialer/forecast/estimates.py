"""What simulated days say of the next one: its expected value and where it will lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, stdev

import numpy as np

# From so many days on their own quantiles say where the next will lie; fewer have no such tails.
_ENOUGH = 80


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean over the days, and the intervals in which 80 and 95 of 100 such days lie."""

    expected: float
    low80: float
    high80: float
    low95: float
    high95: float


def estimate(values: Sequence[float], *, at_least: float = 0.0, at_most: float = math.inf) -> Estimate:
    """Of one value for each day; the limits are those of the quantity itself."""
    low80, high80 = next_day(values, 0.8)
    low95, high95 = next_day(values, 0.95)
    limits = (min(at_most, max(at_least, value)) for value in (low80, high80, low95, high95))
    return Estimate(fmean(values), *limits)


def next_day(values: Sequence[float], share: float) -> tuple[float, float]:
    """Where a further value lies at this probability: by quantiles of many, by Student's t of few."""
    if len(values) >= _ENOUGH:
        low, high = np.quantile(np.array(values), ((1 - share) / 2, (1 + share) / 2))
        return float(low), float(high)
    if len(values) < 2:
        return values[0], values[0]
    reach = student_t(share, len(values) - 1) * stdev(values) * math.sqrt(1 + 1 / len(values))
    return fmean(values) - reach, fmean(values) + reach


def mean_interval(values: Sequence[float], share: float = 0.95) -> tuple[float, float]:
    """Where the mean itself lies at this probability."""
    if len(values) < 2:
        return values[0], values[0]
    reach = student_t(share, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - reach, fmean(values) + reach


@lru_cache(maxsize=64)
def student_t(share: float, degrees: int) -> float:
    """The two-sided quantile of Student's t, right to four digits."""
    # With t = sqrt(degrees) * tan(angle) the density is a power of the cosine, and its range is finite.
    angles = np.linspace(0.0, math.pi / 2, 20_001)
    density = np.cos(angles) ** (degrees - 1)
    below = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1])))
    return math.sqrt(degrees) * math.tan(float(np.interp(share * below[-1], below, angles)))
