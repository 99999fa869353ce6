"""Types that the API's shapes share."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from console.api.operation import Shape
from history.interaction import PointKind

LARGEST_INTEGER = 2**53 - 1  # the largest that every reader of JSON keeps whole
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEARS = range(1900, 2200)


def read_time(written: str) -> datetime:
    """RFC 3339, with its zone. Raises ValueError with the remedy."""
    try:
        if not _RFC_3339.fullmatch(written):
            raise ValueError
        written = written.upper().replace(" ", "T")
        whole, dot, rest = written.partition(".")
        # Python keeps six digits of a second.
        fraction = re.match(r"\d{1,6}", rest)
        zone = rest.lstrip("0123456789")
        at = datetime.fromisoformat(f"{whole}.{fraction[0]}{zone}" if dot and fraction else written)
    except ValueError:
        raise ValueError("Write a time with its zone as 2026-11-22T09:30:00Z.") from None
    return at


def _given(value: object) -> object:
    return read_time(value) if isinstance(value, str) else value


def _utc(at: datetime) -> datetime:
    if at.year not in _YEARS:
        raise ValueError(f"Times are of the years {_YEARS[0]} to {_YEARS[-1]}.")
    return at.astimezone(UTC)


Time = Annotated[AwareDatetime, BeforeValidator(_given), AfterValidator(_utc)]


def _written(value: object) -> date:
    """A number, even one in a query, would be taken for seconds since 1970."""
    if isinstance(value, date):
        return value
    try:
        if not (isinstance(value, str) and _DAY.fullmatch(value)):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("Write a day as 2026-11-22.") from None


def _of_our_time(day: date) -> date:
    if day.year not in _YEARS:
        raise ValueError(f"Days are of the years {_YEARS[0]} to {_YEARS[-1]}.")
    return day


Day = Annotated[date, BeforeValidator(_written), AfterValidator(_of_our_time)]
WholeNumber = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


# PostgreSQL keeps no NUL, and nobody reads what is not shown.
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]


def no_default(schema: dict[str, Any]) -> None:
    """A member that is left out stays as it is."""
    schema.pop("default", None)


class PointShape(Shape):
    kind: PointKind
    value: str


class NoQuery(Shape):
    """No query at all."""
