"""A forecast's pictures: where each bar, whisker and line lies, in a chart's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import ceil

from console.api.forecast_shapes import CurvePointShape, EligibilityShape, HourOutlookShape

WIDTH, HEIGHT = 560, 200
_LEFT, _TOP, _BOTTOM = 60, 10, 24
_FLOOR = HEIGHT - _BOTTOM
_BAR_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour: its calls with their 80 % interval, and those who were reached, from the floor up."""

    hour: str
    agents: int
    x: float
    width: float
    middle: float
    calls_y: float
    calls_height: float
    reached_y: float
    reached_height: float
    low_y: float
    high_y: float
    calls: int
    low: int
    high: int
    reached: int


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: the polygon of its 80 % interval, its middle, and a line for the cap, if it has one."""

    band: str
    middle: str
    top: float
    cap_y: float | None
    hours: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A rule's part of the list, as shares of it in percent: where it begins, and how much it takes."""

    rule: str
    sentence: str
    count: int
    begins: float
    takes: float


def bars(hours: Sequence[HourOutlookShape], zone: tzinfo) -> tuple[list[Bar], list[tuple[float, int]]]:
    """The bars, their hours of `zone`; and the marks of the scale: (y, number)."""
    most = _round_up(max((hour.calls.high80 for hour in hours), default=1.0))
    each = (WIDTH - _LEFT) / max(1, len(hours))
    found = []
    for number, hour in enumerate(hours):
        x = _LEFT + each * (number + (1 - _BAR_SHARE) / 2)
        calls_y, reached_y = _y(hour.calls.expected, most), _y(hour.reached.expected, most)
        found.append(
            Bar(
                f"{hour.starts.astimezone(zone):%H}",
                hour.agents,
                round(x, 1),
                round(each * _BAR_SHARE, 1),
                round(x + each * _BAR_SHARE / 2, 1),
                calls_y,
                round(_FLOOR - calls_y, 1),
                reached_y,
                round(_FLOOR - reached_y, 1),
                _y(hour.calls.low80, most),
                _y(hour.calls.high80, most),
                round(hour.calls.expected),
                round(hour.calls.low80),
                round(hour.calls.high80),
                round(hour.reached.expected),
            )
        )
    return found, [(_y(mark, most), round(mark)) for mark in (0, most / 2, most)]


def line(
    points: Sequence[tuple[datetime, list[float] | None]], zone: tzinfo, cap: float | None = None
) -> Line | None:
    """Of percentiles 10, 50 and 90, with hours of `zone`; None where there are fewer than two points."""
    known = [(ends, values) for ends, values in points if values is not None]
    if len(known) < 2:
        return None
    highest = max(values[2] for _, values in known)
    top = 1.0 if cap is None else max(highest, cap * 1.5)
    first, last = known[0][0], known[-1][0]
    span = max(1.0, (last - first).total_seconds())

    def at(ends: datetime, share: float) -> str:
        x = _LEFT + (WIDTH - _LEFT) * (ends - first).total_seconds() / span
        return f"{x:.1f},{_y(share, top)}"

    upper = [at(ends, values[2]) for ends, values in known]
    lower = [at(ends, values[0]) for ends, values in reversed(known)]
    return Line(
        " ".join((*upper, *lower)),
        " ".join(at(ends, values[1]) for ends, values in known),
        top,
        None if cap is None else _y(cap, top),
        tuple(
            (float(at(ends, 0).split(",")[0]), f"{ends.astimezone(zone):%H:%M}")
            for ends in (first, known[len(known) // 2][0], last)
        ),
    )


def utilisation(curve: Sequence[CurvePointShape], zone: tzinfo) -> Line | None:
    return line([(point.ends, point.utilisation) for point in curve], zone)


def abandoned(curve: Sequence[CurvePointShape], zone: tzinfo, cap: float) -> Line | None:
    return line([(point.ends, point.abandoned) for point in curve], zone, cap)


def steps(found: EligibilityShape) -> list[Step]:
    """From the whole list down to those who can be called: what each rule takes for the whole plan."""
    all_of_it = max(1, found.standing)
    left = float(all_of_it)
    told = []
    for rule in found.rules:
        count = rule.never.expected
        if not count:
            continue
        left -= count
        begins = round(100 * max(0.0, left) / all_of_it, 1)
        told.append(Step(rule.rule, rule.sentence, count, begins, round(100 * count / all_of_it, 1)))
    return told


def _y(value: float, most: float) -> float:
    return round(_FLOOR - (_FLOOR - _TOP) * min(value, most) / most, 1)


def _round_up(number: float) -> float:
    """To a number that is easily read on a scale."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000):
        if number <= step * 4:
            return float(max(2 * step, 2 * step * ceil(number / (2 * step))))
    return number
