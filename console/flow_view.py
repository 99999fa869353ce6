"""A flow as its page draws it: cards of steps, cells of their ways out, and lines, all in SVG units."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from calls.call import Call
from console.call_view import VERB_ICONS
from console.display import capitalize_first
from console.words import Words
from engine.ports import FlowFigures
from ivr.flow import Flow, Step
from ivr.picture.drawing import curve, label_of, words_of
from ivr.picture.layout import Box, Placed, Spot, place
from ivr.rehearsal.coverage import ways_of

ICONS: Mapping[str, str] = {
    **VERB_ICONS,
    "set": "tag",
    "branch": "git-branch",
    "hours": "clock",
    "contact": "user",
    "subflow": "workflow",
    "return": "corner-up-left",
    "sms": "message-square",
    "rate": "star",
    "verify": "shield-check",
    "promise": "hand-coins",
}
MARGIN = 24.0
ENTRY_HEIGHT = 58.0
LEAST_WIDTH, LEAST_CELL = 172.0, 56.0
LINE_HEIGHT, CELL_HEIGHT = 16.0, 44.0
HEAD_HEIGHT = 30.0
TEXT_SIGN_WIDTH, NAME_SIGN_WIDTH = 6.2, 7.4
LABEL_SIGN_WIDTH, SMALL_SIGN_WIDTH = 6.8, 6.2
KEY_WIDTH = 24.0
MOST_SIGNS, MOST_LINES = 56, 2
CELL_SIGNS, CONDITION_SIGNS = 18, 30
LEAST_STROKE, MOST_STROKE = 2.0, 12.0
MOST_DOTS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A way out at the lower side of a card. `alone`: no other way of the step leads where it leads."""

    way: str
    key: str
    label: str
    target: str
    target_name: str
    alone: bool
    drawn: bool
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Card:
    """`row`: whether its ways stand in cells; a single "next" needs none."""

    step: str
    name: str
    verb: str
    icon: str
    words: tuple[str, ...]
    cells: tuple[Cell, ...]
    row: bool
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Way:
    """A line, and where its figure stands."""

    step: str
    way: str
    target: str
    path: str
    head: str
    alone: bool
    figure_x: float
    figure_y: float


@dataclass(frozen=True, slots=True)
class Picture:
    cards: tuple[Card, ...]
    ways: tuple[Way, ...]
    start_x: float
    start_y: float
    width: float
    height: float


def name_of(step: str) -> str:
    """A step's or flow's name as words: "our_hours" is "Our hours", "who/birth" is "Who: birth"."""
    return capitalize_first(step.replace("/", ": ").replace("_", " ").replace("-", " ").strip() or step)


def picture_of(flow: Flow, words: Words) -> Picture:
    """The same for the same flow and language, whatever happens on the line."""
    language = words.language if words.language in flow.languages else flow.languages[0]
    steps = {step.name: step for step in flow.steps.values() if not step.implied}
    drafts = {name: _draft(step, language, words) for name, step in steps.items()}
    boxes = [Box(name, card.width, card.height, _ports(card)) for name, card in drafts.items()]
    placed = place(boxes, flow.start)
    drawn = {(line.source, line.port) for line in placed.lines}
    cards = tuple(_placed(card, placed.spots[name], drawn) for name, card in drafts.items())
    by_step = {card.step: card for card in cards}
    start = placed.spots[flow.start]
    return Picture(
        cards,
        tuple(_ways(placed, by_step)),
        start.x + MARGIN,
        start.y + MARGIN + ENTRY_HEIGHT,
        max(placed.width, 320.0) + 2 * MARGIN,
        placed.height + ENTRY_HEIGHT + 2 * MARGIN,
    )


def with_live(figures: FlowFigures, calls: Iterable[Call]) -> FlowFigures:
    """Calls that go on are not among the ended ones, but they went their way too."""
    steps, ways = Counter(figures.steps), Counter(figures.ways)
    number = figures.calls
    for call in calls:
        number += 1
        steps.update(set(call.path))
        ways.update(set(pairwise(call.path)))
    return FlowFigures(number, steps, ways, figures.whole)


def now_in(calls: Iterable[Call]) -> Mapping[str, int]:
    """How many calls are in each step now."""
    return Counter(call.path[-1] for call in calls if call.path)


def stroke_width(calls: int, most: int) -> float:
    """How broad a line with so many calls is."""
    return LEAST_STROKE + (MOST_STROKE - LEAST_STROKE) * calls / most if most else LEAST_STROKE


