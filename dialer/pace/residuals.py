"""How much longer agents talk and write up, learned from how long they did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from dialer.pace.lookahead import AHEAD_SECONDS, Floats

MEMORY_TALKS: Final = 800.0  # durations after which one has lost two thirds of its weight
LONGEST_SECONDS: Final = 7200.0
SHRINKAGE: Final = 1.5  # durations' worth of "ends at any moment alike" in each stretch
STEP_SECONDS: Final = 1.0
NONE: Final[Floats] = np.zeros(0)


class Durations:
    """The chance per second that something ends, by how long it has lasted, in stretches of growing length.

    Those still going on count with what they have lasted: otherwise the first hour knows short ones only.
    `mean`: seconds, as the rates were at the last rebuild.
    """

    def __init__(self, shortest_seconds: float, guess_seconds: float, guess_weight: float) -> None:
        growth = 1.2
        count = math.ceil(math.log(LONGEST_SECONDS / shortest_seconds) / math.log(growth))
        self.edges = np.concatenate(([0.0], shortest_seconds * growth ** np.arange(count + 1)))
        self._widths = np.diff(self.edges)
        self._ended = np.zeros(count + 1)
        self._lasted = np.zeros(count + 1)
        self._guess = (guess_weight, guess_weight * guess_seconds)
        self._set_rates(np.full(count + 1, 1 / guess_seconds))

    def ended(self, seconds: float) -> None:
        seconds = min(max(seconds, 0.0), LONGEST_SECONDS)
        keep = 1 - 1 / MEMORY_TALKS
        self._ended *= keep
        self._lasted *= keep
        self._ended[self._stretch(seconds)] += 1
        self._lasted += self._inside(np.array([seconds]))

    def rebuild(self, going_on: Floats) -> None:
        """Rates anew; `going_on`: how long those not yet ended have lasted."""
        lasted = self._lasted
        if going_on.size:
            lasted = lasted + self._inside(np.clip(going_on, 0.0, LONGEST_SECONDS))
        ended, weight = _smooth(self._ended), _smooth(lasted)
        overall = (ended.sum() + self._guess[0]) / (weight.sum() + self._guess[1])
        self._set_rates((ended + SHRINKAGE) / (weight + SHRINKAGE / overall))

    def hazard(self, seconds: Floats) -> Floats:
        """The rate cumulated until `seconds`; what has lasted a, is over by b with 1 - exp(h(a) - h(b))."""
        return np.interp(seconds, self.edges, self._cumulated)

    def _stretch(self, seconds: float) -> int:
        return min(int(np.searchsorted(self.edges, seconds, side="right")) - 1, self._ended.size - 1)

    def _inside(self, seconds: Floats) -> Floats:
        inside = np.clip(seconds[:, None] - self.edges[None, :-1], 0.0, self._widths[None, :])
        total: Floats = inside.sum(axis=0)
        return total

    def _set_rates(self, rates: Floats) -> None:
        self._cumulated = np.concatenate(([0.0], np.cumsum(rates * self._widths)))
        alive = np.exp(-self._cumulated)
        self.mean = float((self._widths * (alive[:-1] + alive[1:]) / 2).sum())

    def knowledge(self) -> dict[str, list[float]]:
        return {
            "ended": [float(f"{value:.4g}") for value in self._ended],
            "lasted": [float(f"{value:.4g}") for value in self._lasted],
        }

    def recall(self, known: Mapping[str, Any], trust: float) -> None:
        """Take over what was known, at `trust` of its weight. ValueError if it does not fit."""
        counts = []
        for name in ("ended", "lasted"):
            values = np.asarray(known[name], dtype=np.float64)
            if values.shape != self._ended.shape or not np.isfinite(values).all() or (values < 0).any():
                raise ValueError(f"{self._ended.size} stretches were expected")
            counts.append(trust * values)
        self._ended, self._lasted = counts
        self.rebuild(NONE)


class Releases:
    """The chance that an agent is free again at each moment ahead, by what they do and since when."""

    def __init__(self, window_seconds: float) -> None:
        self.talk = Durations(2.0, 90.0, 2.0)
        self.wrap = Durations(1.0, 15.0, 2.0)
        self._until = AHEAD_SECONDS + window_seconds
        self._rows = np.concatenate((np.arange(0.0, 60.0, 0.75), 60.0 * 1.04 ** np.arange(120)))
        self._talking = np.zeros((self._rows.size, AHEAD_SECONDS.size))
        self._wrapping = np.zeros((self._rows.size, AHEAD_SECONDS.size))
        self.rebuild(NONE, NONE)

    def rebuild(self, talking: Floats, wrapping: Floats) -> None:
        """The tables anew; due every few seconds. Given: how long those at it have been at it."""
        self.talk.rebuild(talking)
        self.wrap.rebuild(wrapping)
        since = self.wrap.hazard(self._rows)[:, None]
        self._wrapping = 1 - np.exp(since - self.wrap.hazard(self._rows[:, None] + self._until))
        steps = np.arange(0.0, self._until[-1] + STEP_SECONDS, STEP_SECONDS)
        alive = np.exp(self.talk.hazard(self._rows)[:, None] - self.talk.hazard(self._rows[:, None] + steps))
        ends = alive[:, :-1] - alive[:, 1:]
        left = np.maximum(self._until[None, :] - (steps[:-1] + STEP_SECONDS / 2)[:, None], 0.0)
        self._talking = ends @ (1 - np.exp(-self.wrap.hazard(left)))

    def talking(self, seconds: Floats) -> Floats:
        return self._read(self._talking, seconds)

    def wrapping(self, seconds: Floats) -> Floats:
        return self._read(self._wrapping, seconds)

    def _read(self, table: Floats, seconds: Floats) -> Floats:
        chances: Floats = table[np.searchsorted(self._rows, seconds, side="right") - 1]
        return chances


def _smooth(counts: Floats) -> Floats:
    padded = np.concatenate((counts[:1], counts, counts[-1:]))
    smoothed: Floats = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return smoothed
