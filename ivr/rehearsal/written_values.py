"""Values of a test as JSON."""

from __future__ import annotations

import re
from typing import Any

from wording.yaml_source import Listing, Node, Scalar, Table

_JSON_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,18})?")


def value_of(node: Node) -> Any:
    """The tree as JSON: plain numbers, true, false and null are that, quoted ones are texts."""
    match node:
        case Table():
            return {key: value_of(value) for key, (_, value) in node.entries.items()}
        case Listing():
            return [value_of(item) for item in node.items]
        case Scalar(text=text, plain=True) if text in _JSON_WORDS:
            return _JSON_WORDS[text]
        case Scalar(text=text, plain=True) if _NUMBER.fullmatch(text):
            return float(text) if "." in text else int(text)
        case Scalar(text=text):
            return text
