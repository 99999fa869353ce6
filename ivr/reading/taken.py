"""`takes`: the variables that whoever places a call with a flow must give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ivr.flow import FACTS
from wording.yaml_source import Place, Scalar

VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# In a test's `given` these mean something else.
_GIVEN_OTHERWISE = frozenset({"hours", "profile", "code", "at"})


def taken_names(items: Iterable[Scalar], note: Callable[[Place, str], None]) -> tuple[str, ...]:
    """The names, each once; what is wrong with others is noted."""
    names: dict[str, None] = {}
    for item in items:
        if not VARIABLE_NAME.fullmatch(item.text):
            why = "is no name: use small letters, digits and '_', a letter first"
            note(item.place, f"takes: {item.text!r} {why}")
        elif item.text in FACTS or item.text in _GIVEN_OTHERWISE:
            note(item.place, f"takes: {item.text!r} means something else: use another name")
        else:
            names[item.text] = None
    return tuple(names)
