"""Spans of a day and ranges of weekdays, as people write them: "8:00-12:00, 13:00-16:00", "mon-fri"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_TIME = r"(\d{1,2}):(\d{2})"
_SPAN = re.compile(rf"{_TIME}\s*[-–]\s*{_TIME}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the wall clock since the midnight in which its day begins.

    `ends` may be up to 48 hours: a span over midnight belongs to the day in which it begins.
    """

    begins: int
    ends: int


WHOLE_DAY = Span(0, DAY_MINUTES)


def parse_spans(text: str) -> tuple[Span, ...]:
    """ "8:00-12:00, 13:00-16:00", "22:00-6:00", "24h" or "closed", in order of time. Raises ValueError."""
    words = text.strip().lower()
    if words == "closed":
        return ()
    if words == "24h":
        return (WHOLE_DAY,)
    spans = sorted((_span(piece) for piece in words.split(",")), key=lambda span: span.begins)
    for first, second in pairwise(spans):
        if second.begins < first.ends:
            raise ValueError(f"two of the spans in {text!r} overlap: write them one after another")
    return tuple(spans)


def _span(piece: str) -> Span:
    match = _SPAN.fullmatch(piece.strip())
    if match is None:
        raise ValueError(f"{piece.strip()!r} is no span of hours; write 8:00-16:00, 24h or closed")
    begins, ends = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if begins == DAY_MINUTES:
        raise ValueError("a day that begins at 24:00 is the next one: write 0:00")
    if begins == ends:
        raise ValueError(f"{piece.strip()!r} has no length; a whole day is written 24h")
    return Span(begins, ends if ends > begins else ends + DAY_MINUTES)


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MINUTES:
        raise ValueError(f"{hours}:{minutes} is no time of day; write 0:00 to 24:00")
    return total


def parse_weekdays(text: str) -> tuple[int, ...]:
    """ "mon", "mon-fri" or "sat, sun" as numbers from Monday, which is 0. Raises ValueError."""
    days: list[int] = []
    for piece in text.lower().split(","):
        first, dash, last = (part.strip() for part in piece.partition("-"))
        for day in (first, last) if dash else (first,):
            if day not in WEEKDAYS:
                raise ValueError(f"{day!r} is no weekday; there are {', '.join(WEEKDAYS)}, and mon-fri")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        length = (end - begin) % 7 + 1  # fri-mon goes over the week's end
        days += [(begin + offset) % 7 for offset in range(length)]
    twice = {WEEKDAYS[day] for day in days if days.count(day) > 1}
    if twice:
        raise ValueError(f"{text!r} has {', '.join(sorted(twice))} twice")
    return tuple(days)
