"""Whom an export or erasure is about: their contacts, points and names, and by which words they are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, union

from engine.registers.refusals import Missing
from history.folding import folded
from history.interaction import PointKind
from store.tables import calls, contact_points, contacts, interactions

# Shorter ones are found inside of other numbers.
_NUMBER_LEAST = 8
_NAME_LEAST = 5


@dataclass(frozen=True, slots=True)
class Person:
    """`survivor` and all contacts merged into it, `ids`. `names` are whole names that nobody else has."""

    survivor: str
    ids: tuple[str, ...]
    points: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    namesakes: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for _, value in self.points)

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(value for kind, value in self.points if kind == PointKind.PHONE.value)

    def needles(self) -> tuple[str, ...]:
        """Ids, points, and numbers as they are written without + or without their country, longest first."""
        found = {*self.ids, *self.values}
        for phone in self.phones:
            found |= written_numbers(phone)
        return tuple(sorted(found, key=lambda one: (-len(one), one)))

    def interactions(self) -> ColumnElement[bool]:
        return interactions.c.contact_id.in_(self.ids)

    def call_ids(self) -> Select[tuple[str]]:
        """Calls of theirs, and those from or to their numbers."""
        theirs = or_(calls.c.caller.in_(self.phones), calls.c.dialled.in_(self.phones))
        found = union(
            select(interactions.c.subject_id).where(self.interactions()), select(calls.c.id).where(theirs)
        ).subquery()
        return select(found.c[0])


def written_numbers(phone: str) -> set[str]:
    """+48600000001 is also 48600000001 and 600000001."""
    digits = phone.removeprefix("+")
    found = {digits} if len(digits) >= _NUMBER_LEAST else set()
    try:
        national = str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return found
    return found | ({national} if len(national) >= _NUMBER_LEAST else set())


def pattern_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """What finds any of the words in a text, with a + or 00 before a number. None for no words."""
    escaped = [
        f"(?:\\+|00)?{re.escape(word)}" if word.isdecimal() else re.escape(word)
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(escaped), re.IGNORECASE) if escaped else None


def find_person(connection: Connection, contact_id: str) -> Person:
    """Their contacts are locked until the transaction ends. Raises Missing."""
    wanted = select(contacts.c.merged_into).where(contacts.c.id == contact_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Missing(f"There is no contact {contact_id}.")
    survivor = row.merged_into or contact_id
    family = (
        select(contacts)
        .where(or_(contacts.c.id == survivor, contacts.c.merged_into == survivor))
        .order_by(contacts.c.id)
        .with_for_update()
    )
    rows = connection.execute(family).all()
    if not rows:  # erased while this transaction waited for them
        raise Missing(f"There is no contact {contact_id}.")
    ids = tuple(one.id for one in rows)
    points = select(contact_points.c.kind, contact_points.c.value).where(contact_points.c.contact_id.in_(ids))
    # A point that was taken off the contact still stands in the history.
    past = (
        select(interactions.c.point_kind, interactions.c.point_value)
        .where(interactions.c.contact_id.in_(ids), interactions.c.point_value.is_not(None))
        .distinct()
    )
    found = {(kind, value) for kind, value in connection.execute(points)}
    elsewhere = {(kind, value) for kind, value in connection.execute(past)} - found
    found |= elsewhere - _of_others(connection, elsewhere)
    names = {name for one in rows for name in (one.name, _joined(one.given_name, one.family_name)) if name}
    whole = {name for name in names if len(name) >= _NAME_LEAST and len(name.split()) > 1}
    shared = {name for name in whole if _has_namesake(connection, name, ids)}
    return Person(
        survivor,
        ids,
        tuple(sorted(found)),
        tuple(sorted(whole - shared)),
        tuple(sorted(names - whole | shared)),
    )


def _joined(given: str | None, family: str | None) -> str | None:
    return f"{given} {family}" if given and family else None


def _of_others(connection: Connection, points: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those that are another person's now."""
    if not points:
        return set()
    columns = contact_points.c
    wanted = select(columns.kind, columns.value).where(columns.value.in_({value for _, value in points}))
    return points & {(kind, value) for kind, value in connection.execute(wanted)}


def _has_namesake(connection: Connection, name: str, ids: Sequence[str]) -> bool:
    wanted = select(func.count()).where(contacts.c.name_key == folded(name), contacts.c.id.not_in(ids))
    return bool(connection.execute(wanted).scalar_one())
