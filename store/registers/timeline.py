"""The timeline: interactions of a person, written by other systems too, and found by their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, tuple_, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from engine.registers.timeline import Found, Snippet, TimelineFilter
from history.contact_news import contact_published, interaction_added
from history.interaction import Channel, Interaction
from history.lifetime_value import LifetimeValue, after_payment
from history.publication import Kind, Publication
from history.search_query import snippet, terms_of
from store.audit import note
from store.publishing import publish
from store.queries import interaction_from
from store.registers.profiles import PERSON, counted_up, family, locked, profile, survivor_of
from store.registers.text_search import having_terms
from store.registers.transactions import read, reading, written
from store.rows import Rows
from store.statements import statements_for
from store.tables import contacts, interactions
from store.writing import contacts_of, made_told

# A person of more contacts than these is read by one sorted query instead of one for each.
_PARTS_MOST = 20
_SEARCHED = ("subject", "note", "transcript")


class SqlTimeline:
    """Implements engine.registers.timeline.Timeline."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def of(
        self,
        contact_id: str | None,
        wanted: TimelineFilter,
        *,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Interaction]:
        conditions = _conditions(wanted)
        if after is not None:
            place = tuple_(interactions.c.at, interactions.c.id)
            conditions.append(place < tuple_(datetime.fromisoformat(after[0]), after[1]))

        def work(connection: Connection) -> Page[Interaction]:
            if contact_id is None:
                person, rows = None, connection.execute(_newest(conditions, limit)).all()
            else:
                person = survivor_of(connection, contact_id)
                parts = list(family(connection, [person]))
                rows = connection.execute(_of_parts(parts, conditions, limit)).all()
            people = {} if person is not None else _people(connection, rows)
            found = tuple(interaction_from(row, person or people.get(row.contact_id)) for row in rows[:limit])
            last = found[-1] if len(rows) > limit else None
            return Page(found, None if last is None else (last.at.isoformat(), last.id))

        return await read(self._engine, work)

    async def get(self, interaction_id: str) -> Interaction:
        asked = (
            select(interactions, PERSON.label("person"))
            .outerjoin(contacts, contacts.c.id == interactions.c.contact_id)
            .where(interactions.c.id == interaction_id)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(asked)).one_or_none()
        if row is None:
            raise Missing(f"There is no interaction {interaction_id}.")
        return interaction_from(row, row.person)

    async def add(self, actor: Actor, interaction: Interaction) -> tuple[Interaction, bool]:
        new_contact_id, changed_id, at = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> tuple[Interaction, bool]:
            known = _known(connection, interaction)
            if known is not None:
                return known, False
            told: list[Publication] = []
            person = _person(connection, interaction, new_contact_id, at, told)
            placed = replace(interaction, contact_id=person)
            _check_corrected(connection, placed)
            _insert(connection, placed)
            valued = _count_payment(connection, placed, at)
            note(connection, actor, "interaction.added", f"interaction:{placed.id}", _about(placed), at)
            told.append(interaction_added(placed, placed.contact_id, at))
            if valued is not None:
                contact = profile(connection, valued)
                told.append(contact_published(changed_id, Kind.CONTACT_CHANGED, contact, at))
            publish(connection, told)
            return placed, True

        try:
            return await written(self._engine, work)
        except IntegrityError:
            # The same row at the same moment: the other one was first.
            return await written(self._engine, work)

    async def search(
        self,
        text: str,
        wanted: TimelineFilter,
        *,
        contact_id: str | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Found]:
        terms = terms_of(text)
        if not terms:
            raise Refused("Write a word to look for.", "q")
        database = self._engine.dialect.name
        asked = (
            select(interactions, PERSON.label("person"))
            .outerjoin(contacts, contacts.c.id == interactions.c.contact_id)
            .where(having_terms(terms, database), *_conditions(wanted))
            .order_by(interactions.c.number.desc())
            .limit(limit + 1)
        )
        if after is not None:
            asked = asked.where(interactions.c.number < int(after[0]))

        def work(connection: Connection) -> Sequence[Row[Any]]:
            if contact_id is None:
                return connection.execute(asked).all()
            parts = family(connection, [survivor_of(connection, contact_id)])
            return connection.execute(asked.where(interactions.c.contact_id.in_(parts))).all()

        rows = await read(self._engine, work)
        found: list[Found] = []
        for row in rows[:limit]:
            parts = ((name, snippet(getattr(row, name) or "", terms)) for name in _SEARCHED)
            snippets = tuple(Snippet(name, *part) for name, part in parts if part is not None)
            found.append(Found(interaction_from(row, row.person), snippets))
        return Page(tuple(found), (str(rows[limit - 1].number),) if len(rows) > limit else None)


