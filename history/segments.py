"""Segments: who is meant, as a small query language in JSON.

    {"all": [Q, …]}   {"any": [Q, …]}   {"not": Q}
    {"field": "country", "is": "PL"}
    {"field": "attribute.plan", "in": ["gold", "silver"]}
    {"interactions": {"channel": "call", "direction": "inbound", "within_days": 30}, "at_least": 3}
    {"consent": {"channel": "sms", "purpose": "marketing"}, "is": true}

It is read in history.segment_reading, matched against one person in history.segment_matching, and made SQL
of by the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Operator(StrEnum):
    IS = "is"
    IN = "in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"
    AFTER = "after"
    CONTAINS = "contains"
    EXISTS = "exists"


class Kind(StrEnum):
    """What a field's values are."""

    TEXT = "text"
    LANGUAGE = "language"
    COUNTRY = "country"
    TAG = "tag"
    AMOUNT = "amount"
    TIME = "time"
    DAYS = "days"
    ATTRIBUTE = "attribute"
    COUNT = "count"
    FLAG = "flag"


_O = Operator
_TEXTS = (_O.IS, _O.IN, _O.CONTAINS, _O.EXISTS)
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: _TEXTS,
    Kind.LANGUAGE: (_O.IS, _O.IN, _O.EXISTS),
    Kind.COUNTRY: (_O.IS, _O.IN, _O.EXISTS),
    Kind.TAG: (_O.IS, _O.IN, _O.EXISTS),
    Kind.AMOUNT: (_O.IS, _O.IN, _O.AT_LEAST, _O.AT_MOST, _O.EXISTS),
    Kind.TIME: (_O.BEFORE, _O.AFTER, _O.EXISTS),
    Kind.DAYS: (_O.AT_LEAST, _O.AT_MOST, _O.EXISTS),
    Kind.ATTRIBUTE: tuple(Operator),
    Kind.COUNT: (_O.IS, _O.AT_LEAST, _O.AT_MOST),
    Kind.FLAG: (_O.IS,),
}
FIELDS: Mapping[str, Kind] = {
    "name": Kind.TEXT,
    "language": Kind.LANGUAGE,
    "country": Kind.COUNTRY,
    "region": Kind.TEXT,
    "postcode": Kind.TEXT,
    "time_zone": Kind.TEXT,
    "source": Kind.TEXT,
    "tag": Kind.TAG,
    "lifetime_value": Kind.AMOUNT,
    "value_currency": Kind.TEXT,
    "created_at": Kind.TIME,
    "updated_at": Kind.TIME,
    "last_contact_at": Kind.TIME,
    "days_since_contact": Kind.DAYS,
    "do_not_contact": Kind.FLAG,
}
ATTRIBUTE = "attribute."


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str


@dataclass(frozen=True, slots=True)
class Interactions:
    """How many there were of these, in the last days or ever."""

    channel: str | None = None
    direction: str | None = None
    outcome: str | None = None
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class ConsentOf:
    channel: str
    purpose: str


Subject = Field | Attribute | Interactions | ConsentOf
Value = str | int | float | bool | datetime


@dataclass(frozen=True, slots=True)
class Question:
    """`value` is a tuple with `in`."""

    subject: Subject
    operator: Operator
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Query


Query = All | AnyOf | Not | Question
