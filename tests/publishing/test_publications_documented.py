"""The pages on events and webhooks, tried: kinds, the recipe for receivers, and that nothing else is told."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path
from typing import Any

import pytest

from channels.webhooks import signature
from history.publication import Kind
from tests.publishing.receivers import verified

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
SOURCES = [
    path
    for room in ("calls", "compliance", "console", "dialer", "engine", "history", "infolinia", "ivr", "store")
    for path in (ROOT / room).rglob("*.py")
]


def test_every_kind_is_in_the_table_and_no_other() -> None:
    table = re.search(r"^\| event \| `data` \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    first = [line.split("|")[1] for line in table[1].splitlines()]
    assert sorted(re.findall(r"`([^`]+)`", " ".join(first))) == sorted(kind.value for kind in Kind)


def test_the_recipe_for_receivers_verifies_what_is_sent() -> None:
    block = next(b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "def verified" in b)
    room: dict[str, Any] = {}
    exec(block, room)  # the page's own words
    body = b'{"id":"1"}'
    now = int(time.time())
    for recipe in (room["verified"], lambda *given: verified(*given, now)):
        assert recipe("new", signature(["new", "old"], body, now), body)
        assert recipe("old", signature(["new", "old"], body, now), body)
        assert not recipe("other", signature(["new", "old"], body, now), body)
        assert not recipe("new", signature(["new"], body, now), body + b" ")
        assert not recipe("new", signature(["new"], body, now - 400), body)
        assert not recipe("new", signature(["new"], body, now).replace(f"t={now}", f"t={now - 1}"), body)


def published_kinds(path: Path) -> list[ast.expr]:
    """The third argument of every Publication(…) that the file makes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Publication"]
    return [
        c.args[2] if len(c.args) > 2 else next(k.value for k in c.keywords if k.arg == "kind") for c in made
    ]


def test_a_kind_that_is_written_out_is_in_the_list() -> None:
    """Every string like "contact.changed" beside Publication is a Kind; others are told by Kind itself."""
    known = {kind.value for kind in Kind}
    found = 0
    for path in SOURCES:
        for kind in published_kinds(path):
            found += 1
            for part in ast.walk(kind):
                if isinstance(part, ast.Constant):
                    assert part.value in known, f"{path}: {part.value!r}"
    assert found >= 5


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_told_by_somebody(kind: Kind) -> None:
    """Each is named, as Kind.X or written out, in some file besides the list itself."""
    names = (f"Kind.{kind.name}", f'"{kind.value}"')
    texts = (p.read_text(encoding="utf-8") for p in SOURCES if p != ROOT / "history" / "publication.py")
    assert any(name in text for text in texts for name in names)
