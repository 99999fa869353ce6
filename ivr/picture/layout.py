"""Where the steps of a flow stand in its picture: layers from the start downwards, few crossings.

Always the same for the same flow. A link that leads back, and links to a step that very many lead to, are not
drawn as lines but named where they begin: a hotline's ways to a person would cross everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SWEEPS = 12
# A step that more ways than this lead to is named instead of drawn, but for the first of them.
MOST_LINES_IN = 3
MOST_LAYERS_SPANNED = 4
GAP_X, GAP_Y, LINE_WIDTH = 28.0, 56.0, 14.0


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed: its size, and its ways out: (where they begin from its left side, target)."""

    name: str
    width: float
    height: float
    ports: tuple[tuple[float, str], ...] = ()


@dataclass(slots=True)
class Spot:
    """A box or a bend of a line: `x` is its middle, `y` its upper side."""

    name: str
    layer: int
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    above: list[tuple[Spot, float]] = field(default_factory=list)  # with where the line begins there
    below: list[tuple[Spot, float]] = field(default_factory=list)  # with where the line begins here


@dataclass(frozen=True, slots=True)
class Line:
    """From a box's port, by its number, over bends to another box."""

    source: str
    port: int
    bends: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """`lines` are the ways that are drawn; the others are to be named."""

    spots: Mapping[str, Spot]
    lines: tuple[Line, ...]
    width: float
    height: float


def place(boxes: Sequence[Box], start: str) -> Placed:
    """Place the boxes. What the start does not lead to stands below all else, in the given order."""
    by_name = {box.name: box for box in boxes}
    layers_of = _layers(by_name, start)
    links = _drawn(by_name, layers_of)
    spots = {box.name: Spot(box.name, layers_of[box.name], box.width, box.height) for box in boxes}
    rows: list[list[Spot]] = [[] for _ in range(max(layers_of.values()) + 1)]
    for box in sorted(boxes, key=lambda box: layers_of[box.name]):
        rows[layers_of[box.name]].append(spots[box.name])
    lines = []
    for name, port in links:
        offset, target = by_name[name].ports[port]
        end = spots[target]
        bends: list[Spot] = []
        last, begins = spots[name], offset - by_name[name].width / 2
        for layer in range(spots[name].layer + 1, end.layer):
            bend = Spot("", layer, LINE_WIDTH, 0.0)
            rows[layer].append(bend)
            _join(last, bend, begins)
            bends.append(bend)
            last, begins = bend, 0.0
        _join(last, end, begins)
        lines.append(Line(name, port, (*bends, end)))
    _order(rows)
    _stand(rows)
    width = max(spot.x + spot.width / 2 for row in rows for spot in row)
    last_row = rows[-1]
    height = max((spot.y + spot.height for spot in last_row), default=0.0)
    return Placed(spots, tuple(lines), width, height)


def _join(upper: Spot, lower: Spot, begins: float) -> None:
    upper.below.append((lower, begins))
    lower.above.append((upper, begins))


def _layers(boxes: Mapping[str, Box], start: str) -> dict[str, int]:
    """The longest way from the start, links that lead back left out."""
    order: list[str] = []
    state: dict[str, int] = {}  # 1: being visited, 2: done
    back: set[tuple[str, str]] = set()
    for root in (start, *boxes):
        if root in state or root not in boxes:
            continue
        state[root] = 1
        stack = [(root, iter(boxes[root].ports))]
        while stack:
            name, ports = stack[-1]
            for _, target in ports:
                if state.get(target) == 1:
                    back.add((name, target))
                elif target not in state and target in boxes:
                    state[target] = 1
                    stack.append((target, iter(boxes[target].ports)))
                    break
            else:
                state[name] = 2
                order.append(name)
                stack.pop()
    layers = dict.fromkeys(boxes, 0)
    for name in reversed(order):
        for _, target in boxes[name].ports:
            if target in layers and (name, target) not in back:
                layers[target] = max(layers[target], layers[name] + 1)
    return layers


def _drawn(boxes: Mapping[str, Box], layers: Mapping[str, int]) -> list[tuple[str, int]]:
    """(box, port) of the links that become lines."""
    downward: dict[str, list[tuple[int, str, int]]] = {}
    for name, box in boxes.items():
        for port, (_, target) in enumerate(box.ports):
            if target in boxes and layers[target] > layers[name]:
                span = layers[target] - layers[name]
                downward.setdefault(target, []).append((span, name, port))
    links = []
    for into in downward.values():
        into.sort(key=lambda link: link[0])  # the nearest are drawn
        shown = into if len(into) <= MOST_LINES_IN else into[:1]
        near = [link for n, link in enumerate(shown) if n == 0 or link[0] <= MOST_LAYERS_SPANNED]
        links += [(name, port) for _, name, port in near]
    return sorted(links, key=lambda link: (layers[link[0]], link))


def _order(rows: Sequence[list[Spot]]) -> None:
    """Sweep down and up, each time putting every spot to the mean of those it is joined to."""
    at: dict[int, float] = {}

    def number(row: Sequence[Spot]) -> None:
        for index, spot in enumerate(row):
            at[id(spot)] = float(index)

    for row in rows:
        number(row)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            wanted = {}
            for spot in row:
                joined = spot.above if downwards else spot.below
                places = [
                    at[id(other)] + (begins / (other.width + 1) if downwards else 0.0)
                    for other, begins in joined
                ]
                wanted[id(spot)] = sum(places) / len(places) if places else at[id(spot)]
            row.sort(key=lambda spot, wanted=wanted: wanted[id(spot)])  # type: ignore[misc]
            number(row)


def _stand(rows: Sequence[list[Spot]]) -> None:
    """Give every spot its place: near those it is joined to, without touching its neighbours."""
    y = 0.0
    for row in rows:
        x = 0.0
        for spot in row:
            spot.x, spot.y = x + spot.width / 2, y
            x += spot.width + GAP_X
        y += max((spot.height for spot in row), default=0.0) + GAP_Y
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            _shift(row, downwards)
    left = min(spot.x - spot.width / 2 for row in rows for spot in row)
    for row in rows:
        for spot in row:
            spot.x -= left


def _shift(row: Sequence[Spot], downwards: bool) -> None:
    wanted = []
    for spot in row:
        if downwards:
            places = [other.x + begins for other, begins in spot.above]
        else:
            places = [other.x - begins for other, begins in spot.below]
        wanted.append(sum(places) / len(places) if places else spot.x)
    count = len(row)
    from_left, from_right = wanted.copy(), wanted.copy()
    for n in range(1, count):
        least = from_left[n - 1] + (row[n - 1].width + row[n].width) / 2 + GAP_X
        from_left[n] = max(wanted[n], least)
    for n in range(count - 2, -1, -1):
        most = from_right[n + 1] - (row[n + 1].width + row[n].width) / 2 - GAP_X
        from_right[n] = min(wanted[n], most)
    for n, spot in enumerate(row):
        spot.x = (from_left[n] + from_right[n]) / 2
