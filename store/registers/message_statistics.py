"""SqlMessageStatistics: counted when they are asked for, from the messages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, case, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.message_statistics import GroupedBy, MessageStatistics
from engine.registers.messages import MessageDirection
from history.interaction import PointKind
from messaging.states import REACHED, MessageState
from store.registers.transactions import read
from store.tables import do_not_contact, messages

_c = messages.c
_S = MessageState
_OUTBOUND = _c.direction == MessageDirection.OUTBOUND.value
_DAY_SECONDS = 86_400.0


class SqlMessageStatistics:
    """Implements engine.registers.message_statistics.MessageFiguresBook."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def statistics(
        self, by: GroupedBy, *, since: datetime, until: datetime, prefix_digits: int = 4, limit: int = 200
    ) -> Sequence[MessageStatistics]:
        database = self._engine.dialect.name
        key: ColumnElement[Any] = {
            GroupedBy.TEMPLATE: _c.template,
            GroupedBy.MAILING: _c.mailing,
            GroupedBy.PROVIDER: _c.provider,
            GroupedBy.PREFIX: func.substr(_c.point_value, 1, prefix_digits + 1),
        }[by]
        wanted = [_OUTBOUND, _c.at >= since, _c.at < until, key.is_not(None)]
        if by is GroupedBy.PREFIX:
            wanted.append(_c.point_kind == PointKind.PHONE.value)

        def work(connection: Connection) -> list[MessageStatistics]:
            grouped = (
                select(key.label("key"), func.count().label("messages"), *_counted())
                .where(*wanted)
                .group_by(key)
                .order_by(func.count().desc(), key)
                .limit(limit)
            )
            rows = connection.execute(grouped).all()
            times = _times(connection, key, wanted, database)
            cost = _cost(connection, key, wanted)
            answered, objected = _answers(connection, key, wanted)
            return [
                MessageStatistics(
                    **dict(row._mapping),
                    replied=answered.get(row.key, 0),
                    opted_out=objected.get(row.key, 0),
                    p50_seconds=times.get(row.key, (None, None))[0],
                    p95_seconds=times.get(row.key, (None, None))[1],
                    cost=cost.get(row.key, {}),
                )
                for row in rows
            ]

        return await read(self._engine, work)


def _counted() -> list[ColumnElement[int]]:
    def number(holds: ColumnElement[bool], name: str) -> Any:
        return func.sum(case((holds, 1), else_=0)).label(name)

    states = ("failed", "expired", "refused", "stopped", "in_doubt")
    return [
        number(_c.sent_at.is_not(None), "sent"),
        number(_c.state.in_([state.value for state in REACHED]), "delivered"),
        number(_c.read_at.is_not(None), "read"),
        number(_c.checked_at.is_not(None), "checked"),
        *(number(_c.state == _S(name).value, name) for name in states),
    ]


def _times(
    connection: Connection, key: ColumnElement[Any], wanted: list[ColumnElement[bool]], database: str
) -> dict[str, tuple[float, float]]:
    """The nearest ranks, as both databases can tell them."""
    took: ColumnElement[float]
    if database == "postgresql":
        took = cast(extract("epoch", _c.delivered_at - _c.sent_at), Float)
    else:
        took = (func.julianday(_c.delivered_at) - func.julianday(_c.sent_at)) * _DAY_SECONDS
    ranked = (
        select(
            key.label("key"),
            took.label("took"),
            func.row_number().over(partition_by=key, order_by=took).label("place"),
            func.count().over(partition_by=key).label("number"),
        )
        .where(*wanted, _c.delivered_at.is_not(None), _c.sent_at.is_not(None))
        .subquery()
    )
    r = ranked.c

    def at(percent: int) -> Any:
        # The first place at which so many percent are reached.
        reached = r.place * 100 >= r.number * percent
        return func.min(case((reached, r.took)))

    chosen = select(r.key, at(50).label("p50"), at(95).label("p95")).group_by(r.key)
    return {
        row.key: (round(max(0.0, row.p50), 3), round(max(0.0, row.p95), 3))
        for row in connection.execute(chosen)
        if row.p50 is not None and row.p95 is not None
    }


def _cost(
    connection: Connection, key: ColumnElement[Any], wanted: list[ColumnElement[bool]]
) -> dict[str, dict[str, int]]:
    chosen = select(key.label("key"), _c.currency, func.sum(_c.cost).label("cost")).where(
        *wanted, _c.cost.is_not(None), _c.currency.is_not(None)
    )
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(chosen.group_by(key, _c.currency)):
        found.setdefault(row.key, {})[row.currency] = int(row.cost)
    return found


def _answers(
    connection: Connection, key: ColumnElement[Any], wanted: list[ColumnElement[bool]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Messages that were answered, and answers that were an opt-out."""
    reply = messages.alias("reply")
    joined = select(key.label("key"), func.count(_c.id.distinct()).label("number")).join(
        reply, reply.c.in_reply_to == _c.id
    )
    answered = {row.key: row.number for row in connection.execute(joined.where(*wanted).group_by(key))}
    objected = joined.join(do_not_contact, do_not_contact.c.id == reply.c.id + "-person")
    stopped = {row.key: row.number for row in connection.execute(objected.where(*wanted).group_by(key))}
    return answered, stopped
