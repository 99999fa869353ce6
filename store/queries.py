"""Queries: what the tables tell, as the cores' own types."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, func, or_, select, tuple_, union
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from calls.call import Call, Direction
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome
from engine.ports import FlowFigures, HistoryRow, StoreUnavailable
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from store.database import reason
from store.tables import call_events, calls, contact_attributes, contact_points, contacts, interactions

# Values in one IN list; SQLite takes 32,766, PostgreSQL 32,767.
_IDS_AT_ONCE = 10_000


class SqlQueries:
    """Implements engine.ports.Queries and Profiles."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose failures come as StoreUnavailable."""
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(reason(error)) from error

    async def call(self, call_id: str) -> Call | None:
        async with self._reading() as connection:
            row = (await connection.execute(select(calls).where(calls.c.id == call_id))).one_or_none()
        return None if row is None else call_of(row)

    async def events(self, call_id: str) -> Sequence[CallEvent]:
        wanted = select(call_events).where(call_events.c.call_id == call_id).order_by(call_events.c.seq)
        async with self._reading() as connection:
            rows = (await connection.execute(wanted)).all()
        return [CallEvent(row.call_id, row.seq, row.at, CallEventKind(row.kind), row.data) for row in rows]

    async def unfinished_calls(self, node: str) -> Sequence[Call]:
        wanted = (
            select(calls)
            .where(calls.c.node == node, calls.c.ended_at.is_(None))
            .order_by(calls.c.started_at, calls.c.id)
        )
        async with self._reading() as connection:
            return [call_of(row) for row in (await connection.execute(wanted)).all()]

    async def calls_of(self, network_ids: Sequence[str]) -> Mapping[str, str]:
        known: dict[str, str] = {}
        async with self._reading() as connection:
            for start in range(0, len(network_ids), _IDS_AT_ONCE):
                some = network_ids[start : start + _IDS_AT_ONCE]
                wanted = select(calls.c.network_id, calls.c.id).where(calls.c.network_id.in_(some))
                known.update((row.network_id, row.id) for row in await connection.execute(wanted))
        return known

    async def history(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        contact_id: str | None = None,
        subject_id: str | None = None,
        calls_only: bool = False,
    ) -> Sequence[HistoryRow]:
        """Newest first. A merged contact's rows are those of the contact it was merged into."""
        person = _person()
        wanted = (
            select(interactions, person.label("person"))
            .outerjoin(contacts, contacts.c.id == interactions.c.contact_id)
            .order_by(interactions.c.at.desc(), interactions.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            last = interactions.alias("last")
            place = select(last.c.at, last.c.id).where(last.c.id == before)
            wanted = wanted.where(tuple_(interactions.c.at, interactions.c.id) < place.scalar_subquery())
        if contact_id is not None:
            ids = select(contacts.c.id).where(
                or_(contacts.c.id == contact_id, contacts.c.merged_into == contact_id)
            )
            wanted = wanted.where(interactions.c.contact_id.in_(ids))
        if subject_id is not None:
            wanted = wanted.where(interactions.c.subject_id == subject_id)
        if calls_only:
            wanted = wanted.where(
                interactions.c.source.is_(None),
                interactions.c.channel.in_([Channel.CALL.value, Channel.VOICEMAIL.value]),
            )
        async with self._reading() as connection:
            rows = (await connection.execute(wanted)).all()
            people = {row.person for row in rows if row.person is not None}
            names: dict[str, str | None] = {}
            points: dict[str, list[ContactPoint]] = {}
            if people:
                named = select(contacts.c.id, contacts.c.name).where(contacts.c.id.in_(people))
                names = {row.id: row.name for row in await connection.execute(named)}
                points = _grouped(await connection.execute(_points_of(people)))
        return [
            HistoryRow(
                interaction_from(row, row.person), names.get(row.person), tuple(points.get(row.person, ()))
            )
            for row in rows
        ]

    async def flow_figures(self, flow: str, since: datetime, *, most_calls: int) -> FlowFigures:
        """Equal paths are grouped in the database, so a busy day is not many rows."""
        latest = (
            select(calls.c.path)
            .where(calls.c.started_at >= since, calls.c.ended_at.is_not(None), calls.c.flow == flow)
            .order_by(calls.c.started_at.desc())
            .limit(most_calls)
            .subquery()
        )
        wanted = select(latest.c.path, func.count().label("number")).group_by(latest.c.path)
        steps: Counter[str] = Counter()
        ways: Counter[tuple[str, str]] = Counter()
        number = 0
        async with self._reading() as connection:
            for row in await connection.execute(wanted):
                number += row.number
                for step in set(row.path):
                    steps[step] += row.number
                for way in set(pairwise(row.path)):
                    ways[way] += row.number
        return FlowFigures(number, steps, ways, number < most_calls)

    async def attribute(self, point: ContactPoint, name: str) -> object:
        """See engine.ports.Profiles. Of contacts merged into one, the newest value counts."""
        found = (
            select(_person().label("person"))
            .join(contact_points, contact_points.c.contact_id == contacts.c.id)
            .where(contact_points.c.kind == point.kind.value, contact_points.c.value == point.value)
            .scalar_subquery()
        )
        wanted = (
            select(contact_attributes.c.value)
            .join(contacts, contacts.c.id == contact_attributes.c.contact_id)
            .where(contact_attributes.c.name == name, _person() == found)
            .order_by(contact_attributes.c.updated_at.desc())
            .limit(1)
        )
        async with self._reading() as connection:
            value = (await connection.execute(wanted)).scalar_one_or_none()
        return None if value is None else orjson.loads(value)

    async def wrong_answers(self, point: ContactPoint, since: datetime) -> int:
        """See engine.ports.Profiles. Calls that are under way count too, or many at once would be free."""
        theirs = select(contacts.c.id).where(
            _person().in_(
                select(_person())
                .join(contact_points, contact_points.c.contact_id == contacts.c.id)
                .where(contact_points.c.kind == point.kind.value, contact_points.c.value == point.value)
            )
        )
        over = select(interactions.c.subject_id).where(
            interactions.c.at >= since,
            or_(interactions.c.point_value == point.value, interactions.c.contact_id.in_(theirs)),
        )
        live = select(calls.c.id).where(
            calls.c.ended_at.is_(None),
            calls.c.started_at >= since,
            or_(calls.c.caller == point.value, calls.c.dialled == point.value),
        )
        checked = select(call_events.c.data).where(
            call_events.c.call_id.in_(union(over, live)),
            call_events.c.kind == CallEventKind.IDENTITY_CHECKED.value,
        )
        async with self._reading() as connection:
            found = (await connection.execute(checked)).scalars().all()
        return sum(not data.get("passed") and data.get("by") != "code" for data in found)


def _person() -> ColumnElement[str]:
    return func.coalesce(contacts.c.merged_into, contacts.c.id)


def _points_of(people: Iterable[str]) -> Any:
    ids = list(people)
    return (
        select(_person().label("person"), contact_points.c.kind, contact_points.c.value)
        .join(contacts, contacts.c.id == contact_points.c.contact_id)
        .where(or_(contacts.c.id.in_(ids), contacts.c.merged_into.in_(ids)))
        .order_by(contact_points.c.added_at, contact_points.c.kind, contact_points.c.value)
    )


def _grouped(rows: Iterable[Row[Any]]) -> dict[str, list[ContactPoint]]:
    points: dict[str, list[ContactPoint]] = {}
    for row in rows:
        points.setdefault(row.person, []).append(ContactPoint(PointKind(row.kind), row.value))
    return points


def call_of(row: Row[Any]) -> Call:
    """A row of the table `calls`."""
    return Call(
        id=row.id,
        direction=Direction(row.direction),
        caller=row.caller,
        dialled=row.dialled,
        trunk=row.trunk,
        network_id=row.network_id,
        node=row.node,
        started_at=row.started_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        flow=row.flow,
        flow_version=row.flow_version,
        language=row.language,
        path=tuple(row.path),
        heard=tuple(row.heard),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        ended_by=row.ended_by,
        cause=row.cause,
        recording=row.recording,
        agent=row.agent,
        purpose=row.purpose,
        campaign=row.campaign,
        debt=row.debt,
        ringing_at=row.ringing_at,
        last_seq=row.last_seq,
    )


def interaction_from(row: Row[Any], person: str | None) -> Interaction:
    """Of a row of the history; `person` is the surviving contact's id."""
    return Interaction(
        id=row.id,
        at=row.at,
        channel=Channel(row.channel),
        direction=row.direction,
        subject_id=row.subject_id,
        point=None if row.point_kind is None else ContactPoint(PointKind(row.point_kind), row.point_value),
        contact_id=person,
        to=row.to_value,
        duration_seconds=row.duration_seconds,
        outcome=row.outcome,
        disposition=row.disposition,
        campaign=row.campaign,
        agent=row.agent,
        language=row.language,
        flow=row.flow,
        flow_version=row.flow_version,
        path=tuple(row.path),
        heard=tuple(row.heard),
        recording=row.recording,
        transcript=row.transcript,
        note=row.note,
        cost=row.cost,
        currency=row.currency,
        data=row.data,
        subject=row.subject,
        value=row.value,
        source=row.source,
        external_id=row.external_id,
        corrects=row.corrects,
    )
