"""Pages of a list: a cursor names the last item seen, and means nothing to its reader."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import Field

from console.api.operation import Shape
from console.api.problem import FieldError, Problem

MOST_ITEMS = 200


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
        wrong = FieldError("query.cursor", "Take it from `next` of the page before, unchanged.")
        raise Problem(400, "invalid", "The cursor is none of this list's.", errors=[wrong])
    return parts
