"""SqlMessageStatistics: counted when they are asked for, from the messages themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, case, func, literal, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.message_statistics import (
    ANY_MESSAGE,
    MOST_REASONS,
    TOOK_EDGES_SECONDS,
    GroupedBy,
    MessageStatistics,
    Narrowed,
    StateReason,
)
from engine.registers.messages import MessageDirection
from history.interaction import PointKind
from messaging.states import REACHED, MessageState
from store.registers.local_hours import clock_text, local_period
from store.registers.prefixes import begins_with
from store.registers.transactions import read
from store.tables import do_not_contact, messages

_c = messages.c
_S = MessageState
_OUTBOUND = _c.direction == MessageDirection.OUTBOUND.value
_DAY_SECONDS = 86_400
_PERIODS = {GroupedBy.DAY: _DAY_SECONDS, GroupedBy.HOUR: 3600}
_WAITING = (_S.QUEUED, _S.SENDING)
_LOST = (_S.FAILED, _S.EXPIRED, _S.REFUSED, _S.STOPPED, _S.IN_DOUBT)
_NAMED = ("template", "mailing", "campaign", "provider")


class SqlMessageStatistics:
    """Implements engine.registers.message_statistics.MessageFiguresBook."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def statistics(
        self,
        by: GroupedBy,
        *,
        since: datetime,
        until: datetime,
        only: Narrowed = ANY_MESSAGE,
        prefix_digits: int = 4,
        zone: tzinfo = UTC,
        limit: int = 200,
        with_times: bool = True,
    ) -> Sequence[MessageStatistics]:
        database = self._engine.dialect.name
        wanted = [_OUTBOUND, _c.at >= since, _c.at < until, *_narrowed(only, database)]
        key: ColumnElement[Any]
        if by in _PERIODS:
            key = local_period(_c.at, _PERIODS[by], since, until, zone, database)
        elif by is GroupedBy.PREFIX:
            key = func.substr(_c.point_value, 1, prefix_digits + 1)
            wanted.append(_c.point_kind == PointKind.PHONE.value)
        elif by is GroupedBy.ALL:
            key = literal("")
        else:
            key = _c[by.value]
            wanted.append(key.is_not(None))

        def work(connection: Connection) -> list[MessageStatistics]:
            asked = _Asked(connection, database, key, wanted, since)
            if by is GroupedBy.PREFIX:
                # There may be as many as numbers: only the largest are looked at.
                largest = select(key).where(*wanted).group_by(key).order_by(func.count().desc(), key)
                keys = connection.execute(largest.limit(limit)).scalars().all()
                asked.wanted.append(key.in_(keys))
            groups = asked.counted()
            if by in _PERIODS:
                chosen = sorted(groups)[:limit]
            else:
                chosen = sorted(groups, key=lambda one: (-groups[one].numbers["messages"], one))[:limit]
            times = asked.times() if with_times and chosen else {}
            answered = asked.answers() if chosen else {}

            def named(one: Any) -> str:
                return clock_text(one, _PERIODS[by]) if by in _PERIODS else one

            return [
                groups[one].told(named(one), answered.get(one, (0, 0)), times.get(one, (None, None)))
                for one in chosen
            ]

        return await read(self._engine, work)


@dataclass(slots=True)
class _Group:
    numbers: Counter[str] = field(default_factory=Counter)
    took: list[int] = field(default_factory=lambda: [0] * (len(TOOK_EDGES_SECONDS) + 1))
    reasons: Counter[tuple[_S, str]] = field(default_factory=Counter)
    cost: Counter[str] = field(default_factory=Counter)

    def told(
        self, key: str, answered: tuple[int, int], times: tuple[float | None, float | None]
    ) -> MessageStatistics:
        often = sorted(self.reasons.items(), key=lambda one: (-one[1], one[0]))[:MOST_REASONS]
        return MessageStatistics(
            key,
            **self.numbers,
            replied=answered[0],
            opted_out=answered[1],
            p50_seconds=times[0],
            p95_seconds=times[1],
            took=tuple(self.took),
            reasons=tuple(StateReason(state, code, number) for (state, code), number in often),
            cost=dict(self.cost),
        )


