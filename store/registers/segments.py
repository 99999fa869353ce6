"""Saved segments, and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing, Refused
from engine.registers.segments import Segment
from history.segment_reading import WrongQuery, query_of
from store.audit import note
from store.registers.profiles import survivor_of
from store.registers.segment_sql import in_segment
from store.registers.transactions import read, reading, written
from store.tables import contacts, segments


class SqlSegments:
    """Implements engine.registers.segments.Segments."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def create(self, actor: Actor, name: str, query: Mapping[str, object]) -> Segment:
        segment = Segment(self._ids.new(), name, query, at := self._clock.now(), at)
        _check(query)

        def work(connection: Connection) -> Segment:
            _check_name(connection, name, segment.id)
            connection.execute(
                insert(segments).values(
                    id=segment.id, name=name, query=dict(query), created_at=at, updated_at=at
                )
            )
            note(connection, actor, "segment.created", f"segment:{segment.id}", {"name": name}, at)
            return segment

        return await self._written(work, name)

    async def get(self, segment_id: str) -> Segment:
        async with reading(self._engine) as connection:
            return _segment_of(await connection.run_sync(_row, segment_id))

    async def named(self, name: str) -> Segment:
        async with reading(self._engine) as connection:
            row = (await connection.execute(select(segments).where(segments.c.name == name))).one_or_none()
        if row is None:
            raise Missing(f"There is no segment named {name}.")
        return _segment_of(row)

    async def list(self, *, limit: int = 50, after: Sequence[str] | None = None) -> Page[Segment]:
        asked = select(segments).order_by(segments.c.id.desc()).limit(limit + 1)
        if after is not None:
            asked = asked.where(segments.c.id < after[0])
        async with reading(self._engine) as connection:
            rows = (await connection.execute(asked)).all()
        found = tuple(_segment_of(row) for row in rows[:limit])
        return Page(found, (found[-1].id,) if len(rows) > limit else None)

    async def change(
        self,
        actor: Actor,
        segment_id: str,
        *,
        name: str | None = None,
        query: Mapping[str, object] | None = None,
        version: int | None = None,
    ) -> Segment:
        at = self._clock.now()
        if query is not None:
            _check(query)

        def work(connection: Connection) -> Segment:
            row = _locked_row(connection, segment_id, version)
            given: dict[str, object] = {}
            if name is not None and name != row.name:
                _check_name(connection, name, segment_id)
                given["name"] = name
            if query is not None and query != row.query:
                given["query"] = dict(query)
            if given:
                this = update(segments).where(segments.c.id == segment_id)
                connection.execute(this.values(**given, updated_at=at, version=segments.c.version + 1))
                about = {"fields": sorted(given)}
                note(connection, actor, "segment.changed", f"segment:{segment_id}", about, at)
            return _segment_of(_row(connection, segment_id))

        return await self._written(work, name or "")

    async def _written(self, work: Callable[[Connection], Segment], name: str) -> Segment:
        try:
            return await written(self._engine, work)
        except IntegrityError as error:
            # Somebody else took the name at the same moment.
            raise _taken(name) from error

    async def delete(self, actor: Actor, segment_id: str, *, version: int | None = None) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            row = _locked_row(connection, segment_id, version)
            connection.execute(delete(segments).where(segments.c.id == segment_id))
            note(connection, actor, "segment.deleted", f"segment:{segment_id}", {"name": row.name}, at)

        await written(self._engine, work)

    async def count(self, segment_id: str) -> int:
        now = self._clock.now()

        def work(connection: Connection) -> int:
            asked = select(func.count()).select_from(contacts)
            lasting = contacts.c.merged_into.is_(None), contacts.c.erased_at.is_(None)
            return connection.execute(
                asked.where(*lasting, in_segment(connection, segment_id, now))
            ).scalar_one()

        return await read(self._engine, work)

    async def holds(self, segment_id: str, contact_id: str) -> bool:
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            this = contacts.c.id == survivor_of(connection, contact_id)
            asked = select(contacts.c.id).where(this, in_segment(connection, segment_id, now))
            return connection.execute(asked).first() is not None

        return await read(self._engine, work)


def _check(query: Mapping[str, object]) -> None:
    try:
        query_of(query)
    except WrongQuery as wrong:
        first, *more = wrong.mistakes
        rest = f" ({len(more)} more mistakes)" if more else ""
        place = f"query.{first.place}" if first.place else "query"
        raise Refused(f"{first.says}{rest}", place) from None


def _check_name(connection: Connection, name: str, segment_id: str) -> None:
    asked = select(segments.c.id).where(segments.c.name == name, segments.c.id != segment_id)
    if connection.execute(asked).first() is not None:
        raise _taken(name)


def _taken(name: str) -> Refused:
    return Refused(f"There is a segment named {name} already: choose another name.", "name")


def _row(connection: Connection, segment_id: str) -> Row[Any]:
    row = connection.execute(select(segments).where(segments.c.id == segment_id)).one_or_none()
    if row is None:
        raise Missing(f"There is no segment {segment_id}.")
    return row


def _locked_row(connection: Connection, segment_id: str, version: int | None) -> Row[Any]:
    asked = select(segments).where(segments.c.id == segment_id).with_for_update()
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise Missing(f"There is no segment {segment_id}.")
    if version is not None and version != row.version:
        raise Changed(f"The segment is of version {row.version} now: read it again.", row.version)
    return row


def _segment_of(row: Row[Any]) -> Segment:
    return Segment(row.id, row.name, row.query, row.created_at, row.updated_at, row.version)
