"""A test written as it stands in a flow's file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# Read back as a text of just these letters, in a flow collection too.
_PLAIN = re.compile(r"[^\W\d_](?:[\w' .-]*[\w.])?")
_KEYS = re.compile(r"[1-9][0-9]{0,63}|[0-9]+(\.[0-9]+)?s")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})
_WIDTH = 110

Act = Mapping[str, object]
"""One act as it is written, {dials: "1"}."""


def as_written(name: str, given: Mapping[str, Any], acts: Sequence[Act], indent: str = "  ") -> str:
    """The lines of one test, as an item of `tests`."""
    lines = [f"{indent}- test: {_scalar(name)}"]
    if given:
        lines.append(f"{indent}  given: {_value(given)}")
    whole = f"{indent}  caller: [{', '.join(_act(act) for act in acts)}]"
    if len(whole) <= _WIDTH:
        lines.append(whole)
    else:
        lines.append(f"{indent}  caller:")
        lines += [f"{indent}    - {_act(act)}" for act in acts]
    return "\n".join(lines) + "\n"


def _act(act: Act) -> str:
    """What an act says is a text, so numbers and durations need no quotation marks."""
    return "{" + ", ".join(f"{key}: {_said(value)}" for key, value in act.items()) + "}"


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_said(inner)}" for key, inner in value.items()) + "}"
    text = str(value)
    return text if _KEYS.fullmatch(text) or not isinstance(value, str) else _scalar(text)


def _value(value: Any) -> str:
    """JSON, with fewer quotation marks."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_scalar(str(key))}: {_value(v)}" for key, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case str():
            return _scalar(value)
        case _:
            return json.dumps(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    # Not JSON's escapes throughout: it writes what is beyond U+FFFF as two halves, which YAML does not read.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escaped(ord(sign)) for sign in quoted)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
