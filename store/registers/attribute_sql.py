"""Comparing a person's attribute in SQL: its newest value among all contacts of the person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Exists,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from history.segments import Operator
from store.tables import contact_attributes, contacts

Condition = ColumnElement[bool]

_DAY = len("2026-11-21")


def attribute_holds(
    family: Select[str], name: str, operator: Operator, value: Any, database: str
) -> Condition:
    """`family`: the ids of the person's contacts. A value of null means that there is none."""
    newest = (
        select(contact_attributes.c.value)
        .where(contact_attributes.c.contact_id.in_(family), contact_attributes.c.name == name)
        .order_by(contact_attributes.c.updated_at.desc(), contact_attributes.c.contact_id.desc())
        .limit(1)
        .correlate(contacts)
        .subquery("newest")
    )
    text = newest.c.value
    json = _Postgresql(text) if database == "postgresql" else _Sqlite(text)

    def there_is(holds: Condition) -> Exists:
        return exists(select(text).where(text != "null", holds))

    if operator is Operator.EXISTS:
        known = exists(select(text).where(text != "null"))
        return known if value else not_(known)
    return there_is(_holds(json, operator, value))


def _holds(json: _Sqlite | _Postgresql, operator: Operator, value: Any) -> Condition:
    compare: Mapping[Operator, Callable[[], Condition]] = {
        Operator.IS: lambda: _same(json, value),
        Operator.IN: lambda: or_(*(_same(json, one) for one in value)),
        Operator.AT_LEAST: lambda: json.number() >= _number(value),
        Operator.AT_MOST: lambda: json.number() <= _number(value),
        Operator.BEFORE: lambda: and_(json.dated(), json.day() < json.plain(value)),
        Operator.AFTER: lambda: and_(json.dated(), json.day() > json.plain(value)),
        Operator.CONTAINS: lambda: or_(json.has_part(value), json.has_member(value)),
    }
    return func.coalesce(compare[operator](), false())


def _same(json: _Sqlite | _Postgresql, value: Any) -> Any:
    if isinstance(value, bool):
        return json.value == ("true" if value else "false")
    if isinstance(value, str):
        return json.text() == value
    return json.number() == _number(value)


def _number(value: float) -> Any:
    return literal(float(value), Double())


class _Sqlite:
    """Each part is null where the value is of another kind."""

    def __init__(self, value: ColumnElement[str]) -> None:
        self.value = value

    def text(self) -> Any:
        return case((func.json_type(self.value) == "text", func.json_extract(self.value, "$")))

    def number(self) -> Any:
        numbers = func.json_type(self.value).in_(("integer", "real"))
        return case((numbers, cast(func.json_extract(self.value, "$"), Double())))

    def plain(self, text: str) -> Any:
        return literal(text, Text())

    def day(self) -> Any:
        return func.substr(self.text(), 1, _DAY)

    def dated(self) -> Condition:
        digit = "[0-9]"
        shape = f"{digit * 4}-{digit * 2}-{digit * 2}*"
        return self.text().op("GLOB", is_comparison=True)(shape)  # type: ignore[no-any-return]

    def has_part(self, part: str) -> Condition:
        return func.coalesce(func.instr(self.text(), part) > 0, false())

    def has_member(self, member: str) -> Condition:
        members = func.json_each(self.value).table_valued("value", "type", name="members")
        is_it = and_(members.c.type == "text", members.c.value == member)
        return and_(func.json_type(self.value) == "array", exists(select(members.c.value).where(is_it)))


class _Postgresql:
    """Each part is null where the value is of another kind."""

    def __init__(self, value: ColumnElement[str]) -> None:
        self.value = value
        # JSONB holds no NUL, which a JSON text may have as an escape.
        whole = func.strpos(value, "\\u0000") == 0
        self._json = case((whole, cast(value, JSONB())))

    def text(self) -> Any:
        plain = self._json.op("#>>")(literal_column("'{}'"))
        return case((func.jsonb_typeof(self._json) == "string", plain))

    def number(self) -> Any:
        return case((func.jsonb_typeof(self._json) == "number", cast(cast(self._json, Text()), Double())))

    def plain(self, text: str) -> Any:
        return literal(text, Text()).collate("C")

    def day(self) -> Any:
        return func.substr(self.text(), 1, _DAY).collate("C")

    def dated(self) -> Condition:
        return self.text().op("~", is_comparison=True)(  # type: ignore[no-any-return]
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
        )

    def has_part(self, part: str) -> Condition:
        return func.coalesce(func.strpos(self.text(), part) > 0, false())

    def has_member(self, member: str) -> Condition:
        listed = self._json.op("@>", is_comparison=True)(func.jsonb_build_array(cast(member, Text())))
        return and_(func.jsonb_typeof(self._json) == "array", listed)
