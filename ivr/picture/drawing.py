"""A flow as a picture (SVG): every step a card, every way out a line or the name of the step it leads to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ivr.flow import Flow, Step
from ivr.picture.layout import Box, Placed, Spot, place
from ivr.rehearsal.coverage import Coverage, file_of, own_name, ways_of
from ivr.steps.return_ import Return
from ivr.steps.subflow import Subflow
from wording.yaml_source import Listing, Scalar, Table

MARGIN = 32.0
HEAD_HEIGHT = 92.0
LEAST_WIDTH, LEAST_CELL = 216.0, 64.0
LINE_HEIGHT, CELL_HEIGHT = 17.0, 42.0
SIGN_WIDTH = 6.9  # of the 12 px font, on average
MOST_SIGNS, MOST_LINES = 46, 2
CELL_SIGNS, CONDITION_SIGNS = 18, 34

INK, QUIET, FAINT = "#1b1d20", "#5d6269", "#8b9097"
GROUND, CARD, EDGE = "#f5f5f2", "#ffffff", "#cfd2cb"
BLUE, AMBER = "#2f6fdf", "#b9770e"
_STYLE = (
    "text{font-family:Inter,'Noto Sans','DejaVu Sans',sans-serif;font-size:12px;fill:" + INK + "}"
    ".name{font-size:13px;font-weight:600}.quiet{fill:" + QUIET + "}.faint{fill:" + FAINT + ";font-size:11px}"
    ".title{font-size:20px;font-weight:600}.to{fill:" + BLUE + ";font-size:11px}.way{font-weight:600}"
)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A way out, at the lower side of a card. `label` is what a person calls it."""

    way: str
    label: str
    target: str
    width: float


@dataclass(frozen=True, slots=True)
class _Card:
    step: Step
    words: tuple[str, ...]
    cells: tuple[_Cell, ...]
    width: float
    height: float

    @property
    def row(self) -> bool:
        """Whether the ways stand in a row of cells: a single `next` needs no word."""
        return len(self.cells) > 1 or (bool(self.cells) and self.cells[0].way != "next")

    def ports(self) -> tuple[tuple[float, str], ...]:
        if not self.row:
            return tuple((self.width / 2, cell.target) for cell in self.cells)
        found, x = [], 0.0
        for cell in self.cells:
            found.append((x + cell.width / 2, cell.target))
            x += cell.width
        return tuple(found)


