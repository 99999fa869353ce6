"""The list of calls, in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from calls.call import Call, Direction
from engine.registers.calls import CallPlace, CallsWanted
from store.queries import call_of
from store.registers.transactions import reading
from store.tables import calls


class SqlCalls:
    """Implements engine.registers.calls.CallRegister."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, wanted: CallsWanted, limit: int, after: CallPlace | None) -> Sequence[Call]:
        asked = select(calls).where(*_conditions(wanted))
        if after is not None:
            asked = asked.where(tuple_(calls.c.started_at, calls.c.id) < tuple_(*after))
        asked = asked.order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit)
        async with reading(self._engine) as connection:
            return [call_of(row) for row in (await connection.execute(asked)).all()]


def _conditions(wanted: CallsWanted) -> Iterator[ColumnElement[bool]]:
    if wanted.direction is not None:
        yield calls.c.direction == wanted.direction.value
    if wanted.since is not None:
        yield calls.c.started_at >= wanted.since
    if wanted.until is not None:
        yield calls.c.started_at < wanted.until
    if wanted.flow is not None:
        yield calls.c.flow == wanted.flow
    if wanted.outcome is not None:
        yield calls.c.outcome == wanted.outcome.value
    if wanted.campaign is not None:
        yield calls.c.campaign == wanted.campaign
    if wanted.live is not None:
        yield calls.c.ended_at.is_(None) if wanted.live else calls.c.ended_at.is_not(None)
    if wanted.number is not None:
        called = and_(calls.c.direction == Direction.INBOUND.value, calls.c.caller == wanted.number)
        rung = and_(calls.c.direction == Direction.OUTBOUND.value, calls.c.dialled == wanted.number)
        yield or_(called, rung)
