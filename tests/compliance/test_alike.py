"""People of one kind are decided alike by every pack, whoever they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.alike import kind_of
from compliance.facts import Callee, Channel, ConsentFact, Facts, Mode, Purpose, Request
from compliance.gate import PACKS, decide
from tests.compliance.test_gate_properties import cases, names
from tests.gate_cases import VARSOVIAN, utc

NOON = utc("2026-11-18 11:00")
HOURS = [NOON + timedelta(hours=number) for number in range(12)]


def somebody_else(callee: Callee) -> Callee:
    """With a number of the same area."""
    last = "1" if callee.number[-1] != "1" else "2"
    return replace(callee, id=f"not {callee.id}", number=callee.number[:-1] + last, email="x@example.com")


def consented(facts: Facts, quarters: list[int]) -> Facts:
    earlier = [
        replace(each, given_at=each.given_at - number * timedelta(minutes=15))
        for each, number in zip(facts.consents, quarters, strict=False)
    ]
    return replace(facts, consents=(*earlier, *facts.consents[len(earlier) :]))


@settings(max_examples=100, deadline=None)
@given(cases(), names, st.lists(st.integers(0, 20_000), max_size=4), st.data())
def test_people_of_one_kind_are_decided_alike(
    case: tuple[Request, Facts, datetime], packs: list[str], quarters: list[int], data: st.DataObject
) -> None:
    request, facts, now = case
    other = replace(request, contact=somebody_else(request.contact)), consented(facts, quarters)
    moments = [now + number * timedelta(minutes=45) for number in range(8)]
    if kind_of(request, facts, moments) == kind_of(*other, moments):
        asked = [PACKS[name] for name in packs]
        at = data.draw(st.sampled_from(moments))
        assert decide(request, facts, asked, at) == decide(*other, asked, at)


def kind(callee: Callee, *consents: ConsentFact) -> object:
    request = Request(Channel.CALL, Purpose.MARKETING, Mode.PREVIEW, callee)
    return kind_of(request, Facts(consents), HOURS)


def consent(
    days: int, purpose: Purpose = Purpose.MARKETING, withdrawn: datetime | None = None
) -> ConsentFact:
    return ConsentFact(Channel.CALL, purpose, NOON - timedelta(days=days), withdrawn)


def test_who_it_is_and_when_they_consented_makes_no_kind() -> None:
    assert kind(VARSOVIAN, consent(400)) == kind(somebody_else(VARSOVIAN), consent(2))
    assert kind(VARSOVIAN, consent(400)) != kind(VARSOVIAN)


@pytest.mark.parametrize(
    "other",
    [
        replace(VARSOVIAN, type="mobile"),
        replace(VARSOVIAN, country="DE"),
        replace(VARSOVIAN, timezone="America/New_York"),
        replace(VARSOVIAN, region="MA"),
    ],
)
def test_what_rules_look_at_makes_a_kind(other: Callee) -> None:
    assert kind(other) != kind(VARSOVIAN)


def test_when_a_consent_was_given_counts_where_rules_count_from_it() -> None:
    asked = Purpose.COLLECTIONS
    assert kind(VARSOVIAN, consent(400, asked)) != kind(VARSOVIAN, consent(2, asked))
    soon = NOON + timedelta(hours=3)
    assert kind(VARSOVIAN, consent(400, withdrawn=soon)) != kind(VARSOVIAN, consent(2, withdrawn=soon))
