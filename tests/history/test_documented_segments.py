"""The table and the example of segments in the integrators' documentation are those that are read."""

from __future__ import annotations

import json
import re
from pathlib import Path

from history.segment_reading import query_of
from history.segments import FIELDS, OPERATORS, Kind

PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text(encoding="utf-8")


def test_the_table_has_every_field_and_operator() -> None:
    table = PAGE.partition("| question | compared by |")[2].partition("\n\n")[0]
    told: dict[str, set[str]] = {}
    for line in table.splitlines()[2:]:
        question, operators = line.strip("| ").split(" | ")
        fields = re.findall(r'"field": "([a-z_.A-Z]+)"', question)
        if fields:
            fields += re.findall(r", `([a-z_]+)`", question)
        for name in fields or re.findall(r'`\{"(interactions|consent)"', question):
            told[name] = set(re.findall(r"`([a-z_]+)`", operators))
    kinds = {
        **FIELDS,
        "attribute.NAME": Kind.ATTRIBUTE,
        "interactions": Kind.COUNT,
        "consent": Kind.FLAG,
    }
    assert told == {name: {one.value for one in OPERATORS[kind]} for name, kind in kinds.items()}


def test_the_example_is_read() -> None:
    example = re.search(r'```json\n(\{"all".*?)```', PAGE, re.DOTALL)
    assert example is not None
    query_of(json.loads(example[1]))
