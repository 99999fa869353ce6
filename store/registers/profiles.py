"""Profiles inside a transaction: found, locked, read as one person, and told about.

A person is the surviving contact and those that were merged into it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, or_, select, update

from engine.registers.refusals import Changed, Missing
from history.contact import Contact, Group, GroupKind
from history.contact_news import contact_published
from history.interaction import ContactPoint, PointKind
from history.publication import Kind
from store.publishing import publish
from store.tables import (
    contact_attributes,
    contact_group_members,
    contact_groups,
    contact_points,
    contact_tags,
    contacts,
)

PERSON: ColumnElement[str] = func.coalesce(contacts.c.merged_into, contacts.c.id)
_SURVIVOR = select(PERSON).where(contacts.c.id == bindparam("contact_id"))
_SURVIVORS = select(contacts.c.id, PERSON.label("person")).where(
    contacts.c.id.in_(bindparam("contact_ids", expanding=True))
)


def no_such_contact(contact_id: str) -> Missing:
    return Missing(f"There is no contact {contact_id}.")


def survivor_of(connection: Connection, contact_id: str) -> str:
    """The id of the contact that this one is part of, or its own. Raises Missing."""
    found = connection.execute(_SURVIVOR, {"contact_id": contact_id}).scalar_one_or_none()
    if found is None:
        raise no_such_contact(contact_id)
    return str(found)


def survivors_of(connection: Connection, contact_ids: Collection[str]) -> dict[str, str]:
    """As survivor_of, of many with one statement. Raises Missing."""
    if not contact_ids:
        return {}
    rows = connection.execute(_SURVIVORS, {"contact_ids": sorted(set(contact_ids))})
    found = {row.id: row.person for row in rows}
    for contact_id in contact_ids:
        if contact_id not in found:
            raise no_such_contact(contact_id)
    return found


def locked(connection: Connection, contact_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Rows of the surviving contacts of these, locked until the transaction ends, by the ids asked for.

    Locks are taken in one lasting order, so that two transactions wait for each other and do not deadlock.
    Raises Missing.
    """
    wanted = sorted(set(contact_ids))
    survivors = survivors_of(connection, wanted)
    while True:
        asked = (
            select(contacts)
            .where(contacts.c.id.in_(set(survivors.values())))
            .order_by(contacts.c.id)
            # Not against rows that refer to a contact: calls go on being written.
            .with_for_update(key_share=True)
        )
        rows = {row.id: row for row in connection.execute(asked)}
        # Whoever held the lock may have merged it, or undone a merge: then it is part of another one.
        now = survivors_of(connection, wanted)
        if now == survivors:
            return {contact_id: rows[survivor] for contact_id, survivor in survivors.items()}
        survivors = now


def check_version(row: Row[Any], version: int | None) -> None:
    """Raises Changed."""
    if version is not None and version != row.version:
        raise Changed(
            f"The contact {row.id} is of version {row.version} now, not {version}: read it again.",
            row.version,
        )


def family(connection: Connection, survivor_ids: Collection[str]) -> dict[str, str]:
    """All contacts of these people: id -> the survivor's."""
    asked = select(contacts.c.id, PERSON.label("person")).where(
        or_(contacts.c.id.in_(survivor_ids), contacts.c.merged_into.in_(survivor_ids))
    )
    return {row.id: row.person for row in connection.execute(asked)}


def counted_up(connection: Connection, contact_id: str, at: datetime) -> None:
    """One more change of this contact."""
    changed = update(contacts).where(contacts.c.id == contact_id)
    connection.execute(changed.values(version=contacts.c.version + 1, updated_at=at))


def profile(connection: Connection, contact_id: str) -> Contact:
    """Of a survivor."""
    return profiles(connection, [contact_id])[contact_id]


def profiles(connection: Connection, survivor_ids: Collection[str]) -> dict[str, Contact]:
    """Whole profiles by id; those that are not there are left out."""
    if not survivor_ids:
        return {}
    rows = connection.execute(select(contacts).where(contacts.c.id.in_(survivor_ids))).all()
    people = family(connection, [row.id for row in rows])
    points = _points(connection, people)
    attributes = newest_attributes(connection, people)
    tags: dict[str, set[str]] = {}
    for row in connection.execute(select(contact_tags).where(contact_tags.c.contact_id.in_(survivor_ids))):
        tags.setdefault(row.contact_id, set()).add(row.tag)
    groups = _groups(connection, survivor_ids)
    return {
        row.id: contact_of(
            row,
            points=points.get(row.id, ()),
            tags=tags.get(row.id, ()),
            attributes=attributes.get(row.id, {}),
            groups=groups.get(row.id, ()),
        )
        for row in rows
    }


