"""Pages of a list: a cursor names the last item seen, and means nothing to its reader."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from console.api.operation import Shape
from console.api.problem import FieldError, Problem
from console.api.shapes import Time
from engine.registers.pages import Item, Page

MOST_ITEMS = 200
_TIME: TypeAdapter[datetime] = TypeAdapter(Time)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class PageQuery(Shape):
    """Every list's query derives from this one."""

    limit: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="How many items at most.")] = 50
    cursor: Annotated[
        str | None,
        Field(max_length=400, description="`next` of the page before; left out for the first page."),
    ] = None


def cursor_of(*parts: str) -> str:
    return base64.urlsafe_b64encode("\x1f".join(parts).encode()).decode().rstrip("=")


def parts_of(cursor: str, number: int) -> list[str]:
    """Raises Problem 400 for what is no cursor of ours with that many parts."""
    try:
        parts = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\x1f")
    except (binascii.Error, ValueError):
        parts = []
    if len(parts) != number or any("\x00" in part for part in parts):
        raise _none_of_ours()
    return parts


def next_of(page: Page[Item]) -> str | None:
    return None if page.after is None else cursor_of(*page.after)


def after_of(cursor: str | None, *kinds: str) -> tuple[str, ...] | None:
    """The place that a cursor names; each part is a "time", a "number" or an "id". Raises Problem 400."""
    if cursor is None:
        return None
    parts = parts_of(cursor, len(kinds))
    for part, kind in zip(parts, kinds, strict=True):
        if kind == "time":
            try:
                _TIME.validate_python(part)  # of the years that every database keeps
            except ValidationError:
                raise _none_of_ours() from None
        if kind == "number" and not _NUMBER.fullmatch(part):
            raise _none_of_ours()
    return tuple(parts)


def _none_of_ours() -> Problem:
    wrong = FieldError("query.cursor", "Take it from `next` of the page before, unchanged.")
    return Problem(400, "invalid", "The cursor is none of this list's.", errors=[wrong])