def draw(flow: Flow, coverage: Coverage | None = None) -> str:
    """The picture. With `coverage`, what the tests reached is blue, the rest amber and dashed."""
    cards = {step.name: _card(step, flow.languages[0]) for step in flow.steps.values() if not step.implied}
    boxes = [Box(name, card.width, card.height, card.ports()) for name, card in cards.items()]
    placed = place(boxes, flow.start)
    width = max(placed.width, 560.0) + 2 * MARGIN
    height = placed.height + HEAD_HEIGHT + 2 * MARGIN
    painter = _Painter(flow, cards, placed, coverage)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(flow.name)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="100%" height="100%" fill="{GROUND}"/>',
        *painter.head(),
        f'<g transform="translate({MARGIN:.0f},{HEAD_HEIGHT + MARGIN:.0f})">',
        *painter.lines(),
        *painter.cards(),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Painter:
    def __init__(
        self, flow: Flow, cards: dict[str, _Card], placed: Placed, coverage: Coverage | None
    ) -> None:
        self._flow = flow
        self._cards = cards
        self._placed = placed
        self._coverage = coverage
        self._drawn = {(line.source, line.port) for line in placed.lines}

    def head(self) -> Iterable[str]:
        flow = self._flow
        always = [
            f"{word} → {target}" for word in ("agent", "trouble", "gone") if (target := _always(flow, word))
        ]
        yield _text(MARGIN, MARGIN + 16, flow.name, "title")
        about = f"version {flow.version} · {', '.join(flow.languages)} · {len(self._cards)} steps"
        yield _text(MARGIN, MARGIN + 38, about, "quiet")
        yield _text(MARGIN, MARGIN + 58, f"always: {', '.join(always)}", "quiet")
        if self._coverage is not None:
            own = self._coverage.files[flow.file]
            steps, ways = own.share("steps"), own.share("ways")
            told = f"tests reach {steps} steps and take {ways} ways; the others are dashed"
            yield _text(MARGIN, MARGIN + 78, told, "quiet")

    def lines(self) -> Iterable[str]:
        start = self._placed.spots[self._flow.start]
        top = f"M{start.x:.1f} {start.y - 26:.1f}V{start.y - 7:.1f}"
        yield f'<path d="{top}" fill="none" stroke="{QUIET}" stroke-width="1.5"/>'
        yield _head(start.x, start.y, QUIET)
        for line in self._placed.lines:
            card, spot = self._cards[line.source], self._placed.spots[line.source]
            x = spot.x - card.width / 2 + card.ports()[line.port][0]
            end = line.bends[-1]
            colour, dash = self._of_way(card, line.port)
            way = curve(x, spot.y + card.height, line.bends, self._row_end)
            yield f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>'
            yield _head(end.x, end.y, colour)

    def cards(self) -> Iterable[str]:
        for name, card in self._cards.items():
            spot = self._placed.spots[name]
            yield from self._card(card, spot.x - card.width / 2, spot.y)

    def _card(self, card: _Card, x: float, y: float) -> Iterable[str]:
        name = card.step.name
        reached = self._reached("steps", name)
        colour = EDGE if reached is None else BLUE if reached else AMBER
        dash = ' stroke-dasharray="5 4"' if reached is False else ""
        yield (
            f'<g><title>{escape(name)}</title><rect x="{x:.1f}" y="{y:.1f}" width="{card.width:.1f}" '
            f'height="{card.height:.1f}" rx="8" fill="{CARD}" stroke="{colour}" stroke-width="1.3"{dash}/>'
        )
        yield _text(x + 14, y + 23, name, "name")
        yield _text(x + card.width - 14, y + 23, card.step.verb, "faint", anchor="end")
        for n, words in enumerate(card.words):
            yield _text(x + 14, y + 42 + n * LINE_HEIGHT, words, "quiet")
        if card.row:
            yield from self._cells(card, x, y + card.height - CELL_HEIGHT)
        elif card.cells and (name, 0) not in self._drawn:
            middle = x + card.width / 2
            yield _text(middle, y + card.height + 14, f"→ {card.cells[0].target}", "to", anchor="middle")
        yield "</g>"

    def _cells(self, card: _Card, x: float, y: float) -> Iterable[str]:
        yield f'<path d="M{x:.1f} {y:.1f}h{card.width:.1f}" stroke="{EDGE}"/>'
        for port, cell in enumerate(card.cells):
            if port:
                yield f'<path d="M{x:.1f} {y:.1f}v{CELL_HEIGHT:.0f}" stroke="{EDGE}"/>'
            missed = self._reached("ways", card.step.name, cell.way) is False
            paint = f' style="fill:{AMBER}"' if missed else ""
            yield _text(x + cell.width / 2, y + 18, cell.label, "way", anchor="middle", more=paint)
            if (card.step.name, port) not in self._drawn:
                yield _text(x + cell.width / 2, y + 34, f"→ {cell.target}", "to", anchor="middle")
            x += cell.width

    def _of_way(self, card: _Card, port: int) -> tuple[str, str]:
        reached = self._reached("ways", card.step.name, card.cells[port].way)
        if reached is None:
            return FAINT, ""
        return (BLUE, "") if reached else (AMBER, ' stroke-dasharray="5 4"')

    def _reached(self, kind: str, name: str, more: str = "") -> bool | None:
        """None when nothing is to be said of it."""
        step = self._cards[name].step
        if self._coverage is None or (kind == "ways" and step.verb in (Subflow.verb, Return.verb)):
            return None
        own = own_name(step)
        return (kind, f"{own}\0{more}" if more else own) in self._coverage.files[
            file_of(self._flow, step)
        ].reached

    def _row_end(self, spot: Spot) -> float:
        """Where the cards of a bend's layer end."""
        return spot.y + max(s.height for s in self._placed.spots.values() if s.layer == spot.layer)


