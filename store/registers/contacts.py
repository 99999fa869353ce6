"""Contacts: people kept, found and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.contacts import (
    ATTRIBUTES_MOST,
    POINTS_MOST,
    TAGS_MOST,
    ContactChange,
    ContactDraft,
    ContactFilter,
)
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.interaction import ContactPoint
from history.names import cleaned, search_keys, whole_name
from history.publication import Kind
from store.audit import note
from store.registers.contact_lists import listed
from store.registers.profiles import (
    PERSON,
    check_version,
    counted_up,
    family,
    locked,
    newest_attributes,
    owners,
    profile,
    profiles,
    survivor_of,
    tell,
)
from store.registers.transactions import read, written
from store.statements import statements_for
from store.tables import contact_points, contact_tags, contacts

_NAMES = ("name", "given_name", "family_name")


class SqlContacts:
    """Implements engine.registers.contacts.Contacts."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def create(self, actor: Actor, draft: ContactDraft) -> Contact:
        contact_id, told = self._ids.new(), self._ids.new()
        at = self._clock.now()

        def work(connection: Connection) -> Contact:
            row: dict[str, object] = {"id": contact_id, "created_at": at, "updated_at": at}
            connection.execute(insert(contacts).values(**row, **_columns_of(draft.fields, None, at)))
            _add_points(connection, contact_id, draft.points, at)
            _set_tags(connection, contact_id, frozenset(), draft.tags)
            _set_attributes(
                connection, contact_id, draft.attributes, at, str(draft.fields.get("source") or "")
            )
            contact = profile(connection, contact_id)
            note(connection, actor, "contact.created", f"contact:{contact_id}", {}, at)
            tell(connection, told, Kind.CONTACT_CREATED, contact, at)
            return contact

        return await written(self._engine, work)

    async def get(self, contact_id: str) -> Contact:
        def work(connection: Connection) -> Contact:
            return profile(connection, survivor_of(connection, contact_id))

        return await read(self._engine, work)

    async def by_point(self, point: ContactPoint) -> Contact | None:
        asked = (
            select(PERSON)
            .join(contact_points, contact_points.c.contact_id == contacts.c.id)
            .where(contact_points.c.kind == point.kind.value, contact_points.c.value == point.value)
        )

        def work(connection: Connection) -> Contact | None:
            found = connection.execute(asked).scalar_one_or_none()
            return None if found is None else profile(connection, found)

        return await read(self._engine, work)

    async def change(
        self, actor: Actor, contact_id: str, change: ContactChange, *, version: int | None = None
    ) -> Contact:
        told, at = self._ids.new(), self._clock.now()

        def work(connection: Connection) -> Contact:
            row = locked(connection, [contact_id])[contact_id]
            check_version(row, version)
            before = profile(connection, row.id)
            columns = _changed_columns(row, _columns_of(change.fields, row, at))
            attributes = {
                name: value
                for name, value in change.attributes.items()
                if before.attributes.get(name) != value
            }
            wanted = before.tags if change.tags is None else change.tags
            tags = (wanted | change.add_tags) - change.remove_tags
            if not columns and not attributes and tags == before.tags:
                return before
            if columns:
                connection.execute(update(contacts).where(contacts.c.id == row.id).values(**columns))
            _set_attributes(connection, row.id, attributes, at, change.source or actor.id)
            _set_tags(connection, row.id, before.tags, tags)
            changed = sorted({name for name in columns if name in change.fields or name == "name"})
            changed += [f"attributes.{name}" for name in sorted(attributes)]
            changed += ["tags"] if tags != before.tags else []
            return _done(connection, actor, row.id, changed, told, at)

        return await written(self._engine, work)

    async def add_point(
        self,
        actor: Actor,
        contact_id: str,
        point: ContactPoint,
        *,
        version: int | None = None,
        move: bool = False,
    ) -> Contact:
        told, also_told, at = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> Contact:
            owner = owners(connection, [point]).get(point)
            rows = locked(connection, [contact_id] if owner is None else [contact_id, owner])
            row = rows[contact_id]
            check_version(row, version)
            people = family(connection, [row.id])
            if owner in people:
                return profile(connection, row.id)
            _check_room(connection, people)
            if owner is None:
                _add_point(connection, row.id, point, at)
            else:
                other = rows[owner]
                if not move:
                    raise _taken(point, other.id, "value")
                _move_point(connection, point, owner, row.id, at)
                _done(connection, actor, other.id, ["points"], also_told, at)
            return _done(connection, actor, row.id, ["points"], told, at)

        return await written(self._engine, work)

    async def remove_point(
        self, actor: Actor, contact_id: str, point: ContactPoint, *, version: int | None = None
    ) -> Contact:
        told, at = self._ids.new(), self._clock.now()

        def work(connection: Connection) -> Contact:
            row = locked(connection, [contact_id])[contact_id]
            check_version(row, version)
            gone = connection.execute(
                delete(contact_points).where(
                    contact_points.c.kind == point.kind.value,
                    contact_points.c.value == point.value,
                    contact_points.c.contact_id.in_(family(connection, [row.id])),
                )
            )
            if not gone.rowcount:
                raise Missing(f"The contact {row.id} has no such {point.kind.value}.")
            return _done(connection, actor, row.id, ["points"], told, at)

        return await written(self._engine, work)

    async def list(
        self, wanted: ContactFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Contact]:
        now = self._clock.now()

        def work(connection: Connection) -> Page[Contact]:
            ids, following = listed(connection, wanted, now, limit, after)
            found = profiles(connection, ids)
            return Page(tuple(found[contact_id] for contact_id in ids if contact_id in found), following)

        return await read(self._engine, work)


