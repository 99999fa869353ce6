"""The pictures of a campaign's day: what was measured over the forecast's band, in a chart's own units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from console.api.forecast_shapes import CurvePointShape
from engine.campaign_live import PERIOD, CampaignLive, LivePoint

WIDTH, HEIGHT = 640, 200
LEFT, TOP, BOTTOM, RIGHT = 56, 12, 24, 12
_FLOOR = HEIGHT - BOTTOM
_LEAST_SPAN = timedelta(hours=1)
_HOURS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Curve:
    """`kind`: its class. A curve is broken where nothing was measured: one polyline for each piece."""

    kind: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`marks` and `hours`: places of the scales and their text. `last`: where the first curve is now."""

    curves: tuple[Curve, ...]
    band: str
    marks: tuple[tuple[float, str], ...]
    hours: tuple[tuple[float, str], ...]
    now_x: float | None
    last: tuple[float, float] | None
    cap_y: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that is shown, on the clock of `zone`."""

    begins: datetime
    ends: datetime
    zone: tzinfo

    def x(self, at: datetime) -> float:
        share = (at - self.begins) / (self.ends - self.begins)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share)), 1)

    def hours(self) -> tuple[tuple[float, str], ...]:
        """Whole hours, no more than have room."""
        first = self.begins.astimezone(self.zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        step = 1 + int((self.ends - self.begins) / timedelta(hours=_HOURS_SHOWN))
        found = [first + timedelta(hours=n) for n in range(0, 50, step)]
        shown = [at for at in found if self.begins <= at <= self.ends]
        return tuple((self.x(at), f"{at.astimezone(self.zone):%H:%M}") for at in shown)


def axis_of(live: CampaignLive, forecast: Sequence[CurvePointShape], zone: tzinfo) -> Axis:
    """From the first that was measured or is expected of the day to the last, an hour at least."""
    moments = [live.at] if live.since <= live.at < live.until else []
    moments += [point.starts for point in live.points]
    moments += [min(point.starts + PERIOD, live.until) for point in live.points]
    moments += [point.ends for point in of_the_day(live, forecast)]
    if not moments:
        return Axis(live.since, live.since + _LEAST_SPAN, zone)
    begins = min(moments)
    return Axis(begins, max(*moments, begins + _LEAST_SPAN), zone)


def of_the_day(live: CampaignLive, forecast: Sequence[CurvePointShape]) -> list[CurvePointShape]:
    """What was forecast of this day."""
    day = timedelta(days=1)
    return [point for point in forecast if live.until - day < point.ends <= live.until]


def utilisation(live: CampaignLive, axis: Axis, forecast: Sequence[CurvePointShape]) -> Chart:
    band = [(point.ends, point.utilisation) for point in of_the_day(live, forecast)]
    measured = _curve("chart-actual", live, axis, 1.0, lambda point: point.figures.utilisation)
    return _chart(live, axis, 1.0, band, (measured,))


def abandoned(live: CampaignLive, axis: Axis, forecast: Sequence[CurvePointShape]) -> Chart:
    """The window's share so far, and that of the last quarter of an hour, under the cap."""
    cap = live.window.cap
    band = [(point.ends, point.abandoned) for point in of_the_day(live, forecast)]
    rates = [rate for point in live.points for rate in (point.abandoned_so_far, point.abandoned_lately)]
    highest = max([rate for rate in rates if rate is not None] + [b[2] for _, b in band if b], default=0.0)
    top = min(1.0, max(highest, 0.01, (cap or 0.0) * 1.5) * 1.1)
    curves = (
        _curve("chart-so-far", live, axis, top, lambda point: point.abandoned_so_far),
        _curve("chart-lately", live, axis, top, lambda point: point.abandoned_lately),
    )
    return _chart(live, axis, top, band, curves, cap)


def calls(live: CampaignLive, axis: Axis) -> Chart:
    """Calls a minute, and those of them that a person answered."""

    def minutes(point: LivePoint) -> float:
        """So much of the period is over."""
        over = min(PERIOD, live.at - max(point.starts, live.since))
        return max(1.0, over.total_seconds() / 60)

    top = max([point.figures.attempts / minutes(point) for point in live.points], default=0.0)
    top = max(1.0, top * 1.1)
    curves = (
        _curve("chart-calls", live, axis, top, lambda point: point.figures.attempts / minutes(point)),
        _curve("chart-answers", live, axis, top, lambda point: point.figures.live / minutes(point)),
    )
    return _chart(live, axis, top, [], curves, share=False)


def _curve(
    kind: str, live: CampaignLive, axis: Axis, top: float, value: Callable[[LivePoint], float | None]
) -> Curve:
    """Each value where its period ends."""
    pieces: list[list[str]] = []
    before: datetime | None = None
    for point in live.points:
        known = value(point)
        if known is None:
            continue
        if before is None or point.starts - before > PERIOD:
            pieces.append([])
        before = point.starts
        at = min(point.starts + PERIOD, live.at) if live.at > point.starts else point.starts + PERIOD
        pieces[-1].append(f"{axis.x(at)},{_y(known, top)}")
    # A piece of one point is drawn as a stroke that can be seen.
    return Curve(kind, tuple(" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces))


def _chart(
    live: CampaignLive,
    axis: Axis,
    top: float,
    band: Sequence[tuple[datetime, list[float] | None]],
    curves: tuple[Curve, ...],
    cap: float | None = None,
    *,
    share: bool = True,
) -> Chart:
    known = [(ends, values) for ends, values in band if values is not None]
    upper = [f"{axis.x(ends)},{_y(values[2], top)}" for ends, values in known]
    lower = [f"{axis.x(ends)},{_y(values[0], top)}" for ends, values in reversed(known)]
    marks = [(_y(part, top), _percent(part) if share else f"{part:g}") for part in _scale(top)]
    last = None
    if curves[0].pieces:
        x, _, y = curves[0].pieces[-1].split()[-1].partition(",")
        last = float(x), float(y)
    now = live.at.astimezone(UTC)
    return Chart(
        curves,
        " ".join((*upper, *lower)) if len(known) > 1 else "",
        tuple(marks),
        axis.hours(),
        axis.x(now) if axis.begins <= now <= axis.ends else None,
        last,
        None if cap is None else _y(cap, top),
    )


def _scale(top: float) -> list[float]:
    """Marks from 0 up, four or so, easy to read."""
    for step in (
        0.0025,
        0.005,
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.25,
        0.5,
        1,
        2,
        5,
        10,
        20,
        50,
        100,
        200,
        500,
        1000,
    ):
        if top / step <= 5:
            return [step * n for n in range(int(top / step + 1e-9) + 1)]
    return [0.0, top]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def _y(value: float, top: float) -> float:
    return round(_FLOOR - (_FLOOR - TOP) * min(value, top) / top, 1)