@dataclass(slots=True)
class _Asked:
    connection: Connection
    database: str
    key: ColumnElement[Any]
    wanted: list[ColumnElement[bool]]
    since: datetime

    def counted(self) -> dict[Any, _Group]:
        """One pass over the messages: what is counted lies in the groups, and is added up here."""
        lost = _c.state.in_([state.value for state in _LOST])
        columns = [
            self.key.label("key"),
            _c.state,
            case((lost, _c.code), else_="").label("code"),
            _c.currency,
            self._took().label("took"),
        ]
        inner = select(*columns, _c.sent_at, _c.read_at, _c.checked_at, _c.cost).where(*self.wanted)
        groups: dict[Any, _Group] = defaultdict(_Group)
        # A limit that limits nothing keeps SQLite from working times out anew for each edge.
        s = (inner if self.database == "postgresql" else inner.limit(-1)).subquery().c
        numbers = [
            func.count().label("messages"),
            func.count(s.sent_at).label("sent"),
            func.count(s.read_at).label("read"),
            func.count(s.checked_at).label("checked"),
            func.count(func.coalesce(s.read_at, s.checked_at)).label("opened"),
            func.sum(s.cost).label("cost"),
        ]
        names = (s.key, s.state, s.code, s.currency, self._bucket(s.took).label("bucket"))
        for row in self.connection.execute(select(*names, *numbers).group_by(*names[:4], "bucket")):
            group, state = groups[row.key], MessageState(row.state)
            for name in ("messages", "sent", "read", "checked", "opened"):
                group.numbers[name] += getattr(row, name)
            group.numbers[_counted_as(state)] += row.messages
            if row.bucket is not None:
                group.took[row.bucket] += row.messages
            if state in _LOST:
                group.reasons[state, row.code] += row.messages
            if row.currency is not None and row.cost is not None:
                group.cost[row.currency] += int(row.cost)
        return groups

    def times(self) -> dict[Any, tuple[float, float]]:
        """The nearest ranks, as both databases can tell them."""
        took = self._took()
        arrived = (*self.wanted, _c.delivered_at.is_not(None), _c.sent_at.is_not(None))
        if self.database == "postgresql":
            at = func.percentile_disc
            chosen = (
                select(
                    self.key.label("key"),
                    at(0.5).within_group(took).label("p50"),
                    at(0.95).within_group(took).label("p95"),
                )
                .where(*arrived)
                .group_by("key")
            )
        else:
            ranked = (
                select(
                    self.key.label("key"),
                    took.label("took"),
                    func.row_number().over(partition_by=self.key, order_by=took).label("place"),
                    func.count().over(partition_by=self.key).label("number"),
                )
                .where(*arrived)
                .subquery()
            )
            r = ranked.c

            def first(percent: int) -> Any:
                # The first place at which so many percent are reached.
                return func.min(case((r.place * 100 >= r.number * percent, r.took)))

            chosen = select(r.key, first(50).label("p50"), first(95).label("p95")).group_by(r.key)
        return {row.key: (_seconds(row.p50), _seconds(row.p95)) for row in self.connection.execute(chosen)}

    def answers(self) -> dict[Any, tuple[int, int]]:
        """Messages that were answered, and those whose answer was an opt-out.

        An answer comes after its message, so those from before the time are not looked at.
        """
        reply, objection = messages.alias("reply"), do_not_contact
        chosen = (
            select(
                self.key.label("key"),
                func.count(_c.id.distinct()).label("answered"),
                func.count(case((objection.c.id.is_not(None), _c.id)).distinct()).label("objected"),
            )
            .select_from(
                reply.join(messages, _c.id == reply.c.in_reply_to).outerjoin(
                    objection, objection.c.id == reply.c.id + "-person"
                )
            )
            .where(
                reply.c.direction == MessageDirection.INBOUND.value,
                reply.c.at >= self.since,
                *self.wanted,
            )
            .group_by("key")
        )
        return {row.key: (row.answered, row.objected) for row in self.connection.execute(chosen)}

    def _took(self) -> ColumnElement[Any]:
        """An interval, or seconds where there are none."""
        if self.database == "postgresql":
            return _c.delivered_at - _c.sent_at
        days = func.julianday(_c.delivered_at) - func.julianday(_c.sent_at)
        # A day of Julian's count is a number of so many digits that a second is not quite one.
        return func.round(days * float(_DAY_SECONDS), 3)

    def _bucket(self, took: ColumnElement[Any]) -> ColumnElement[Any]:
        """The number of edges that are not above it; null where nothing is known."""
        if self.database == "postgresql":
            edges = [literal(timedelta(seconds=edge), Interval) for edge in TOOK_EDGES_SECONDS]
            return func.width_bucket(took, array(edges))
        whens = [(took < edge, n) for n, edge in enumerate(TOOK_EDGES_SECONDS)]
        return case((took.is_(None), None), *whens, else_=len(TOOK_EDGES_SECONDS))


def _seconds(took: float | timedelta) -> float:
    known = took.total_seconds() if isinstance(took, timedelta) else took
    return round(max(0.0, known), 3)


def _counted_as(state: MessageState) -> str:
    if state in REACHED:
        return "delivered"
    return "waiting" if state in _WAITING else state.value


def _narrowed(only: Narrowed, database: str) -> list[ColumnElement[bool]]:
    found = [_c[name] == value for name in _NAMED if (value := getattr(only, name)) is not None]
    if only.channel is not None:
        found.append(_c.channel == only.channel.value)
    if only.prefix:
        found.append(begins_with(_c.point_value, only.prefix, database))
    return found
