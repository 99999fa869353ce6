"""What a page's address asks for: choices, days and places in lists, each refused with one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from console.api.pages_of import after_of
from console.api.problem import Problem
from console.faults import Fault

_Choice = TypeVar("_Choice", bound=StrEnum)


def choice_of(query: Mapping[str, str], name: str, kind: type[_Choice]) -> _Choice | None:
    """None: not asked for. Raises Fault."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise Fault(400, f"`{name}` is one of {', '.join(kind)}.") from None


def day_of(query: Mapping[str, str], name: str) -> date | None:
    """None: not asked for. Raises Fault."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Fault(400, f"`{name}` is a date such as 2026-11-22.") from None
    if not 2000 <= day.year < 2200:
        raise Fault(400, f"`{name}` is of the years 2000 to 2199.")
    return day


def place_of(request: web.Request, *kinds: str) -> tuple[str, ...] | None:
    """Where a list's page begins: `after` as pages_of.next_of made it. None: the first one. Raises Fault."""
    try:
        return after_of(request.query.get("after") or None, *kinds)
    except Problem as wrong:
        raise Fault(400, f"`after` is not the place of a page. Open {request.path} without it.") from wrong


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
