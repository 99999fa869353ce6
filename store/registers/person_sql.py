"""What is asked for the facts of one person, put together once: that costs as much as asking it.

Parameters: `ids`, all contacts of the person; `kind` and `value`, a point; `since`, a time; `values`, those
of points.
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
MOST_HISTORY_ROWS = 2000

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
OWNERS = select(contact_points.c.kind, contact_points.c.value, contact_points.c.contact_id).where(
    contact_points.c.value.in_(bindparam("values", expanding=True))
)
CONTACTS = select(contacts.c.id, contacts.c.merged_into).where(contacts.c.id.in_(_ids))
FAMILY = (
    select(contacts.c.id, contacts.c.merged_into, contacts.c.time_zone, contacts.c.country, contacts.c.region)
    .where(or_(contacts.c.id.in_(_ids), contacts.c.merged_into.in_(_ids)))
    .order_by(contacts.c.id)
)
POINTS = (
    select(contact_points.c.kind, contact_points.c.value, contact_points.c.contact_id)
    .where(contact_points.c.contact_id.in_(_ids))
    .order_by(contact_points.c.added_at, contact_points.c.value)
)
GROUPS = (
    select(
        contact_groups.c.id,
        contact_groups.c.kind,
        contact_groups.c.domain,
        contact_group_members.c.contact_id,
    )
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
ALLOWED = (
    select(decisions.c.at, decisions.c.subject, decisions.c.channel, decisions.c.debt, decisions.c.person)
    .where(
        decisions.c.person.in_(bindparam("people", expanding=True)),
        decisions.c.at >= bindparam("since"),
        decisions.c.allowed,
        decisions.c.subject != bindparam("subject"),
        or_(decisions.c.subject.startswith("call:"), decisions.c.subject.startswith("message:")),
    )
    .order_by(decisions.c.at, decisions.c.writer, decisions.c.seq)
)
# A note about a call is not the call.
RECORDED: Select[tuple[str, str | None]] = select(interactions.c.subject_id, interactions.c.contact_id).where(
    interactions.c.contact_id.in_(_ids),
    interactions.c.subject_id.in_(bindparam("subjects", expanding=True)),
    interactions.c.direction == "outbound",
    interactions.c.channel.in_(COUNTED_CHANNELS),
)


_ROW = interactions.c
_PAST = (
    _ROW.at,
    _ROW.channel,
    _ROW.direction,
    _ROW.outcome,
    _ROW.duration_seconds,
    _ROW.agent,
    _ROW.data,
)
HISTORY_COLUMNS = len(_PAST)
_COUNTED = (_ROW.at >= bindparam("since"), _ROW.channel.in_(COUNTED_CHANNELS))
# Of many people, and of many points, whoever's they are: the same columns first.
HISTORY_OF_PEOPLE = select(*_PAST, _ROW.contact_id).where(_ROW.contact_id.in_(_ids), *_COUNTED)
HISTORY_AT_POINTS = select(*_PAST, _ROW.contact_id, _ROW.point_kind, _ROW.point_value).where(
    _ROW.point_value.in_(bindparam("values", expanding=True)), *_COUNTED
)


@cache
def history_of(with_point: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """Of the person, newest first; and of the point, which may have been another contact's once."""
    parts: list[ColumnElement[bool]] = [_ROW.contact_id.in_(_ids)]
    if with_point:
        elsewhere = or_(_ROW.contact_id.is_(None), _ROW.contact_id.not_in(_ids))
        parts.append(
            and_(_ROW.point_value == bindparam("value"), _ROW.point_kind == bindparam("kind"), elsewhere)
        )
    # One search after the other: each has an index of its own.
    found = union_all(*(select(*_PAST).where(part, *_COUNTED) for part in parts))
    return found.order_by(found.selected_columns.at.desc()).limit(MOST_HISTORY_ROWS)
