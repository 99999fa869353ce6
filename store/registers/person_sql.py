"""What is asked for the facts of one person, put together once: that costs as much as asking it.

Parameters: `ids`, all contacts of the person; `kind` and `value`, a point; `since`, a time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Select, and_, bindparam, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from engine.registers.past_contacts import COUNTED_CHANNELS
from store.tables import (
    consents,
    contact_group_members,
    contact_groups,
    contact_points,
    contacts,
    decisions,
    do_not_contact,
    do_not_contact_lists,
    interactions,
)

# Rows of history that are looked at; nobody is contacted so often that a limit lies beyond.
_MOST_ROWS = 2000

objection_in_force = and_(
    do_not_contact.c.lifted_at.is_(None),
    or_(
        do_not_contact.c.list_name.is_(None),
        and_(
            do_not_contact.c.first_generation <= do_not_contact_lists.c.generation,
            do_not_contact.c.last_generation >= do_not_contact_lists.c.generation,
        ),
    ),
)
objections_with_lists = do_not_contact.outerjoin(
    do_not_contact_lists, do_not_contact_lists.c.name == do_not_contact.c.list_name
)

_ids: BindParameter[Any] = bindparam("ids", expanding=True)

OWNER = select(contact_points.c.contact_id).where(
    contact_points.c.kind == bindparam("kind"), contact_points.c.value == bindparam("value")
)
CONTACTS = select(contacts.c.id, contacts.c.merged_into).where(contacts.c.id.in_(_ids))
FAMILY = (
    select(contacts.c.id, contacts.c.merged_into, contacts.c.time_zone, contacts.c.country, contacts.c.region)
    .where(or_(contacts.c.id.in_(_ids), contacts.c.merged_into.in_(_ids)))
    .order_by(contacts.c.id)
)
POINTS = (
    select(contact_points.c.kind, contact_points.c.value)
    .where(contact_points.c.contact_id.in_(_ids))
    .order_by(contact_points.c.added_at, contact_points.c.value)
)
GROUPS = (
    select(contact_groups.c.id, contact_groups.c.kind, contact_groups.c.domain)
    .join(contact_group_members, contact_group_members.c.group_id == contact_groups.c.id)
    .where(contact_group_members.c.contact_id.in_(_ids))
    .order_by(contact_groups.c.id)
)
CONSENTS = (
    select(consents)
    .where(consents.c.contact_id.in_(_ids), consents.c.channel != "")
    .order_by(consents.c.number)
)
# `values`: of all scopes that reach the person.
OBJECTIONS = (
    select(do_not_contact)
    .select_from(objections_with_lists)
    .where(do_not_contact.c.value.in_(bindparam("values", expanding=True)), objection_in_force)
    .order_by(do_not_contact.c.at, do_not_contact.c.id)
)
# `people`: pseudonyms; `subject`: the one that is being decided about.
ALLOWED = select(
    decisions.c.at, decisions.c.subject, decisions.c.channel, decisions.c.debt, decisions.c.person
).where(
    decisions.c.person.in_(bindparam("people", expanding=True)),
    decisions.c.at >= bindparam("since"),
    decisions.c.allowed,
    decisions.c.subject != bindparam("subject"),
    or_(decisions.c.subject.startswith("call:"), decisions.c.subject.startswith("message:")),
)
# A note about a call is not the call.
RECORDED: Select[tuple[str]] = select(interactions.c.subject_id).where(
    interactions.c.contact_id.in_(_ids),
    interactions.c.subject_id.in_(bindparam("subjects", expanding=True)),
    interactions.c.direction == "outbound",
    interactions.c.channel.in_(COUNTED_CHANNELS),
)


@cache
def history_of(with_point: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """Of the person, newest first; and of the point, which may have been another contact's once."""
    columns = interactions.c
    parts: list[ColumnElement[bool]] = [columns.contact_id.in_(_ids)]
    if with_point:
        elsewhere = or_(columns.contact_id.is_(None), columns.contact_id.not_in(_ids))
        parts.append(
            and_(
                columns.point_value == bindparam("value"), columns.point_kind == bindparam("kind"), elsewhere
            )
        )
    # One search after the other: each has an index of its own.
    found = union_all(
        *(
            select(
                columns.at,
                columns.channel,
                columns.direction,
                columns.outcome,
                columns.duration_seconds,
                columns.agent,
                columns.data,
            ).where(part, columns.at >= bindparam("since"), columns.channel.in_(COUNTED_CHANNELS))
            for part in parts
        )
    )
    return found.order_by(found.selected_columns.at.desc()).limit(_MOST_ROWS)
