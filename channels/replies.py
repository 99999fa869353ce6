"""What a service answered, as JSON that the rest of the program can hold."""

from __future__ import annotations

import orjson

DEEPEST_NESTING = 32


class ReplyRefused(Exception):
    """The answer cannot be used; the message says why."""


def reply_of(content: bytes, content_type: str) -> object:
    """The JSON value of a reply; None when it has no content. Raises ReplyRefused."""
    if not content:
        return None
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise ReplyRefused(f"its answer is {content_type[:80]}, not JSON")
    try:
        value: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ReplyRefused("its answer is not well-formed JSON") from None
    _check(value)
    return value


def _check(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST_NESTING):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                inner += item
            elif isinstance(item, str) and "\0" in item:
                raise ReplyRefused("its answer holds a zero character")
        if not inner:
            return
        level = inner
    raise ReplyRefused(f"its answer is nested deeper than {DEEPEST_NESTING} levels")
