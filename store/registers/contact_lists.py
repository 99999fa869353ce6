"""Which contacts a list shows, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_, union

from engine.registers.contacts import ContactFilter
from history.interaction import PointKind
from store.registers.prefixes import begins_with
from store.registers.segment_sql import in_segment
from store.tables import contact_group_members, contact_points, contact_tags, contacts


def listed(
    connection: Connection, wanted: ContactFilter, now: datetime, limit: int, after: Sequence[str] | None
) -> tuple[list[str], tuple[str, ...] | None]:
    """The ids of a page, and where the next one begins. Raises Missing when there is no such segment."""
    kind = connection.dialect.name
    asked = select(contacts.c.id, contacts.c.updated_at).where(
        contacts.c.merged_into.is_(None), contacts.c.erased_at.is_(None), *_conditions(wanted, kind)
    )
    if wanted.segment_id is not None:
        asked = asked.where(in_segment(connection, wanted.segment_id, now))
    if wanted.updated_since is None:
        asked = asked.order_by(contacts.c.id.desc())
        if after is not None:
            asked = asked.where(contacts.c.id < after[0])
    else:
        place = tuple_(contacts.c.updated_at, contacts.c.id)
        asked = asked.where(contacts.c.updated_at >= wanted.updated_since)
        asked = asked.order_by(contacts.c.updated_at, contacts.c.id)
        if after is not None:
            asked = asked.where(place > tuple_(datetime.fromisoformat(after[0]), after[1]))
    rows = connection.execute(asked.limit(limit + 1)).all()
    following: tuple[str, ...] | None = None
    if len(rows) > limit:
        rows = rows[:limit]
        last = rows[-1]
        changed = () if wanted.updated_since is None else (last.updated_at.isoformat(),)
        following = (*changed, last.id)
    return [row.id for row in rows], following


def _conditions(wanted: ContactFilter, kind: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    searches: list[Select[str]] = []
    if wanted.name_prefix:
        searches += [
            select(contacts.c.id).where(begins_with(column, wanted.name_prefix, kind))
            for column in (contacts.c.name_key, contacts.c.surname_key)
        ]
    searches += [
        _people_with(begins_with(contact_points.c.value, prefix, kind)) for prefix in wanted.point_prefixes
    ]
    if searches:
        found.append(contacts.c.id.in_(union(*searches) if len(searches) > 1 else searches[0]))
    for point_kind, value in ((PointKind.PHONE, wanted.phone), (PointKind.EMAIL, wanted.email)):
        if value is not None:
            is_it = contact_points.c.value == value
            having = _people_with((contact_points.c.kind == point_kind.value) & is_it)
            found.append(contacts.c.id.in_(having))
    if wanted.tag is not None:
        tagged = select(contact_tags.c.contact_id).where(contact_tags.c.tag == wanted.tag)
        found.append(contacts.c.id.in_(tagged))
    if wanted.group_id is not None:
        members = select(contact_group_members.c.contact_id)
        found.append(contacts.c.id.in_(members.where(contact_group_members.c.group_id == wanted.group_id)))
    if wanted.language is not None:
        found.append(contacts.c.language == wanted.language)
    if wanted.country is not None:
        found.append(contacts.c.country == wanted.country)
    return found


def _people_with(point: ColumnElement[bool]) -> Select[str]:
    owner = contacts.alias("owner")
    return (
        select(func.coalesce(owner.c.merged_into, owner.c.id))
        .join(contact_points, contact_points.c.contact_id == owner.c.id)
        .where(point)
    )