def introduced(
    connection: Connection,
    actor: Actor,
    contact_id: str,
    *,
    name: str | None,
    language: str | None,
    told: str,
    at: datetime,
) -> None:
    """Inside a transaction: what the person said of themselves, where nothing is known.

    `told`: the id of what is published of it. Raises Missing.
    """
    said = {"name": cleaned(name), "language": language}
    if not _unknown(profile(connection, survivor_of(connection, contact_id)), said):
        return
    row = locked(connection, [contact_id])[contact_id]
    fields = _unknown(row, said)
    if fields and row.erased_at is None:
        columns = _columns_of(fields, row, at)
        connection.execute(update(contacts).where(contacts.c.id == row.id).values(**columns))
        _done(connection, actor, row.id, sorted(fields), told, at)


def _unknown(known: Contact | Row[Any], said: Mapping[str, str | None]) -> dict[str, str | int | None]:
    return {field: value for field, value in said.items() if value and getattr(known, field) is None}


def _done(
    connection: Connection, actor: Actor, contact_id: str, changed: Sequence[str], told: str, at: datetime
) -> Contact:
    """Count the change, note who made it and publish what it led to."""
    counted_up(connection, contact_id, at)
    contact = profile(connection, contact_id)
    note(connection, actor, "contact.changed", f"contact:{contact_id}", {"fields": list(changed)}, at)
    tell(connection, told, Kind.CONTACT_CHANGED, contact, at)
    return contact


def _columns_of(
    fields: Mapping[str, str | int | None], row: Row[Any] | None, at: datetime
) -> dict[str, object]:
    """The columns that these fields lead to. Raises Refused for a value without a currency."""
    columns: dict[str, object] = dict(fields)
    if not columns.keys().isdisjoint(_NAMES):
        old = {name: None if row is None else getattr(row, name) for name in _NAMES}
        new: dict[str, Any] = {name: columns.get(name, old[name]) for name in _NAMES}
        if "name" not in columns:
            new["name"] = whole_name(new["given_name"], new["family_name"])
        key, surname_key = search_keys(new["name"], new["given_name"], new["family_name"])
        columns |= new | {"name_key": key, "surname_key": surname_key}
    if "lifetime_value" in columns or "value_currency" in columns:
        value = columns.get("lifetime_value", None if row is None else row.lifetime_value)
        currency = columns.get("value_currency", None if row is None else row.value_currency)
        if value is not None and currency is None:
            raise Refused("Name the currency of the lifetime value by its three letters.", "value_currency")
        columns["value_set_at"] = None if value is None else at
    return columns


