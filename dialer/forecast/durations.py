"""How long things take: distributions that turn uniform numbers into seconds.

One uniform number per call and quantity makes two policies meet the same talks, whatever distribution is set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NORMAL = NormalDist()
_EDGE = 1e-12  # a uniform number of exactly 0 or 1 has no normal quantile


def normal_quantiles(uniform: Floats) -> Floats:
    """Standard normal quantiles of numbers in 0..1."""
    inside = np.clip(uniform, _EDGE, 1 - _EDGE).tolist()
    return np.fromiter(map(_NORMAL.inv_cdf, inside), dtype=np.float64, count=len(inside))


class Duration(Protocol):
    """A distribution of seconds."""

    def quantiles(self, uniform: Floats) -> Floats:
        """Seconds at each of the numbers in 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class LogNormal:
    median_seconds: float
    sigma: float

    def __post_init__(self) -> None:
        if not (
            self.median_seconds > 0 and self.sigma >= 0 and math.isfinite(self.median_seconds + self.sigma)
        ):
            raise ValueError(
                f"A log-normal duration of median {self.median_seconds} s and sigma {self.sigma} cannot be:"
                " the median must be above 0, sigma 0 or more."
            )

    @classmethod
    def of_mean(cls, mean_seconds: float, cv: float) -> LogNormal:
        """By its mean and its coefficient of variation (standard deviation / mean)."""
        if not (mean_seconds > 0 and cv >= 0):
            raise ValueError(
                f"A mean of {mean_seconds} s with a CV of {cv}: the mean must be above 0, the CV 0 or more."
            )
        variance = math.log1p(cv * cv)
        return cls(mean_seconds * math.exp(-variance / 2), math.sqrt(variance))

    def quantiles(self, uniform: Floats) -> Floats:
        return self.median_seconds * np.exp(self.sigma * normal_quantiles(uniform))

    def share_below(self, seconds: float) -> float:
        """The probability of less than `seconds`."""
        if seconds <= 0:
            return 0.0
        if self.sigma == 0:
            return 1.0 if seconds > self.median_seconds else 0.0
        return _NORMAL.cdf(math.log(seconds / self.median_seconds) / self.sigma)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Several kinds of talk: of a short refusal and a long conversation, for instance."""

    parts: tuple[tuple[float, Duration], ...]  # (share, distribution); the shares sum to 1

    def __post_init__(self) -> None:
        shares = [share for share, _ in self.parts]
        if min(shares, default=0.0) < 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(f"The shares of a mixture must be 0 or more and sum to 1; these are {shares}.")

    def quantiles(self, uniform: Floats) -> Floats:
        seconds = np.zeros_like(uniform)
        below = 0.0
        for number, (share, duration) in enumerate(self.parts):
            last = number == len(self.parts) - 1
            chosen = (uniform >= below) & (np.full(uniform.shape, True) if last else uniform < below + share)
            if share > 0 and chosen.any():
                seconds[chosen] = duration.quantiles(np.clip((uniform[chosen] - below) / share, 0.0, 1.0))
            below += share
        return seconds


@dataclass(frozen=True, slots=True)
class Observed:
    """What was measured: the quantiles of past durations, straight between them."""

    seconds: tuple[float, ...]  # ascending

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Observed:
        if not seconds or not all(math.isfinite(value) and value >= 0 for value in seconds):
            raise ValueError("Measured durations must be one or more finite seconds of 0 or more.")
        return cls(tuple(sorted(seconds)))

    def quantiles(self, uniform: Floats) -> Floats:
        places = np.linspace(0.0, 1.0, len(self.seconds)) if len(self.seconds) > 1 else np.array([0.5])
        seconds: Floats = np.interp(uniform, places, np.array(self.seconds))
        return seconds
