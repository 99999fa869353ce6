"""Nothing is disclosed before the right person is on the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.debts.right_party import (
    Fact,
    FactKind,
    Party,
    PartyPolicy,
    PartyState,
    answered,
    begin,
    declined,
    matches,
    may_disclose,
    next_fact,
    not_them,
)

BORN = Fact("born", FactKind.DATE, "1980-02-29")
LAST_DIGITS = Fact("id_digits", FactKind.DIGITS, "4821")
STREET = Fact("street", FactKind.WORDS, "Łąkowa 5")
FACTS = (BORN, LAST_DIGITS, STREET)
POLICY = PartyPolicy(needed=2, wrong_most=2)


def talk(*answers: str, facts: tuple[Fact, ...] = FACTS, policy: PartyPolicy = POLICY) -> Party:
    party = begin(facts, policy)
    for answer in answers:
        fact = next_fact(party, facts)
        if fact is None:
            break
        party = answered(party, fact, answer, facts, policy)
    return party


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([], PartyState.ASKING),
        (["1980-02-29"], PartyState.ASKING),
        (["1980-02-29", "48 21"], PartyState.VERIFIED),
        (["1981-02-28", "4821", "lakowa 5"], PartyState.VERIFIED),  # one may mishear
        (["no", "4821", "no", "1980-02-29"], PartyState.FAILED),
        (["1980-02-28", "1234", "Polna 1"], PartyState.FAILED),
        (["1980-02-28", "4821", "Polna 1"], PartyState.ASKING),
        (["1980-02-28", "4821", "Polna 1", "1980-02-29"], PartyState.VERIFIED),
    ],
)
def test_verification(answers: list[str], state: PartyState) -> None:
    policy = PartyPolicy(needed=2, wrong_most=1) if answers[:1] == ["no"] else POLICY
    party = talk(*answers, policy=policy)
    assert party.state is state
    assert may_disclose(party) == (state is PartyState.VERIFIED)


def test_the_same_fact_twice_is_no_second_proof() -> None:
    party = begin(FACTS, POLICY)
    for _ in range(3):
        party = answered(party, BORN, "1980-02-29", FACTS, POLICY)
    assert (party.state, party.right) == (PartyState.ASKING, ("born",))


def test_who_is_not_them_stays_so() -> None:
    wrong = not_them(begin(FACTS, POLICY))
    assert wrong.state is PartyState.WRONG_PARTY
    assert answered(wrong, BORN, "1980-02-29", FACTS, POLICY) is wrong
    assert next_fact(wrong, FACTS) is None
    assert declined(wrong) is wrong
    assert declined(begin(FACTS, POLICY)).state is PartyState.DECLINED


@pytest.mark.parametrize(
    "facts",
    [(), (BORN,), (BORN, Fact("street", FactKind.WORDS, " -- ")), (BORN, Fact("x", FactKind.DATE, "80"))],
)
def test_where_too_little_is_known_nobody_is_verified(facts: tuple[Fact, ...]) -> None:
    assert begin(facts, POLICY).state is PartyState.FAILED


@pytest.mark.parametrize(
    ("fact", "answer", "same"),
    [
        (LAST_DIGITS, "4-8-2-1", True),
        (LAST_DIGITS, "48210", False),
        (LAST_DIGITS, "", False),
        (STREET, "ulica łąkowa 5", False),
        (STREET, "ŁĄKOWA  5", True),
        (BORN, " 1980-02-29 ", True),
        (BORN, "29.02.1980", False),
        (Fact("x", FactKind.WORDS, ""), "", False),
    ],
)
def test_answers_are_compared(fact: Fact, answer: str, same: bool) -> None:
    assert matches(fact, answer) is same


@given(answers=st.lists(st.sampled_from(["1980-02-29", "4821", "Lakowa 5", "no", ""]), max_size=12))
def test_it_ends_and_only_enough_right_answers_open_it(answers: list[str]) -> None:
    party = talk(*answers)
    assert may_disclose(party) == (len(set(party.right)) >= POLICY.needed)
    assert len(party.wrong) <= POLICY.wrong_most + 1
    if len(answers) >= 6:
        assert party.state is not PartyState.ASKING
