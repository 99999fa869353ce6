"""What begins with some letters, found by index in both databases."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_


def begins_with(column: ColumnElement[str], prefix: str, database: str) -> ColumnElement[bool]:
    """`database` is the dialect's name.

    Written as a range: LIKE with a parameter uses no index. PostgreSQL's ~>=~ compares letter by letter, as
    an index of text_pattern_ops does, whatever the collation.
    """
    end = _following(prefix)
    if database == "postgresql":
        begins = column.op("~>=~", is_comparison=True)(prefix)
        return begins if end is None else and_(begins, column.op("~<~", is_comparison=True)(end))
    return column >= prefix if end is None else and_(column >= prefix, column < end)


def _following(prefix: str) -> str | None:
    """The first text, letter by letter, that is after all that begin so; None when there is none."""
    for length in range(len(prefix), 0, -1):
        last = ord(prefix[length - 1])
        if last < 0x10FFFF:
            # Code points that no text can hold are left out.
            following = 0xE000 if 0xD7FF <= last < 0xE000 else last + 1
            return prefix[: length - 1] + chr(following)
    return None