def _card(step: Step, language: str) -> _Card:
    cells = []
    for way, target, _ in ways_of(step):
        most = CONDITION_SIGNS if way.startswith("case ") else CELL_SIGNS
        label = _shortened(label_of(step, way, language), most)
        signs = max(len(label) * 1.15, len(target) + 2)
        cells.append(_Cell(way, label, target, max(LEAST_CELL, signs * SIGN_WIDTH + 18)))
    row = len(cells) > 1 or (bool(cells) and cells[0].way != "next")
    width = max(LEAST_WIDTH, (len(step.name) * 1.15 + len(step.verb)) * SIGN_WIDTH + 44)
    if row:
        needed = sum(cell.width for cell in cells)
        if needed < width:
            cells = [_Cell(c.way, c.label, c.target, c.width * width / needed) for c in cells]
        width = max(width, needed)
    signs = min(max(int((width - 28) / SIGN_WIDTH), 12), 2 * MOST_SIGNS)
    lines = textwrap.wrap(words_of(step, language), signs, max_lines=MOST_LINES, placeholder=" …")
    height = 36 + len(lines) * LINE_HEIGHT + (CELL_HEIGHT + 6 if row else 6)
    return _Card(step, tuple(lines), tuple(cells), width, height)


def words_of(step: Step, language: str) -> str:
    """What the step says, or else what is written under its verb."""
    for texts in step.body.spoken():
        if language in texts:
            return f"“{texts[language].source}”"
    source = step.source.value(step.verb) if isinstance(step.source, Table) else None
    match source:
        case Scalar(text=text):
            return text
        case Table():
            pairs = [(key, value) for key, (_, value) in source.entries.items()]
            return ", ".join(f"{key}: {value.text}" for key, value in pairs if isinstance(value, Scalar))
        case Listing() | None:
            return ""


def label_of(step: Step, way: str, language: str) -> str:
    """A choice by its key and first phrase, a case by its condition, all else by its name."""
    kind, _, which = way.partition(" ")
    if kind == "choice":
        choice = getattr(step.body, "choices", {}).get(which)
        hear: dict[str, Sequence[str]] = getattr(choice, "hear", {})
        phrases = [*hear.get(language, ()), *(phrase for said in hear.values() for phrase in said)]
        return f"{which} {phrases[0]}" if phrases else which
    if kind == "case" and which.isdigit():
        cases: Sequence[object] = getattr(step.body, "cases", ())
        if 0 < int(which) <= len(cases):
            return str(getattr(getattr(cases[int(which) - 1], "when", None), "source", way))
    return way


def _always(flow: Flow, word: str) -> str | None:
    target: str | None = getattr(flow.always, word)
    return target


def _shortened(text: str, signs: int) -> str:
    return text if len(text) <= signs else text[: signs - 1].rstrip() + "…"


def curve(x: float, y: float, bends: Sequence[Spot], row_end: object) -> str:
    """Down from (x, y) over the bends to the upper side of the last spot."""
    path = f"M{x:.1f} {y:.1f}"
    for bend in bends:
        last = bend is bends[-1]
        to_y = bend.y - 7 if last else bend.y
        half = (y + to_y) / 2
        path += f"C{x:.1f} {half:.1f} {bend.x:.1f} {half:.1f} {bend.x:.1f} {to_y:.1f}"
        x, y = bend.x, to_y
        if not last and callable(row_end):
            y = row_end(bend)
            path += f"V{y:.1f}"
    return path


def _head(x: float, y: float, colour: str) -> str:
    return f'<path d="M{x - 4.5:.1f} {y - 8:.1f}h9l-4.5 8z" fill="{colour}"/>'


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "", more: str = "") -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}"{where}{more}>{escape(text)}</text>'
