"""How likely one more answered call would find no agent: exactly for few, by moments for many."""

from __future__ import annotations

from functools import cache
from math import lgamma
from typing import Final

import numpy as np

from dialer.pace.lookahead import AHEAD_SECONDS, Floats

EXACT_UP_TO: Final = 40  # calls in flight and agents writing up, above which moments are close enough
EXACT_TALKING: Final = 64  # agents who talk, the same
_AHEAD: Final = AHEAD_SECONDS.size


class Exact:
    """The whole distributions of people answered and of agents freed, by each moment ahead.

    Those who talk are taken as equally likely to be free: their chances are small and alike.
    """

    def __init__(
        self, idle: int, waiting: int, calls: Floats, talking: Floats, wrapping: Floats, spare: int
    ) -> None:
        freed = np.zeros((_AHEAD, len(talking) + len(wrapping) + 1))
        freed[:, : len(talking) + 1] = _binomial(
            len(talking), talking.mean(axis=0) if len(talking) else np.zeros(_AHEAD)
        )
        for most, chances in enumerate(wrapping, len(talking)):
            _join(freed[:, : most + 2], chances)
        size = waiting + len(calls) + spare + 1
        # no more than n freed, by how many were answered beyond the idle
        enough = np.ones((_AHEAD, size))
        enough[:, :idle] = 0.0
        known = min(max(size - idle, 0), freed.shape[1])
        if known:
            enough[:, idle : idle + known] = np.cumsum(freed[:, :known], axis=1)
        self._enough = enough
        self._answered = np.zeros((_AHEAD, size))
        self._answered[:, waiting] = 1.0
        self._most = waiting  # who may have answered
        for chances in calls:
            self.add(chances)

    def add(self, chances: Floats, calls: int = 1) -> None:
        for _ in range(calls):
            self._most += 1
            _join(self._answered[:, : self._most + 1], chances)

    def overflow(self) -> Floats:
        """By each moment: the chance that the people answered by then leave no agent for one more."""
        top = self._most + 1
        chances: Floats = np.einsum("ij,ij->i", self._answered[:, :top], self._enough[:, :top])
        return chances


class Moments:
    """Mean, variance and skewness of people answered less agents freed: a normal distribution, corrected."""

    def __init__(self, idle: int, waiting: int, calls: Floats, agents: Floats) -> None:
        answers, frees = calls.sum(axis=0), agents.sum(axis=0)
        spread_calls, spread_agents = calls * (1 - calls), agents * (1 - agents)
        self._answers = answers
        self._mean = waiting - idle - frees
        self._variance = spread_calls.sum(axis=0) + spread_agents.sum(axis=0)
        self._third = (spread_calls * (1 - 2 * calls)).sum(axis=0)
        self._third -= (spread_agents * (1 - 2 * agents)).sum(axis=0)

    def add(self, chances: Floats, calls: int = 1) -> None:
        spread = calls * chances * (1 - chances)
        self._answers = self._answers + calls * chances
        self._variance = self._variance + spread
        self._third = self._third + spread * (1 - 2 * chances)

    def overflow(self) -> Floats:
        """As of `Exact`."""
        variance = self._variance + 1e-4
        deviation = np.sqrt(variance)
        z = (-0.5 - self._mean - self._answers) / deviation
        bell = np.exp(-0.5 * z * z) / 2.5066282746310002
        skewness = np.minimum(np.maximum(self._third / (variance * deviation), -1.0), 1.0)
        above = _above(z, bell) - skewness / 6 * (1 - z * z) * bell
        chances: Floats = np.minimum(np.maximum(above, 0.0), 1.0)
        return chances


class Balance:
    """What one more call would cost, given the calls in flight and the agents who will be free."""

    def __init__(self, risk: Exact | Moments) -> None:
        self._risk = risk
        self._worst: Floats | None = None

    def add(self, chances: Floats, calls: int = 1) -> None:
        self._risk.add(chances, calls)
        self._worst = None

    def fill(self, chances: Floats, when: Floats, risk: float, most: int) -> int:
        """Add calls alike while one more costs `risk` at the most; how many were added, `most` or fewer."""
        if most <= 0 or self.cost(when) > risk:
            return 0
        if isinstance(self._risk, Exact):
            count = 0
            while count < most and self.cost(when) <= risk:
                self.add(chances)
                count += 1
            return count
        placed, worth, beyond = (
            0,
            0,
            1,
        )  # beyond `worth` calls one more is worth it, beyond `beyond` it is not
        while beyond < most:
            self.add(chances, beyond - placed)
            placed = beyond
            if self.cost(when) > risk:
                break
            worth, beyond = beyond, 2 * beyond
        beyond = min(beyond, most)
        while beyond - worth > 1:
            middle = (worth + beyond) // 2
            self.add(chances, middle - placed)
            placed = middle
            if self.cost(when) > risk:
                beyond = middle
            else:
                worth = middle
        self.add(chances, worth + 1 - placed)
        return worth + 1

    def cost(self, when: Floats) -> float:
        """The chance that a call's answer takes somebody's agent; `when`: shares of its answers by moment.

        Whoever is answered at a moment may leave none to those answered at any later one.
        """
        if self._worst is None:
            self._worst = np.maximum.accumulate(self._risk.overflow()[::-1])[::-1]
        return float(when @ self._worst)


def _join(distribution: Floats, chances: Floats) -> None:
    """One more who may count, in place; the last column is still empty."""
    column = chances[:, None]
    counts = distribution[:, :-1] * column
    distribution *= 1 - column
    distribution[:, 1:] += counts


def _binomial(count: int, chances: Floats) -> Floats:
    if count == 0:
        return np.ones((_AHEAD, 1))
    each = np.arange(count + 1)
    chances = np.minimum(np.maximum(chances, 1e-12), 1 - 1e-12)[:, None]
    distribution: Floats = np.exp(
        _log_choices(count) + each * np.log(chances) + (count - each) * np.log1p(-chances)
    )
    return distribution


@cache
def _log_choices(count: int) -> Floats:
    whole = lgamma(count + 1)
    return np.array([whole - lgamma(k + 1) - lgamma(count - k + 1) for k in range(count + 1)])


def _above(z: Floats, bell: Floats) -> Floats:
    """The upper tail of the standard normal distribution; Abramowitz and Stegun 26.2.17, within 1e-7."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = bell * series
    upper: Floats = np.where(z >= 0, tail, 1 - tail)
    return upper
