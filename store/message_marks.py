"""Messages whose answer was lost, found by what receipts tell of them: the number, and our own mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from messaging.marks import mark_of
from messaging.parts import NotText, TooLong, parts_of
from messaging.states import MessageState
from store.tables import messages

_c = messages.c
_UNANSWERED = (MessageState.SENDING.value, MessageState.IN_DOUBT.value)


def marked_messages(
    connection: Connection, ends: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str, int | None], Sequence[tuple[str, int]]]:
    """By provider, number and mark: the messages that have it, each with the number of its parts. `ends`: of
    the receipts, provider and number."""
    chosen = select(_c.id, _c.provider, _c.point_value, _c.parts, _c.text).where(
        _c.point_value.in_(sorted({number for _, number in ends})), _c.state.in_(_UNANSWERED)
    )
    found: dict[tuple[str, str, int | None], list[tuple[str, int]]] = defaultdict(list)
    for row in connection.execute(chosen):
        parts = row.parts or _counted(row.text)
        for part in range(parts):
            found[row.provider, row.point_value, mark_of(row.id, part)].append((row.id, parts))
    return found


def _counted(text: str) -> int:
    try:
        return parts_of(text).count
    except TooLong as long:
        return long.parts.count
    except NotText:
        return 1