def contact_of(
    row: Row[Any],
    *,
    points: Iterable[ContactPoint],
    tags: Iterable[str],
    attributes: Mapping[str, tuple[object, datetime]],
    groups: Iterable[Group],
) -> Contact:
    """Of a survivor's row and what belongs to it; `attributes` as newest_attributes."""
    return Contact(
        id=row.id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        name=row.name,
        given_name=row.given_name,
        family_name=row.family_name,
        language=row.language,
        time_zone=row.time_zone,
        country=row.country,
        region=row.region,
        postcode=row.postcode,
        lifetime_value=row.lifetime_value,
        value_currency=row.value_currency,
        source=row.source,
        points=tuple(points),
        tags=frozenset(tags),
        attributes={name: value for name, (value, _) in attributes.items() if value is not None},
        groups=tuple(groups),
        merged_into=row.merged_into,
        erased_at=row.erased_at,
    )


def _points(connection: Connection, people: Mapping[str, str]) -> dict[str, list[ContactPoint]]:
    found: dict[str, list[ContactPoint]] = {}
    for row in connection.execute(points_of(people)):
        found.setdefault(people[row.contact_id], []).append(ContactPoint(PointKind(row.kind), row.value))
    return found


def points_of(contact_ids: Iterable[str]) -> Select[Any]:
    row = contact_points.c
    asked = select(contact_points).where(row.contact_id.in_(contact_ids))
    return asked.order_by(row.added_at, row.kind, row.value)


def newest_attributes(
    connection: Connection, people: Mapping[str, str]
) -> dict[str, dict[str, tuple[object, datetime]]]:
    """By person and name the newest value, None where it was removed, and since when."""
    return newest_of(connection.execute(attributes_of(people)), people)


def newest_of(
    rows: Iterable[Row[Any]], people: Mapping[str, str]
) -> dict[str, dict[str, tuple[object, datetime]]]:
    """The same, of rows that attributes_of finds."""
    found: dict[str, dict[str, tuple[object, datetime]]] = {}
    for row in rows:
        found.setdefault(people[row.contact_id], {})[row.name] = (orjson.loads(row.value), row.updated_at)
    return found


def attributes_of(contact_ids: Iterable[str]) -> Select[Any]:
    row = contact_attributes.c
    asked = select(contact_attributes).where(row.contact_id.in_(contact_ids))
    return asked.order_by(row.updated_at, row.contact_id)


def _groups(connection: Connection, survivor_ids: Collection[str]) -> dict[str, list[Group]]:
    found: dict[str, list[Group]] = {}
    for row in connection.execute(groups_of(survivor_ids)):
        found.setdefault(row.contact_id, []).append(group_of(row))
    return found


def groups_of(survivor_ids: Iterable[str]) -> Select[Any]:
    return (
        select(contact_group_members.c.contact_id, contact_groups)
        .join(contact_groups, contact_groups.c.id == contact_group_members.c.group_id)
        .where(contact_group_members.c.contact_id.in_(survivor_ids))
        .order_by(contact_groups.c.id)
    )


def group_of(row: Row[Any]) -> Group:
    return Group(row.id, GroupKind(row.kind), row.name, row.domain)


def owners(connection: Connection, points: Collection[ContactPoint]) -> dict[ContactPoint, str]:
    """Whose points these are: the contacts they came to."""
    found: dict[ContactPoint, str] = {}
    for kind in PointKind:
        values = [point.value for point in points if point.kind is kind]
        if values:
            asked = select(contact_points).where(
                contact_points.c.kind == kind.value, contact_points.c.value.in_(values)
            )
            for row in connection.execute(asked):
                found[ContactPoint(kind, row.value)] = row.contact_id
    return found


def tell(connection: Connection, publication_id: str, kind: Kind, contact: Contact, at: datetime) -> None:
    """Publish what became of a contact; the last thing in a transaction."""
    publish(connection, [contact_published(publication_id, kind, contact, at)])