def _draft(step: Step, language: str, words: Words) -> Card:
    """A card that has no place yet."""
    ways = list(ways_of(step))
    into = Counter(target for _, target, _ in ways)
    row = len(ways) > 1 or (bool(ways) and ways[0][0] != "next")
    cells, x = [], 0.0
    for way, target, _ in ways:
        key, label = _key_and_label(step, way, language, words)
        target_name = name_of(target)
        needed = max(
            (KEY_WIDTH if key else 0.0) + len(label) * LABEL_SIGN_WIDTH,
            (len(target_name) + 2) * SMALL_SIGN_WIDTH,
        )
        width = max(LEAST_CELL, needed + 20)
        cells.append(Cell(way, key, label, target, target_name, into[target] == 1, False, x, width))
        x += width
    name = name_of(step.name)
    width = max(LEAST_WIDTH, len(name) * NAME_SIGN_WIDTH + 84)
    if row and x < width:
        cells = [replace(c, x=c.x * width / x, width=c.width * width / x) for c in cells]
    elif row:
        width = x
    signs = min(max(int((width - 28) / TEXT_SIGN_WIDTH), 12), MOST_SIGNS)
    text = _quoted(words_of(step, language), words)
    lines = tuple(textwrap.wrap(text, signs, max_lines=MOST_LINES, placeholder=" …"))
    height = HEAD_HEIGHT + len(lines) * LINE_HEIGHT + (CELL_HEIGHT + 8 if row else 8)
    icon = ICONS.get(step.verb, "circle-dot")
    return Card(step.name, name, step.verb, icon, lines, tuple(cells), row, 0.0, 0.0, width, height)


def _key_and_label(step: Step, way: str, language: str, words: Words) -> tuple[str, str]:
    """A choice by its key and first phrase, a case by its condition, all else by its word."""
    kind, _, which = way.partition(" ")
    if kind == "choice":
        phrase = label_of(step, way, language).removeprefix(which).strip()
        return which, _shortened(phrase, CELL_SIGNS)
    if kind == "case":
        return "", _shortened(label_of(step, way, language), CONDITION_SIGNS)
    return "", _shortened(words.get(f"way_{way}", way.replace("_", " ")), CELL_SIGNS)


def _quoted(text: str, words: Words) -> str:
    """What is said, in the quotation marks of the page's language."""
    if text.startswith("“") and text.endswith("”"):
        return words("quoted", text=text[1:-1])
    return text


def _ports(card: Card) -> tuple[tuple[float, str], ...]:
    if not card.row:
        return tuple((card.width / 2, cell.target) for cell in card.cells)
    return tuple((cell.x + cell.width / 2, cell.target) for cell in card.cells)


def _placed(card: Card, spot: Spot, drawn: set[tuple[str, int]]) -> Card:
    x = spot.x - card.width / 2 + MARGIN
    y = spot.y + MARGIN + ENTRY_HEIGHT
    cells = tuple(
        replace(cell, x=x + cell.x, drawn=(card.step, port) in drawn) for port, cell in enumerate(card.cells)
    )
    return replace(card, cells=cells, x=x, y=y)


def _ways(placed: Placed, cards: Mapping[str, Card]) -> Iterable[Way]:
    """The lines, moved as the cards are."""
    ends: dict[int, float] = {}
    for spot in placed.spots.values():
        ends[spot.layer] = max(ends.get(spot.layer, 0.0), spot.y + spot.height)

    def row_end(bend: Spot) -> float:
        return ends.get(bend.layer, bend.y) + MARGIN + ENTRY_HEIGHT

    for line in placed.lines:
        card = cards[line.source]
        cell = card.cells[line.port]
        x = cell.x + cell.width / 2 if card.row else card.x + card.width / 2
        y = card.y + card.height
        bends = [replace(bend, x=bend.x + MARGIN, y=bend.y + MARGIN + ENTRY_HEIGHT) for bend in line.bends]
        end = bends[-1]
        yield Way(
            card.step,
            cell.way,
            cell.target,
            curve(x, y, bends, row_end),
            f"M{end.x - 4.5:.1f} {end.y - 7:.1f}h9l-4.5 7z",
            cell.alone,
            x,
            y + 17,
        )


def _shortened(text: str, signs: int) -> str:
    return text if len(text) <= signs else text[: signs - 1].rstrip() + "…"
