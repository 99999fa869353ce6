"""The pictures of what became of messages: where each bar lies, in a chart's own units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from engine.registers.message_statistics import TOOK_EDGES_SECONDS, MessageStatistics

WIDTH, HEIGHT = 640, 200
LEFT, TOP, BOTTOM, RIGHT = 56, 12, 24, 12
_FLOOR = HEIGHT - BOTTOM
_BAR_SHARE = 0.72
_WIDEST_BAR = 48.0
_LABELS = 8
# From the floor up: a class, its word's name, and the figures that are in it. Together they are all messages.
STACK = (
    ("delivered", ("delivered",)),
    ("accepted", ("accepted",)),
    ("in_doubt", ("in_doubt",)),
    ("failed", ("failed", "expired")),
    ("refused", ("refused", "stopped")),
    ("waiting", ("waiting",)),
)
# What the course is drawn by: hours up to so many days.
HOURS_UP_TO_DAYS = 3
# So that midnight has one.
_HOURS_BETWEEN_LABELS = (3, 6, 12)


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """`key`: the day, or the hour, as MessageStatistics has it. `pieces`: those that are not empty."""

    key: str
    x: float
    width: float
    messages: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """`marks`: (y, number) of the scale. `labels`: (x, key), no more than have room. `kinds` are drawn."""

    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, str], ...]
    kinds: tuple[str, ...]
    by_hours: bool

    @property
    def highest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.messages)


@dataclass(frozen=True, slots=True)
class Step:
    """Of the times to deliver: how many took so long. `edge_seconds` None: longer than the last edge."""

    edge_seconds: int | None
    count: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Of the way of messages, `share` of those that were sent."""

    name: str
    count: int
    share: float | None


def course(found: Sequence[MessageStatistics], first: date, last: date, *, by_hours: bool) -> Course:
    """Every day or hour from the first to the last, also those without messages."""
    known = {one.key: one for one in found}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    keys = [f"{day}T{hour:02}" for day in days for hour in range(24)] if by_hours else list(map(str, days))
    most = top_of(max((one.messages for one in found), default=0))
    each = (WIDTH - LEFT - RIGHT) / len(keys)
    width = min(each * _BAR_SHARE, _WIDEST_BAR)
    bars = []
    for place, key in enumerate(keys):
        x = LEFT + each * place + (each - width) / 2
        bars.append(_bar(key, known.get(key), x, width, most))
    step = -(-len(keys) // _LABELS)
    if by_hours:
        step = next(hours for hours in _HOURS_BETWEEN_LABELS if hours >= step)
    labels = tuple((round(bar.x + width / 2, 1), bar.key) for bar in bars[::step])
    drawn = {piece.kind for bar in bars for piece in bar.pieces}
    return Course(
        tuple(bars),
        tuple((_y(mark, most), mark) for mark in (0, most // 2, most)),
        labels,
        tuple(kind for kind, _ in STACK if kind in drawn),
        by_hours,
    )


def _bar(key: str, one: MessageStatistics | None, x: float, width: float, most: int) -> Bar:
    if one is None:
        return Bar(key, round(x, 1), round(width, 1), 0, ())
    counts = [sum(getattr(one, name) for name in names) for _, names in STACK]
    pieces = []
    for (kind, _), count, until in zip(STACK, counts, accumulate(counts), strict=True):
        if count:
            y = _y(until, most)
            pieces.append(Piece(kind, y, round(_y(until - count, most) - y, 1), count))
    return Bar(key, round(x, 1), round(width, 1), one.messages, tuple(pieces))


def times(took: Sequence[int]) -> tuple[Step, ...]:
    """() when nothing was delivered."""
    highest = max(took)
    if not highest:
        return ()
    each = (WIDTH - LEFT - RIGHT) / len(took)
    return tuple(
        Step(
            edge,
            count,
            round(LEFT + each * place + 2, 1),
            round(each - 4, 1),
            _y(count, highest, head=16),
            round(_FLOOR - _y(count, highest, head=16), 1),
        )
        for place, (edge, count) in enumerate(zip((*TOOK_EDGES_SECONDS, None), took, strict=True))
    )


def funnel(all_of_it: MessageStatistics) -> tuple[Stage, ...]:
    sent = all_of_it.sent
    counts: Mapping[str, int] = {
        "sent": sent,
        "delivered": all_of_it.delivered,
        "opened": all_of_it.opened,
        "replied": all_of_it.replied,
    }
    return tuple(Stage(name, n, n / sent if sent else None) for name, n in counts.items())


def top_of(number: int) -> int:
    """A number that is easily read, as its half is: not below this one, nor below 2."""
    unit = 1
    while True:
        for step in (2, 4, 10):
            if number <= step * unit:
                return step * unit
        unit *= 10


def _y(value: float, most: int, head: int = 0) -> float:
    """`head`: room above the highest one, for its number."""
    return round(_FLOOR - (_FLOOR - TOP - head) * min(value, most) / most, 1)
