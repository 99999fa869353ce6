"""How likely one more answered call would find no agent: exactly for few, by moments for many."""

from __future__ import annotations

import math
from typing import Final, Protocol

import numpy as np

from dialer.pace.lookahead import AHEAD_SECONDS, GAPS_SECONDS, Floats

EXACT_UP_TO: Final = 18.0  # calls and agents whose turn is open, above which moments are close enough
_AHEAD = AHEAD_SECONDS.size


class Risk(Protocol):
    def overflow(self) -> Floats:
        """By each moment ahead: the chance that the people answered by then leave no agent for one more."""
        ...

    def add(self, answered: Floats) -> None:
        """One more call, answered by a person by each moment with these chances."""
        ...


class Balance:
    """Calls that may be answered against agents who may be free, by each moment ahead."""

    def __init__(self, idle: int, waiting: int, calls: Floats, agents: Floats) -> None:
        self._idle = idle
        open_calls, open_agents = calls[:, -1].sum(), agents[:, -1].sum()
        self._risk: Risk
        if len(calls) + len(agents) <= 60 and open_calls + open_agents <= EXACT_UP_TO:
            self._risk = _Exact(idle, waiting, calls, agents)
        else:
            self._risk = _Moments(idle, waiting, calls, agents)
        self._worst_after = self._look()

    def add(self, answered: Floats) -> None:
        self._risk.add(answered)
        self._worst_after = self._look()

    def _look(self) -> Floats:
        return np.maximum.accumulate(self._risk.overflow()[::-1])[::-1]

    def cost(self, answered: Floats) -> tuple[float, float]:
        """Of one more call: the chance that its answer costs somebody their agent, and how fast that falls.

        The second is per second of waiting before dialling it.
        """
        share = float(answered[-1])
        if share <= 1e-9:
            return 0.0, 0.0
        when = np.diff(answered, prepend=0.0)
        worst = self._worst_after
        falls = np.append(-np.diff(worst) / GAPS_SECONDS, 0.0)
        return float(when @ worst) / share, float(when @ falls) / share


class _Exact:
    """Both numbers' whole distributions, convolved call by call."""

    def __init__(self, idle: int, waiting: int, calls: Floats, agents: Floats) -> None:
        size = len(calls) + waiting + len(agents) + 12
        self._idle = idle
        self._rows = np.arange(_AHEAD)
        freed = np.zeros((_AHEAD, size))
        freed[:, 0] = 1.0
        top = 1
        for chance in agents:
            top += 1
            _convolve(freed, chance, top)
        enough = np.cumsum(freed, axis=1)
        # enough[w, d - idle]: no more freed than the answered beyond the idle
        self._enough = np.zeros((_AHEAD, size))
        if idle < size:
            self._enough[:, idle:] = enough[:, : size - idle]
        self._answered = np.zeros((_AHEAD, size))
        self._answered[:, min(waiting, size - 1)] = 1.0
        self._top = waiting + 1
        for chance in calls:
            self.add(chance)

    def add(self, answered: Floats) -> None:
        size = self._answered.shape[1]
        if self._top + 1 > size:
            grown = np.zeros((_AHEAD, size + 16))
            grown[:, :size] = self._answered
            self._answered = grown
            last = self._enough[:, -1:]
            self._enough = np.hstack((self._enough, np.repeat(last, 16, axis=1)))
        self._top += 1
        _convolve(self._answered, answered, self._top)

    def overflow(self) -> Floats:
        chances: Floats = (self._answered * self._enough).sum(axis=1)
        return chances


def _convolve(distribution: Floats, chance: Floats, top: int) -> None:
    column = chance[:, None]
    moved = distribution[:, : top - 1] * column
    distribution[:, :top] *= 1 - column
    distribution[:, 1:top] += moved


class _Moments:
    """Mean, variance and skewness of answered minus freed, as a corrected normal distribution."""

    def __init__(self, idle: int, waiting: int, calls: Floats, agents: Floats) -> None:
        spread_calls, spread_agents = calls * (1 - calls), agents * (1 - agents)
        self._mean = calls.sum(axis=0) - agents.sum(axis=0) + (waiting - idle)
        self._variance = spread_calls.sum(axis=0) + spread_agents.sum(axis=0)
        self._third = (spread_calls * (1 - 2 * calls)).sum(axis=0)
        self._third -= (spread_agents * (1 - 2 * agents)).sum(axis=0)

    def add(self, answered: Floats) -> None:
        spread = answered * (1 - answered)
        self._mean += answered
        self._variance += spread
        self._third += spread * (1 - 2 * answered)

    def overflow(self) -> Floats:
        deviation = np.sqrt(self._variance + 1e-4)
        z = (-0.5 - self._mean) / deviation
        skewness = self._third / deviation**3
        correction = np.clip(skewness, -1, 1) / 6 * (1 - z * z) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        above: Floats = np.clip(1 - _normal(z) - correction, 0.0, 1.0)
        return above


def _normal(z: Floats) -> Floats:
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])
