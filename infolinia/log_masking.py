"""Numbers and e-mail addresses of people do not stand in the log: only two last digits, or the domain."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_ELLIPSIS = "…"
# Digits with what people write between them, taken as a whole or not at all. What hangs on to letters is an
# id, what goes on with a colon and digits a time or an address with its port.
_DIGITS = re.compile(r"(?<![\w.-])\+?\(?\d(?:[ ().-]{0,2}\d)*+(?!\w|:\d)")
_EMAIL = re.compile(r"[\w.%+-]+@((?:[\w-]+\.)+[A-Za-z]{2,})")
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_DECIMAL = re.compile(r"\d+\.\d+")
_INTERNATIONAL_LEAST = 7
_NATIONAL_LEAST = 9
_MOST = 17
# Made by the log itself.
_OWN = frozenset({"timestamp", "level", "_record", "_from_structlog"})


def mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor, the last one before lines are rendered: tracebacks are text by then."""
    for name, value in event.items():
        if name not in _OWN:
            event[name] = masked(value)
    return event


def masked(value: Any) -> Any:
    """The value with every number and address in it masked; what holds none is returned as it is."""
    match value:
        case str():
            return masked_text(value)
        case None | bool() | int() | float():
            return value
        case dict():
            return {masked(name): masked(inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(inner) for inner in value]
        case _:
            shown = repr(value)
            clean = masked_text(shown)
            return value if clean == shown else clean


def masked_text(text: str) -> str:
    return _DIGITS.sub(_number, _EMAIL.sub(rf"{_ELLIPSIS}@\1", text))


def _number(match: re.Match[str]) -> str:
    written = match[0]
    if not _is_number(written):
        return written
    digits = re.sub(r"\D", "", written)
    return f"{_ELLIPSIS}{digits[-2:]}"


def _is_number(written: str) -> bool:
    groups = re.findall(r"\d+", written)
    digits = "".join(groups)
    if len(digits) > _MOST:
        return False
    if written.startswith(("+", "00")):
        return len(digits) >= _INTERNATIONAL_LEAST
    if len(digits) < _NATIONAL_LEAST:
        return False
    if _DATE.match(written) or _ADDRESS.fullmatch(written) or _DECIMAL.fullmatch(written):
        return False
    # 10000-10999 is a range of ports; a number is written in small groups.
    return len(groups) == 1 or (len(groups) > 2 and max(map(len, groups)) <= 4)
