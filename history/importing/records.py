"""Text as records of cells: separators, quotation marks, and what is wrong with them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
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


def records_of(lines: Iterable[str], separator: str) -> Iterator[Record]:
    """Lines with their ends, joined where a cell between quotation marks goes on over several.

    A quotation mark that is never closed costs its own line, not those that follow.
    """
    well_formed = _well_formed(separator)
    number = 0
    waiting: list[str] = []  # lines that are read again, after a record that did not end; the next one last
    source = iter(lines)
    while (line := waiting.pop() if waiting else next(source, None)) is not None:
        number += 1
        if '"' not in line or well_formed(line) or not _ends_inside(line, separator):
            yield Record(number, line)
            continue
        joined, size, closed = [line], len(line), False
        while size <= MOST_CHARACTERS_OF_A_RECORD and len(joined) < MOST_LINES_OF_A_RECORD:
            following = waiting.pop() if waiting else next(source, None)
            if following is None:
                break
            joined.append(following)
            size += len(following)
            if '"' in following and (after := _closing(following, 0)) >= 0:
                # One in the middle of a cell closes nothing: it is of a later record, and this one is broken.
                closed = following[after : after + 1] in ("", "\n", "\r", separator)
                if not closed or not _ends_inside(following, separator, after):
                    break
        if closed:
            yield Record(number, "".join(joined))
            number += len(joined) - 1
        else:
            yield Record(number, line, broken=True)
            waiting.extend(reversed(joined[1:]))


@cache
def _well_formed(separator: str) -> Callable[[str], object]:
    """Whether a line's cells all are as they should be, and none goes on in the next one."""
    apart = re.escape(separator)
    cell = rf'(?:"[^"]*(?:""[^"]*)*"|[^"{apart}]*)'
    return re.compile(rf"{cell}(?:{apart}{cell})*\n?").fullmatch


def _ends_inside(line: str, separator: str, position: int = 0) -> bool:
    """Whether a cell between quotation marks is open at the line's end; `position` is where a cell starts."""
    while True:
        if line.startswith('"', position):
            position = _closing(line, position + 1)
            if position < 0:
                return True
        found = line.find(separator, position)
        if found < 0:
            return False
        position = found + 1


def _closing(line: str, position: int) -> int:
    """The place after the quotation mark that closes the cell, -1 when none does."""
    while (found := line.find('"', position)) >= 0:
        if not line.startswith('"', found + 1):
            return found + 1
        position = found + 2
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
        usual = max(set(counts), key=lambda count: (counts.count(count), count))
        if usual > 1 and (counts.count(usual), usual) > most:
            best, most = separator, (counts.count(usual), usual)
    return best
