"""SqlDesk: parts of calls that are not wrapped up, and who a caller is, read at one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.desk import CallPart, KnownCaller
from history.callbacks import STANDING
from history.interaction import Channel, ContactPoint, PointKind
from history.permissions import Scope
from store.callback_keeping import callback_of
from store.permission_rows import consent_of, objection_of
from store.queries import interaction_from
from store.registers.at_once import at_once
from store.registers.person_sql import objection_in_force, objections_with_lists
from store.registers.profiles import (
    PERSON,
    attributes_of,
    contact_of,
    group_of,
    groups_of,
    newest_of,
    points_of,
)
from store.registers.transactions import read
from store.tables import (
    call_parts,
    callback_requests,
    consents,
    contact_points,
    contact_tags,
    contacts,
    do_not_contact,
    interactions,
)

_MOST_PROMISES = 20
_MOST_CONSENTS = 50
_PART = TypeAdapter(CallPart)


class SqlDesk:
    """Implements engine.registers.desk.DeskRegister."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def parts(self) -> Sequence[CallPart]:
        def work(connection: Connection) -> list[CallPart]:
            rows = connection.execute(select(call_parts.c.data).order_by(call_parts.c.id))
            return [_PART.validate_python(row.data) for row in rows]

        return await read(self._engine, work)

    async def caller(self, point: ContactPoint, *, timeline: int) -> KnownCaller:
        return await read(self._engine, lambda connection: _known(connection, point, timeline))


def _known(connection: Connection, point: ContactPoint, most: int) -> KnownCaller:
    """In two statements: somebody's telephone is about to ring."""
    owner = (
        select(PERSON)
        .join(contact_points, contact_points.c.contact_id == contacts.c.id)
        .where(contact_points.c.kind == point.kind.value, contact_points.c.value == point.value)
        .scalar_subquery()
    )
    asked = select(contacts, PERSON.label("person")).where(
        or_(contacts.c.id == owner, contacts.c.merged_into == owner)
    )
    first = at_once(connection, {"people": asked, "of_number": _objections(_of_number(point))})
    people = {row.id: row for row in first["people"]}
    forbidden = {row.id: objection_of(row) for row in first["of_number"]}
    if not people:  # their number may be forbidden all the same
        return KnownCaller(objections=list(forbidden.values()))
    person = str(next(iter(people.values())).person)
    found = at_once(connection, _questions(person, list(people), most))
    forbidden |= {row.id: objection_of(row) for row in found["objections"]}
    contact = contact_of(
        people[person],
        points=[ContactPoint(PointKind(row.kind), row.value) for row in found["points"]],
        tags=[row.tag for row in found["tags"]],
        attributes=newest_of(found["attributes"], dict.fromkeys(people, person)).get(person, {}),
        groups=[group_of(row) for row in found["groups"]],
    )
    rows = [interaction_from(row, person) for row in found["rows"]]
    return KnownCaller(
        contact=contact,
        timeline=rows[:most],  # the promises beside them are older
        promises=[row for row in rows if row.channel is Channel.PROMISE],
        callbacks=[callback_of(row) for row in found["callbacks"]],
        consents=[consent_of(row) for row in found["consents"]],
        objections=[forbidden[one] for one in sorted(forbidden, reverse=True)],
    )


def _questions(person: str, parts: Sequence[str], most: int) -> dict[str, Select[Any]]:
    """What else there is of a person who has come to be of these contacts."""
    points, groups = points_of(parts), groups_of([person])
    forbidding = union_all(
        # An objection stays with the contact that it came to.
        select(contacts.c.id.label("value")).where(contacts.c.id.in_(parts)),
        select(points.subquery().c.value),
        select(groups.subquery().c.id),
    )
    return {
        "points": points,
        "tags": select(contact_tags).where(contact_tags.c.contact_id == person),
        "attributes": attributes_of(parts),
        "groups": groups,
        "rows": _rows(parts, most),
        "callbacks": select(callback_requests)
        .where(
            callback_requests.c.person == person,
            callback_requests.c.state.in_([state.value for state in STANDING]),
        )
        .order_by(callback_requests.c.id.desc()),
        "consents": select(consents)
        .where(consents.c.contact_id.in_(parts))
        .order_by(consents.c.number.desc())
        .limit(_MOST_CONSENTS),
        "objections": _objections(do_not_contact.c.value.in_(forbidding)),
    }


def _objections(reason: ColumnElement[bool]) -> Select[Any]:
    """One reason at a time: with an OR between them, no index would find any."""
    chosen = select(do_not_contact).select_from(objections_with_lists)
    return chosen.where(reason, objection_in_force).order_by(do_not_contact.c.id.desc())


def _of_number(point: ContactPoint) -> ColumnElement[bool]:
    """Those of the number itself, and of the numbers that begin as it does."""
    number, row = point.value, do_not_contact.c
    begins = [number[:length] for length in range(2, len(number))] if number.startswith("+") else []
    return row.value.in_([*begins, number]) & or_(row.scope == Scope.PREFIX.value, row.value == number)


def _rows(parts: Sequence[str], most: int) -> Select[Any]:
    """The newest of all, and the newest promises, in one order."""
    column = interactions.c
    newest = column.at.desc(), column.id.desc()
    theirs = select(column.number).where(column.contact_id.in_(parts)).order_by(*newest)
    promises = theirs.where(column.channel == Channel.PROMISE.value)
    numbers = union_all(
        select(theirs.limit(most).subquery()), select(promises.limit(_MOST_PROMISES).subquery())
    )
    return select(interactions).where(column.number.in_(numbers)).order_by(*newest)
