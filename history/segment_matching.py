"""Whether one person is in a segment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from history.contact import Contact
from history.interaction import Interaction
from history.permissions import Consent
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

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of one person. `objected`: something forbids to contact them, on any channel.

    `consents` are in the order of writing.
    """

    contact: Contact
    interactions: Sequence[Interaction] = ()
    consents: Sequence[Consent] = ()
    objected: bool = False


def matches(query: Query, person: PersonFacts, now: datetime) -> bool:
    match query:
        case All(parts):
            return all(matches(part, person, now) for part in parts)
        case AnyOf(parts):
            return any(matches(part, person, now) for part in parts)
        case Not(part):
            return not matches(part, person, now)
        case Question(Field(name), operator, value):
            return _field(name, operator, value, person, now)
        case Question(Attribute(name), operator, value):
            return _attribute(person.contact.attributes.get(name), operator, value)
        case Question(Interactions() as wanted, operator, value):
            return _compared(_count(wanted, person.interactions, now), operator, value)
        case Question(ConsentOf(channel, purpose), _, value):
            return _consents(channel, purpose, person.consents) == value
    raise AssertionError(query)


def _field(name: str, operator: Operator, value: Any, person: PersonFacts, now: datetime) -> bool:
    if name == "tag":
        return _tags(person.contact.tags, operator, value)
    if name == "do_not_contact":
        return bool(person.objected == value)
    if name in ("last_contact_at", "days_since_contact"):
        last = max((row.at for row in person.interactions), default=None)
        if name == "last_contact_at":
            return _compared(last, operator, value)
        return _compared(None if last is None else (now - last) // timedelta(days=1), operator, value)
    return _compared(getattr(person.contact, name), operator, value)


def _compared(known: Any, operator: Operator, value: Any) -> bool:
    """What is not known is neither less nor more nor equal to anything."""
    if operator is Operator.EXISTS:
        return (known is not None) is value
    if known is None:
        return False
    match operator:
        case Operator.IS:
            return bool(known == value)
        case Operator.IN:
            return bool(known in value)
        case Operator.AT_LEAST:
            return bool(known >= value)
        case Operator.AT_MOST:
            return bool(known <= value)
        case Operator.BEFORE:
            return bool(known < value)
        case Operator.AFTER:
            return bool(known > value)
        case Operator.CONTAINS:
            return bool(value in known)


def _tags(tags: frozenset[str], operator: Operator, value: Any) -> bool:
    match operator:
        case Operator.IS:
            return str(value) in tags
        case Operator.IN:
            return not tags.isdisjoint(value)
        case _:
            return bool(tags) is value


def _attribute(known: object, operator: Operator, value: Any) -> bool:
    match operator:
        case Operator.EXISTS:
            return (known is not None) is value
        case Operator.IS:
            return _same(known, value)
        case Operator.IN:
            return any(_same(known, one) for one in value)
        case Operator.AT_LEAST:
            return _is_number(known) and _number(known) >= _number(value)
        case Operator.AT_MOST:
            return _is_number(known) and _number(known) <= _number(value)
        case Operator.BEFORE:
            return _is_dated(known) and str(known)[:10] < str(value)
        case Operator.AFTER:
            return _is_dated(known) and str(known)[:10] > str(value)
        case Operator.CONTAINS:
            if isinstance(known, list):
                return any(isinstance(one, str) and one == value for one in known)
            return isinstance(known, str) and str(value) in known


def _same(known: object, value: object) -> bool:
    """A text is no number, and true is not 1."""
    if isinstance(value, str | bool):
        return type(known) is type(value) and known == value
    return _is_number(known) and _number(known) == _number(value)


def _is_dated(known: object) -> bool:
    return isinstance(known, str) and _DATED.match(known) is not None


def _is_number(known: object) -> bool:
    return isinstance(known, int | float) and not isinstance(known, bool)


def _number(known: Any) -> float:
    return float(known)


def _count(wanted: Interactions, rows: Sequence[Interaction], now: datetime) -> int:
    since = None if wanted.within_days is None else now - timedelta(days=wanted.within_days)
    return sum(
        (wanted.channel is None or row.channel.value == wanted.channel)
        and (wanted.direction is None or row.direction == wanted.direction)
        and (wanted.outcome is None or row.outcome == wanted.outcome)
        and (since is None or row.at >= since)
        for row in rows
    )


def _consents(channel: str, purpose: str, consents: Sequence[Consent]) -> bool:
    """The newest word counts, of two at one moment the one that was written later."""
    said = [one for one in consents if one.channel == channel and one.purpose == purpose]
    return bool(said) and sorted(said, key=lambda one: one.at)[-1].given