def _conditions(wanted: TimelineFilter) -> list[ColumnElement[bool]]:
    column = interactions.c
    found: list[ColumnElement[bool]] = []
    if wanted.channel is not None:
        found.append(column.channel == wanted.channel.value)
    for name in ("direction", "outcome", "campaign", "agent", "source"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(column[name] == value)
    if wanted.since is not None:
        found.append(column.at >= wanted.since)
    if wanted.until is not None:
        found.append(column.at < wanted.until)
    return found


def _newest(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    newest = (interactions.c.at.desc(), interactions.c.id.desc())
    return select(interactions).where(*conditions).order_by(*newest).limit(limit + 1)


def _of_parts(parts: Sequence[str], conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """Each contact's own newest, found by index, and of all those the newest."""
    if len(parts) == 1 or len(parts) > _PARTS_MOST:
        return _newest([interactions.c.contact_id.in_(parts), *conditions], limit)
    column = interactions.c
    own = [
        select(
            select(column.number, column.at, column.id)
            .where(column.contact_id == part, *conditions)
            .order_by(column.at.desc(), column.id.desc())
            .limit(limit + 1)
            .subquery()
        )
        for part in parts
    ]
    together = union_all(*own).subquery("together")
    newest = select(together.c.number).order_by(together.c.at.desc(), together.c.id.desc()).limit(limit + 1)
    return _newest([column.number.in_(newest)], limit)


def _people(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    ids = {row.contact_id for row in rows if row.contact_id is not None}
    if not ids:
        return {}
    asked = select(contacts.c.id, PERSON.label("person")).where(contacts.c.id.in_(ids))
    return {row.id: row.person for row in connection.execute(asked)}


def _known(connection: Connection, interaction: Interaction) -> Interaction | None:
    """The row that this other system has written already under its own id."""
    if interaction.external_id is None:
        return None
    asked = (
        select(interactions, PERSON.label("person"))
        .outerjoin(contacts, contacts.c.id == interactions.c.contact_id)
        .where(
            interactions.c.source == interaction.source,
            interactions.c.external_id == interaction.external_id,
        )
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else interaction_from(row, row.person)


def _person(
    connection: Connection, interaction: Interaction, new_id: str, at: datetime, told: list[Publication]
) -> str | None:
    if interaction.contact_id is not None:
        try:
            return survivor_of(connection, interaction.contact_id)
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from None
    if interaction.point is None:
        return None
    key = (interaction.point.kind.value, interaction.point.value)
    made: dict[tuple[str, str], tuple[str, datetime]] = {}
    found = contacts_of(connection, statements_for(connection.dialect), {key: (new_id, at)}, made)
    told += made_told(made, at)
    return survivor_of(connection, found[key])


def _check_corrected(connection: Connection, interaction: Interaction) -> None:
    if interaction.corrects is None:
        return
    asked = select(interactions.c.contact_id).where(interactions.c.id == interaction.corrects)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise Refused(f"There is no interaction {interaction.corrects}.", "corrects")
    person = None if row.contact_id is None else survivor_of(connection, row.contact_id)
    if person != interaction.contact_id:
        raise Refused("The interaction that is corrected is another contact's.", "corrects")


def _insert(connection: Connection, interaction: Interaction) -> None:
    statements = statements_for(connection.dialect)
    row = Rows(statements).interaction(interaction, interaction.contact_id)
    plain = statements.add_interactions.each.removesuffix(" ON CONFLICT DO NOTHING")
    connection.exec_driver_sql(plain, row)


def _count_payment(connection: Connection, interaction: Interaction, at: datetime) -> str | None:
    """The contact whose lifetime value a payment has changed."""
    paid, currency = interaction.value, interaction.currency
    if interaction.channel is not Channel.PAYMENT or paid is None or currency is None:
        return None
    if interaction.contact_id is None:
        return None
    row = locked(connection, [interaction.contact_id])[interaction.contact_id]
    before = LifetimeValue(row.lifetime_value, row.value_currency, row.value_set_at)
    after = after_payment(before, paid, currency, interaction.at)
    if after == before:
        return None
    columns = {"lifetime_value": after.amount, "value_currency": after.currency}
    connection.execute(update(contacts).where(contacts.c.id == row.id).values(**columns))
    counted_up(connection, row.id, at)
    return str(row.id)


def _about(interaction: Interaction) -> dict[str, object]:
    return {
        "contact_id": interaction.contact_id,
        "channel": interaction.channel.value,
        "source": interaction.source,
        "external_id": interaction.external_id,
    }
