"""Text as records of cells: separators, quotation marks, and what is wrong with them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

SEPARATORS = (",", ";", "\t", "|")
# A record with more is taken for one whose quotation mark is never closed.
MOST_LINES_OF_A_RECORD = 100
MOST_CHARACTERS_OF_A_RECORD = 100_000


class Record(NamedTuple):
    """`line` is its first, from 1. `broken`: its quotation marks are; it is a single line then."""

    line: int
    text: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Records one after another, as text or (of a workbook) as cells. `first` counts from 0 in the file."""

    first: int
    lines: tuple[int, ...]
    texts: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    broken: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        return len(self.lines)


def records_of(lines: Iterable[str], separator: str) -> Iterator[Record]:
    """Lines with their ends, joined where a cell between quotation marks goes on over several.

    A quotation mark that is never closed costs its own line, not those that follow.
    """
    number = 0
    waiting: list[str] = []  # lines that are read again, after a record that did not end; the next one last
    source = iter(lines)
    while (line := waiting.pop() if waiting else next(source, None)) is not None:
        number += 1
        if '"' not in line or not _ends_inside(line, separator, inside=False):
            yield Record(number, line)
            continue
        joined, size, inside = [line], len(line), True
        while inside and size <= MOST_CHARACTERS_OF_A_RECORD and len(joined) < MOST_LINES_OF_A_RECORD:
            following = waiting.pop() if waiting else next(source, None)
            if following is None:
                break
            joined.append(following)
            size += len(following)
            inside = _ends_inside(following, separator, inside=True)
        if inside:
            yield Record(number, line, broken=True)
            waiting.extend(reversed(joined[1:]))
        else:
            yield Record(number, "".join(joined))
            number += len(joined) - 1


def _ends_inside(line: str, separator: str, *, inside: bool) -> bool:
    """Whether a cell between quotation marks is open at the line's end, when one was (not) at its start."""
    position, starts = 0, not inside
    while True:
        if inside:
            position = _closing(line, position, separator)
            if position < 0:
                return True
            inside = starts = False
        elif starts and line.startswith('"', position):
            position, inside = position + 1, True
        else:
            found = line.find(separator, position)
            if found < 0:
                return False
            position, starts = found + 1, True


def _closing(line: str, position: int, separator: str) -> int:
    """The place after the quotation mark that closes the cell, -1 when none does."""
    while (found := line.find('"', position)) >= 0:
        after = line[found + 1 : found + 2]
        if after in ("", "\n", "\r", separator):
            return found + 1
        position = found + (2 if after == '"' else 1)
    return -1


def cells_of(texts: Sequence[str], separator: str) -> list[list[str]]:
    """The cells of each record; of one that csv cannot read, the parts between its separators."""
    try:
        rows = list(csv.reader(texts, delimiter=separator))
    except csv.Error:
        rows = []
    if len(rows) == len(texts):
        return rows
    return list(chain.from_iterable(_cells(text, separator) for text in texts))


def _cells(text: str, separator: str) -> list[list[str]]:
    try:
        rows = list(csv.reader([text], delimiter=separator))
    except csv.Error:
        rows = []
    return rows if len(rows) == 1 else [text.rstrip("\r\n").split(separator)]


def separator_of(lines: Sequence[str]) -> str:
    """The separator that parts the most lines into equally many cells; a comma when none parts anything."""
    best, most = ",", (0, 0)
    for separator in SEPARATORS:
        counts = [len(row) for row in cells_of([line for line in lines if line.strip()], separator)]
        if not counts:
            break
        usual = max(set(counts), key=counts.count)
        if usual > 1 and (counts.count(usual), usual) > most:
            best, most = separator, (counts.count(usual), usual)
    return best