def _changed_columns(row: Row[Any], columns: dict[str, object]) -> dict[str, object]:
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    return {} if changed.keys() == {"value_set_at"} else changed


def _add_points(
    connection: Connection, contact_id: str, points: Sequence[ContactPoint], at: datetime
) -> None:
    if len(points) > POINTS_MOST:
        raise Refused(f"A contact has at most {POINTS_MOST} points.", "points")
    statements = statements_for(connection.dialect)
    # In one lasting order: two transactions that add the same points wait for each other.
    rows = sorted({(point.kind.value, point.value) for point in points})
    if not rows:
        return
    since = statements.time(at)
    connection.exec_driver_sql(
        statements.add_points.each, [(kind, value, contact_id, since) for kind, value in rows]
    )
    owned = owners(connection, points)
    for number, point in enumerate(points):
        if owned[point] != contact_id:
            raise _taken(point, survivor_of(connection, owned[point]), f"points[{number}].value")


def _add_point(connection: Connection, contact_id: str, point: ContactPoint, at: datetime) -> None:
    try:
        _add_points(connection, contact_id, [point], at)
    except Refused as refused:
        raise Refused(str(refused), "value") from None


def _taken(point: ContactPoint, owner: str, place: str) -> Refused:
    return Refused(
        f"This {point.kind.value} is the contact {owner}'s: change that one, merge both, or move the point.",
        place,
    )


def _move_point(connection: Connection, point: ContactPoint, owner: str, to: str, at: datetime) -> None:
    moved = update(contact_points).where(
        contact_points.c.kind == point.kind.value,
        contact_points.c.value == point.value,
        contact_points.c.contact_id == owner,
    )
    if not connection.execute(moved.values(contact_id=to, added_at=at)).rowcount:
        raise Refused("The point has just been moved or removed by somebody else: try again.", "value")


def _check_room(connection: Connection, people: Mapping[str, str]) -> None:
    held = select(contact_points.c.value).where(contact_points.c.contact_id.in_(people)).limit(POINTS_MOST)
    if len(connection.execute(held).all()) >= POINTS_MOST:
        raise Refused(f"A contact has at most {POINTS_MOST} points: remove some first.")


def _set_tags(connection: Connection, contact_id: str, before: frozenset[str], tags: frozenset[str]) -> None:
    if len(tags) > TAGS_MOST:
        raise Refused(f"A contact has at most {TAGS_MOST} tags.", "tags")
    if before - tags:
        gone = contact_tags.c.tag.in_(before - tags)
        connection.execute(delete(contact_tags).where(contact_tags.c.contact_id == contact_id, gone))
    if tags - before:
        rows = [{"contact_id": contact_id, "tag": tag} for tag in sorted(tags - before)]
        connection.execute(insert(contact_tags), rows)


def _set_attributes(
    connection: Connection, contact_id: str, values: Mapping[str, object], at: datetime, source: str
) -> None:
    """Newer than all that is kept, so that these count. A removed one is kept as null: it is news too."""
    if not values:
        return
    known = newest_attributes(connection, family(connection, [contact_id])).get(contact_id, {})
    lasting = {name for name, (value, _) in known.items() if value is not None}
    if len(lasting | {name for name, value in values.items() if value is not None}) > ATTRIBUTES_MOST:
        raise Refused(f"A contact has at most {ATTRIBUTES_MOST} attributes.", "attributes")
    rows = []
    for name, value in sorted(values.items()):
        since = max(at, known[name][1] + timedelta(microseconds=1)) if name in known else at
        try:
            text = orjson.dumps(value).decode()
        except orjson.JSONEncodeError as error:
            raise Refused(f"The value cannot be kept: {error}.", f"attributes.{name}") from None
        rows.append((contact_id, name, text, since, source))
    statements = statements_for(connection.dialect)
    connection.exec_driver_sql(
        statements.put_attributes.each,
        [(who, name, text, statements.time(since), by) for who, name, text, since, by in rows],
    )
