"""Segments' queries as SQL over `contacts`, of surviving contacts. What holds here holds in
history.segment_matching too: each condition is true or false, never unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    Select,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from engine.registers.refusals import Missing
from history.interaction import PointKind
from history.permissions import Scope
from history.segment_reading import query_of
from history.segments import (
    All,
    AnyOf,
    Attribute,
    ConsentOf,
    Field,
    Interactions,
    Not,
    Operator,
    Query,
    Question,
)
from store.registers.attribute_sql import attribute_holds
from store.registers.person_sql import objection_in_force, objections_with_lists
from store.tables import (
    consents,
    contact_group_members,
    contact_groups,
    contact_points,
    contact_tags,
    contacts,
    do_not_contact,
    interactions,
    segments,
)

Condition = ColumnElement[bool]

# The longest number in E.164 with its +.
_NUMBER_MOST = 16


def in_segment(connection: Connection, segment_id: str, now: datetime) -> Condition:
    """Raises Missing."""
    asked = select(segments.c.query).where(segments.c.id == segment_id)
    written = connection.execute(asked).scalar_one_or_none()
    if written is None:
        raise Missing(f"There is no segment {segment_id}.")
    return condition(query_of(written), now, connection.dialect.name)


def condition(query: Query, now: datetime, database: str) -> Condition:
    """`database` is the dialect's name."""
    match query:
        case All(parts):
            return and_(true(), *(condition(part, now, database) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(condition(part, now, database) for part in parts))
        case Not(part):
            return not_(condition(part, now, database))
        case Question(Field(name), operator, value):
            return _field(name, operator, value, now, database)
        case Question(Attribute(name), operator, value):
            return attribute_holds(_family(), name, operator, value, database)
        case Question(Interactions() as wanted, operator, value):
            return _compared(_count(wanted, now), operator, value, database)
        case Question(ConsentOf(channel, purpose), _, value):
            given = _consent(channel, purpose)
            return given if value else not_(given)
    raise AssertionError(query)


def _family() -> Select[str]:
    """The ids of all contacts of the person in question."""
    mine = contacts.alias("mine")
    part = or_(mine.c.id == contacts.c.id, mine.c.merged_into == contacts.c.id)
    return select(mine.c.id).where(part).correlate(contacts)


def _field(name: str, operator: Operator, value: Any, now: datetime, database: str) -> Condition:
    match name:
        case "tag":
            return _tags(operator, value)
        case "do_not_contact":
            return _objected() if value else not_(_objected())
        case "last_contact_at":
            return _compared(_last_contact(), operator, value, database)
        case "days_since_contact":
            return _days(operator, value, now, database)
    return _compared(contacts.c[name], operator, value, database)


def _compared(known: Any, operator: Operator, value: Any, database: str) -> Condition:
    compare: Mapping[Operator, Callable[[], Condition]] = {
        Operator.IS: lambda: known == value,
        Operator.IN: lambda: known.in_(value),
        Operator.AT_LEAST: lambda: known >= value,
        Operator.AT_MOST: lambda: known <= value,
        Operator.BEFORE: lambda: known < value,
        Operator.AFTER: lambda: known > value,
        Operator.CONTAINS: lambda: _holds_text(known, value, database),
    }
    if operator is Operator.EXISTS:
        exists_as_asked: Condition = known.is_not(None) if value else known.is_(None)
        return exists_as_asked
    return and_(known.is_not(None), compare[operator]())


def _holds_text(known: Any, part: str, database: str) -> Condition:
    find = func.strpos if database == "postgresql" else func.instr
    found: Condition = find(known, part) > 0
    return found


def _tags(operator: Operator, value: Any) -> Condition:
    mine = contact_tags.c.contact_id == contacts.c.id
    match operator:
        case Operator.IS:
            return _there_is(contact_tags.c.tag, mine & (contact_tags.c.tag == value))
        case Operator.IN:
            return _there_is(contact_tags.c.tag, mine & contact_tags.c.tag.in_(value))
    tagged = _there_is(contact_tags.c.tag, mine)
    return tagged if value else not_(tagged)


def _there_is(column: ColumnElement[Any], holds: Condition) -> Exists:
    return exists(select(column).where(holds).correlate(contacts))


def _last_contact() -> Any:
    mine = interactions.c.contact_id.in_(_family())
    return select(func.max(interactions.c.at, type_=interactions.c.at.type)).where(mine).scalar_subquery()


def _days(operator: Operator, value: Any, now: datetime, database: str) -> Condition:
    """Whole days: at least 2 is 48 hours and more, at most 2 is less than 72."""
    last = _last_contact()
    match operator:
        case Operator.AT_LEAST:
            return and_(last.is_not(None), last <= now - timedelta(days=value))
        case Operator.AT_MOST:
            return and_(last.is_not(None), last > now - timedelta(days=value + 1))
    return _compared(last, operator, value, database)


def _count(wanted: Interactions, now: datetime) -> Any:
    asked = select(func.count()).select_from(interactions).where(interactions.c.contact_id.in_(_family()))
    if wanted.channel is not None:
        asked = asked.where(interactions.c.channel == wanted.channel)
    if wanted.direction is not None:
        asked = asked.where(interactions.c.direction == wanted.direction)
    if wanted.outcome is not None:
        asked = asked.where(interactions.c.outcome == wanted.outcome)
    if wanted.within_days is not None:
        asked = asked.where(interactions.c.at >= now - timedelta(days=wanted.within_days))
    return asked.scalar_subquery()


def _consent(channel: str, purpose: str) -> Condition:
    newest = (
        select(consents.c.given)
        .where(
            consents.c.contact_id.in_(_family()),
            consents.c.channel == channel,
            consents.c.purpose == purpose,
        )
        .order_by(consents.c.at.desc(), consents.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(newest, false())


def _objected() -> Condition:
    """Whatever forbids to contact this person: their numbers and addresses, themselves, their groups."""
    point = contact_points.c
    phone = and_(point.kind == PointKind.PHONE.value, func.substr(point.value, 1, 1) == "+")
    prefixes = [func.substr(point.value, 1, length) for length in range(2, _NUMBER_MOST + 1)]
    # What comes after the last @: no local part that is taken here has one.
    at = func.replace(point.value, func.rtrim(point.value, func.replace(point.value, "@", "")), "")
    reaching = (
        _forbids(Scope.NUMBER, [select(point.value).where(_mine())]),
        _forbids(Scope.PERSON, [_family()]),
        _forbids(Scope.HOUSEHOLD, [_groups(contact_groups.c.id)]),
        _forbids(
            Scope.DOMAIN,
            [
                select(at).where(_mine(), point.kind == PointKind.EMAIL.value),
                _groups(contact_groups.c.domain),
            ],
        ),
        _forbids(Scope.PREFIX, [select(prefix).where(_mine(), phone) for prefix in prefixes]),
    )
    return or_(*reaching)


def _mine() -> Condition:
    return contact_points.c.contact_id.in_(_family())


def _groups(column: ColumnElement[str]) -> Select[str]:
    belongs = contact_group_members.c.contact_id.in_(_family())
    together = contact_group_members.c.group_id == contact_groups.c.id
    return select(column).join(contact_group_members, together).where(belongs, column.is_not(None))


def _forbids(scope: Scope, values: Sequence[Select[str]]) -> Condition:
    held = or_(*(do_not_contact.c.value.in_(one.correlate(contacts)) for one in values))
    return exists(
        select(do_not_contact.c.id)
        .select_from(objections_with_lists)
        .where(do_not_contact.c.scope == scope.value, held, objection_in_force)
        .correlate(contacts)
    )


__all__ = ["condition", "in_segment"]
