"""Contacts as rows of a list that can be imported again."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from history.contact import Contact
from history.interaction import PointKind
from wording.minor_units import written_amount

COLUMNS = (
    "phone",
    "email",
    "messenger",
    "name",
    "given_name",
    "family_name",
    "language",
    "country",
    "region",
    "postcode",
    "time_zone",
    "value",
    "currency",
    "tags",
)
_OF_POINTS = {
    "phone": PointKind.PHONE,
    "email": PointKind.EMAIL,
    "messenger": PointKind.MESSENGER,
}


def header_of(attributes: Iterable[str]) -> list[str]:
    return [*COLUMNS, *(f"attr.{name}" for name in attributes)]


def row_of(contact: Contact, attributes: Iterable[str]) -> list[str]:
    """Cells as in `header_of` the same attributes; semicolons part several points or tags of a cell."""
    cells = []
    for column in COLUMNS:
        if column in _OF_POINTS:
            cell = ";".join(point.value for point in contact.points if point.kind is _OF_POINTS[column])
        elif column == "tags":
            cell = ";".join(sorted(contact.tags))
        elif column == "value":
            cell = _amount(contact.lifetime_value, contact.value_currency)
        else:
            cell = getattr(contact, "value_currency" if column == "currency" else column) or ""
        cells.append(cell)
    return cells + [_attribute(contact.attributes.get(name)) for name in attributes]


def _amount(minor: int | None, currency: str | None) -> str:
    if minor is None or currency is None:
        return ""
    return written_amount(minor, currency)


def _attribute(value: object) -> str:
    """Texts as they are, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
