"""When agents are there: logins, lunches, pauses, people by the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shift:
    """One agent's times of being logged in: (from, to) seconds, in order, not overlapping."""

    agent_id: str
    spans: tuple[tuple[float, float], ...]


def all_day(agents: int, seconds: float) -> tuple[Shift, ...]:
    """Everybody from the first second to the last."""
    return tuple(Shift(f"agent-{number}", ((0.0, seconds),)) for number in range(1, agents + 1))


def by_period(agents: Sequence[int], period_seconds: float) -> tuple[Shift, ...]:
    """As many agents in each period as `agents` says; the first ones stay for longest."""
    if any(count < 0 for count in agents):
        raise ValueError(f"There cannot be fewer than no agents: {list(agents)}.")
    shifts = []
    for number in range(max(agents, default=0)):
        spans: list[tuple[float, float]] = []
        for period, count in enumerate(agents):
            begin, end = period * period_seconds, (period + 1) * period_seconds
            if count <= number:
                continue
            if spans and spans[-1][1] == begin:
                begin = spans.pop()[0]
            spans.append((begin, end))
        shifts.append(Shift(f"agent-{number + 1}", tuple(spans)))
    return tuple(shifts)


def away(shifts: Sequence[Shift], share: float, begin: float, end: float) -> tuple[Shift, ...]:
    """The first `share` of the agents are not there from `begin` to `end`, as at lunch."""
    leaving = round(share * len(shifts))
    return tuple(
        Shift(shift.agent_id, _without(shift.spans, begin, end)) if number < leaving else shift
        for number, shift in enumerate(shifts)
    )


def with_pauses(
    shifts: Sequence[Shift], every_seconds: float, pause_seconds: float, seed: int
) -> tuple[Shift, ...]:
    """Each agent takes pauses of `pause_seconds` on the mean, about `every_seconds` apart, at any time."""
    paused = []
    for number, shift in enumerate(shifts):
        chance = np.random.default_rng((seed, number, 7))
        spans = shift.spans
        at = float(chance.exponential(every_seconds))
        last = max((end for _, end in spans), default=0.0)
        while at < last:
            back = at + float(chance.exponential(pause_seconds))
            spans = _without(spans, at, back)
            at = back + float(chance.exponential(every_seconds))
        paused.append(Shift(shift.agent_id, spans))
    return tuple(paused)


def _without(
    spans: Sequence[tuple[float, float]], begin: float, end: float
) -> tuple[tuple[float, float], ...]:
    left = []
    for start, stop in spans:
        if start < min(stop, begin):
            left.append((start, min(stop, begin)))
        if max(start, end) < stop:
            left.append((max(start, end), stop))
    return tuple(left)
