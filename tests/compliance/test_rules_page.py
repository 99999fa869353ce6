"""docs/rules.md tells every pack, rule and example as it is."""

from __future__ import annotations

import re
from pathlib import Path

from compliance.gate import PACKS
from infolinia.commands.rule_cases import answer, packs_named

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_pack_with_its_date_and_certainty() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (\S+) \| .* \|$", PAGE, re.MULTILINE))
    assert rows == {name: str(pack.in_force_from or "always") for name, pack in PACKS.items()}
    certainty = dict(re.findall(r"^\| `([a-z0-9-]+)` \| \S+ \| .* \| ([a-z ]+) \|$", PAGE, re.MULTILINE))
    assert certainty == {name: pack.certainty.value for name, pack in PACKS.items()}


def test_every_rule() -> None:
    cells = " ".join(re.findall(r"^\| (`.+?`) \|", PAGE, re.MULTILINE))
    for pack in PACKS.values():
        for rule in pack.rules:
            told = (
                f"`{pack.name}/{rule.name}`" in cells or f"`…-{'-'.join(rule.name.split('-')[1:])}`" in cells
            )
            assert told, f"{pack.name}/{rule.name}"
    for named in re.findall(r"`([a-z0-9-]+)/([a-z0-9-]+)`", PAGE):
        pack_name, rule_name = named
        if pack_name != "do-not-contact":
            assert rule_name in [rule.name for rule in PACKS[pack_name].rules], named


def test_the_example_is_a_case() -> None:
    text = re.search(r'```json\n(\{"now".*?)```', PAGE, re.DOTALL)
    assert text is not None
    assert answer(text[1].encode(), packs_named(["us-reg-f"]))["allowed"] is True
