"""What goes into a request and where something stands in an answer, written as short texts.

A template is any text with {to} {text} {sender} {id} {expires} {callback} in it, replaced by those of the
message. A place is a JSON pointer such as `/list/0/id` (RFC 6901), or `regex:` and a pattern, of which the
first group is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

import orjson

NAMES = ("to", "text", "sender", "id", "expires", "callback")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
Values = Mapping[str, str | None]


class SettingRefused(ValueError):
    """A sentence with the remedy. `field`: the setting, by its name in the file; "": none alone."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.field = field


def check_template(template: object, field: str) -> None:
    """Raises SettingRefused for a placeholder that is not known; `template` may be nested."""
    match template:
        case str():
            for name in _PLACEHOLDER.findall(template):
                if name not in NAMES:
                    known = ", ".join(f"{{{one}}}" for one in NAMES)
                    raise SettingRefused(f"{{{name}}} is not known; there are {known}", field)
        case Mapping():
            for key, inner in template.items():
                check_template(inner, f"{field}.{key}")
        case list() | tuple():
            for inner in template:
                check_template(inner, field)


def filled(template: str, values: Values, *, escaped: bool = False) -> str | None:
    """None when it wants a value that this message has not. `escaped`: for an address."""
    if any(values.get(name) is None for name in _PLACEHOLDER.findall(template)):
        return None

    def value(found: re.Match[str]) -> str:
        text = values[found[1]] or ""
        return quote(text, safe="") if escaped else text

    return _PLACEHOLDER.sub(value, template)


def filled_json(template: object, values: Values) -> object:
    """The same shape; members whose text wants a value that is not there are left out."""
    match template:
        case str():
            return filled(template, values)
        case Mapping():
            members = {str(key): filled_json(inner, values) for key, inner in template.items()}
            return {
                key: value
                for key, value in members.items()
                if value is not None or template[key] is None  # a null that is meant stays
            }
        case list() | tuple():
            return [filled_json(inner, values) for inner in template]
        case _:
            return template


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands. "" is nowhere."""

    where: str = ""

    def __post_init__(self) -> None:
        if self.where.startswith("regex:"):
            try:
                pattern = re.compile(self.where.removeprefix("regex:"))
            except re.error as error:
                raise SettingRefused(f"{self.where!r} is no regular expression: {error}") from None
            if not pattern.groups:
                raise SettingRefused(f"{self.where!r} has no group: put what is meant into ( )")
        elif self.where and not self.where.startswith("/"):
            raise SettingRefused(f"{self.where!r} is no place: write /path/in/json or regex:…(…)")

    def find(self, content: Content) -> str | None:
        """None when it is not there, null or empty."""
        if not self.where:
            return None
        if self.where.startswith("regex:"):
            found = re.search(self.where.removeprefix("regex:"), content.text)
            return (found[1] or None) if found else None
        return _pointed(content.value, self.where)


class Content:
    """A body of either side, as text and as JSON or form fields, whichever it is."""

    def __init__(self, body: bytes, content_type: str = "") -> None:
        # No database keeps a zero character, and no person writes one.
        self.text = body.decode("utf-8", "replace").replace("\0", "")
        self.value: object = None
        if content_type.startswith("application/x-www-form-urlencoded"):
            self.value = dict(parse_qsl(self.text, keep_blank_values=True, max_num_fields=100))
        elif body:
            try:
                self.value = orjson.loads(body)
            except orjson.JSONDecodeError:
                self.value = None

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Content:
        content = cls(b"")
        content.value = dict(query)
        return content


def _pointed(value: object, pointer: str) -> str | None:
    for escaped in pointer[1:].split("/"):
        key = escaped.replace("~1", "/").replace("~0", "~")
        match value:
            case dict():
                value = value.get(key)
            case list() if key.isascii() and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            case _:
                return None
    match value:
        case None | "" | dict() | list():
            return None
        case bool():
            return "true" if value else "false"
        case _:
            return str(value).replace("\0", "") or None
