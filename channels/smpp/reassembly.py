"""Incoming texts of several parts, put together as their parts come: in any order, twice, or never all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from channels.smpp.pdus import SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL, Delivery

_PARTS_8_BIT = 0x00
_PARTS_16_BIT = 0x08
# What stands for a part that did not come.
GAP = "[…]"


@dataclass(frozen=True, slots=True)
class Part:
    """`number` counts from 1 to `total`; `content` without its header."""

    reference: tuple[str, int]
    total: int
    number: int
    content: bytes
    data_coding: int

    @property
    def is_whole(self) -> bool:
        return self.total == 1


def part_of(delivery: Delivery) -> Part:
    """What a delivery is of its text. A header or parameters that contradict themselves make it whole."""
    content, place = delivery.content, None
    if delivery.has_header and content:
        header, content = content[1 : content[0] + 1], content[content[0] + 1 :]
        place = _place(header)
    if place is None and (total := delivery.number(SAR_TOTAL)):
        reference, number = delivery.number(SAR_REFERENCE) or 0, delivery.number(SAR_NUMBER) or 0
        place = (("sar", reference), total, number)
    if place is None or not 1 <= place[2] <= place[1]:
        place = (("", 0), 1, 1)
    return Part(*place, content, delivery.data_coding)


def _place(header: bytes) -> tuple[tuple[str, int], int, int] | None:
    """Reference, total and number, from whichever element of a text's header has them."""
    while len(header) >= 2:
        kind, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        if kind == _PARTS_8_BIT and len(value) == 3:
            return ("8", value[0]), value[1], value[2]
        if kind == _PARTS_16_BIT and len(value) == 4:
            return ("16", int.from_bytes(value[:2], "big")), value[2], value[3]
    return None


@dataclass(slots=True)
class Assembly:
    """`expires_at` in seconds of the caller's monotonic clock."""

    total: int
    expires_at: float
    parts: dict[int, Part] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return len(self.parts) == self.total

    @property
    def missing(self) -> tuple[int, ...]:
        return tuple(number for number in range(1, self.total + 1) if number not in self.parts)

    def text(self, decode: Callable[[bytes, int], str]) -> str:
        """Parts of one alphabet are joined before they are read: a sender may cut a character in two."""
        text, run, coding = "", b"", None
        for number in range(1, self.total + 2):
            part = self.parts.get(number)
            if run and (part is None or part.data_coding != coding):
                text, run = text + decode(run, coding or 0), b""
            if part is not None:
                run, coding = run + part.content, part.data_coding
            elif number <= self.total and not text.endswith(GAP):
                text += GAP
        return text


@dataclass(frozen=True, slots=True)
class Sending:
    """What parts of one text have in common."""

    from_: str
    to: str
    reference: tuple[str, int]
    total: int

    @property
    def marks(self) -> tuple[str | int, ...]:
        return (self.from_, self.to, *self.reference, self.total)


class Assemblies:
    """By what their parts have in common. References come round again, so what is done is forgotten."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._open: dict[Sending, Assembly] = {}
        self._done: dict[Sending, tuple[float, frozenset[bytes]]] = {}

    def put(self, key: Sending, part: Part, now: float) -> Assembly:
        """The text that the part belongs to. A part of other content in a place that is taken begins anew."""
        assembly = self._open.get(key)
        before = assembly.parts.get(part.number) if assembly is not None else None
        if (
            assembly is None
            or assembly.total != part.total
            or (before is not None and before.content != part.content)
        ):
            assembly = self._open[key] = Assembly(part.total, now + self._limit_seconds)
        assembly.parts[part.number] = part
        return assembly

    def was_done(self, key: Sending, part: Part, now: float) -> bool:
        """Whether this very part came before, and its text was passed on: its confirmation was lost."""
        done = self._done.get(key)
        return done is not None and now < done[0] and _mark(part) in done[1]

    def done(self, key: Sending, assembly: Assembly, now: float) -> None:
        if self._open.get(key) is assembly:
            del self._open[key]
        self._done = {name: mark for name, mark in self._done.items() if now < mark[0]}
        marks = frozenset(_mark(part) for part in assembly.parts.values())
        self._done[key] = (now + self._limit_seconds, marks)

    def postpone(self, assembly: Assembly, now: float) -> None:
        """It could not be passed on; try again later."""
        assembly.expires_at = now + self._limit_seconds

    def overdue(self, now: float) -> list[tuple[Sending, Assembly]]:
        return [(key, assembly) for key, assembly in self._open.items() if assembly.expires_at <= now]

    def unfinished(self) -> list[tuple[Sending, Assembly]]:
        return list(self._open.items())


def _mark(part: Part) -> bytes:
    return hashlib.sha256(part.number.to_bytes(2, "big") + part.content).digest()
