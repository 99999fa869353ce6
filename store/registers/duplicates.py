"""Who may be the same person: candidates found by index, judged by history.merging."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, or_, select

from engine.registers.contacts import Duplicate
from history.contact import Contact
from history.interaction import PointKind
from history.merging import likeness
from history.names import search_keys
from history.points import mailbox_of
from store.registers.prefixes import begins_with
from store.registers.profiles import PERSON, profile, profiles, survivor_of
from store.tables import contact_group_members, contact_points, contacts

# Candidates of one kind that are looked at: more people of one name are no sign of anything.
_MOST = 200


def duplicates_of(connection: Connection, contact_id: str, limit: int) -> Sequence[Duplicate]:
    """The surest first. Raises Missing."""
    contact = profile(connection, survivor_of(connection, contact_id))
    wanted: set[str] = set()
    for asked in _candidates(contact, connection.dialect.name):
        wanted |= set(connection.execute(asked.limit(_MOST)).scalars())
    wanted.discard(contact.id)
    others = profiles(connection, wanted)
    found = [
        Duplicate(other, alike)
        for other in others.values()
        if other.erased_at is None and (alike := likeness(contact, other)) is not None
    ]
    found.sort(key=lambda one: (-one.likeness.sureness, one.contact.id))
    return found[:limit]


def _candidates(contact: Contact, database: str) -> list[Select[str]]:
    asked: list[Select[str]] = []
    keys = {
        key
        for key in search_keys(contact.name, contact.given_name, contact.family_name)
        if key is not None and " " in key
    }
    if keys:
        alike = or_(contacts.c.name_key.in_(keys), contacts.c.surname_key.in_(keys))
        asked.append(select(contacts.c.id).where(contacts.c.merged_into.is_(None), alike))
    for point in contact.points:
        if point.kind is PointKind.EMAIL:
            local, _, domain = mailbox_of(point.value).rpartition("@")
            value = contact_points.c.value
            same = or_(value == f"{local}@{domain}", begins_with(value, f"{local}+", database))
            asked.append(
                select(PERSON)
                .join(contact_points, contact_points.c.contact_id == contacts.c.id)
                .where(same, contact_points.c.kind == PointKind.EMAIL.value)
            )
    if contact.groups:
        members = contact_group_members
        together = members.c.group_id.in_([group.id for group in contact.groups])
        asked.append(select(members.c.contact_id).where(together))
    return asked
