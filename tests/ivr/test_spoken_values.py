"""Texts say values as a person of the company's country would."""

from __future__ import annotations

import pytest
from flows import load, small
from stage import Stage

from ivr.reading.loader import FlowRejected, load_flow
from ivr.surroundings import Surroundings

FACTS = {"caller": "+48220000001", "dialled": "100"}
STEPS = """
  first: {set: {due: "12.5", count: "22"}, next: tell}
  tell: {say: "%s", next: person}
"""


@pytest.mark.parametrize(
    ("text", "surroundings", "said"),
    [
        ("{due|money}", Surroundings(currency="GBP"), "twelve pounds and fifty pence"),
        ("{due|money(EUR)}", Surroundings(currency="GBP"), "twelve euros and fifty cents"),
        ("{count|number} {count|plural(parcel, parcels)}", Surroundings(), "twenty two parcels"),
        ("{count|ordinal}", Surroundings(), "twenty second"),
        ("{caller|phone}", Surroundings(region="PL"), "two two, zero zero zero, zero zero, zero one"),
        (
            "{caller|phone}",
            Surroundings(region="US"),
            "plus four eight, two two, zero zero zero, zero zero, zero one",
        ),
        ("{dialled|spell}", Surroundings(), "one, zero, zero"),
    ],
)
def test_values_are_said_in_words(text: str, surroundings: Surroundings, said: str) -> None:
    assert Stage(load(STEPS % text), FACTS, surroundings).said == said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{due|money(XXX)}", "'XXX' is not a known currency"),
        ("{due|plural(one)}", "plural takes the forms for 1 and many, or for 1, 2 and 5"),
        ("{due|number(x)}", "'x' is not a gender"),
        ("{due|phone(Poland)}", "'Poland' is not a country"),
    ],
)
def test_a_filter_used_wrongly_is_told_when_the_flow_is_loaded(text: str, told: str) -> None:
    with pytest.raises(FlowRejected, match=r"small\.yaml:7:\d+: ") as rejected:
        load_flow(small(STEPS % text), "small.yaml")
    assert told in str(rejected.value)
