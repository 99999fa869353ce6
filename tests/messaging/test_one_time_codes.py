"""One-time codes: right once, in time, and not to be guessed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.codes import (
    LETTERS_AND_DIGITS,
    CodeRules,
    OneTimeCode,
    TooSoon,
    Verdict,
    as_compared,
    code_of,
    may_send_again_at,
    rule_mistakes,
    sent_again,
    tried,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = CodeRules()
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def hashed(code: str) -> bytes:
    return hashlib.sha256(b"salt" + as_compared(code).encode()).digest()


CODE = OneTimeCode(hashed("123456"), NOW)


def test_a_right_code_is_right_once() -> None:
    code, verdict = tried(CODE, RULES, hashed("123 456"), NOW + MINUTE)
    assert (verdict, code.used_at) == (Verdict.RIGHT, NOW + MINUTE)
    assert tried(code, RULES, hashed("123456"), NOW + MINUTE)[1] is Verdict.USED


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (timedelta(0), "right"),
        (10 * MINUTE - SECOND, "right"),
        (10 * MINUTE, "expired"),
        (-SECOND, "expired"),
    ],
)
def test_its_time(after: timedelta, verdict: str) -> None:
    assert tried(CODE, RULES, hashed("123456"), NOW + after)[1] == verdict


def test_after_five_wrong_ones_the_right_one_is_wrong_too() -> None:
    code, verdicts = CODE, []
    for _ in range(5):
        code, verdict = tried(code, RULES, hashed("000000"), NOW)
        verdicts.append(verdict.value)
    assert verdicts == ["wrong", "wrong", "wrong", "wrong", "too_often"]
    assert tried(code, RULES, hashed("123456"), NOW)[1] is Verdict.TOO_OFTEN
    assert may_send_again_at(code, RULES) is None


def test_sending_again_makes_the_former_wrong_and_forgets_no_attempt() -> None:
    code, _ = tried(CODE, RULES, hashed("000000"), NOW)
    with pytest.raises(TooSoon, match="can be sent in 30 s"):
        sent_again(code, RULES, hashed("654321"), NOW + 30 * SECOND)
    assert may_send_again_at(code, RULES) == NOW + MINUTE
    code = sent_again(code, RULES, hashed("654321"), NOW + MINUTE)
    assert (code.sends, code.wrong) == (2, 1)
    assert tried(code, RULES, hashed("123456"), NOW + MINUTE)[1] is Verdict.WRONG
    assert tried(code, RULES, hashed("654321"), NOW + 11 * MINUTE - SECOND)[1] is Verdict.RIGHT
    code = sent_again(code, RULES, hashed("111111"), NOW + 2 * MINUTE)
    with pytest.raises(TooSoon, match="No other code is sent"):
        sent_again(code, RULES, hashed("222222"), NOW + 9 * MINUTE)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["try", "again"]), st.sampled_from(["123456", "1", "x"]), st.integers(0, 400)
        ),
        max_size=30,
    )
)
def test_no_way_gives_a_guesser_more(steps: list[tuple[str, str, int]]) -> None:
    code, now, right, wrong, sends = CODE, NOW, 0, 0, 1
    for what, text, seconds in steps:
        now += seconds * SECOND
        if what == "try":
            code, verdict = tried(code, RULES, hashed(text), now)
            right += verdict is Verdict.RIGHT
            wrong += verdict is Verdict.WRONG
        else:
            try:
                code = sent_again(code, RULES, hashed(text), now)
                sends += 1
            except TooSoon:
                continue
    assert right <= 1
    assert wrong < RULES.most_attempts
    assert sends <= RULES.most_sends


def test_a_code_is_made_of_the_numbers_it_is_given() -> None:
    assert code_of(RULES, [0, 0, 4, 2, 9, 1]) == "004291"
    assert code_of(CodeRules(4, LETTERS_AND_DIGITS), [0, 31, 8, 9]) == "2ZAB"
    for wrong in ([1, 2, 3], [0, 0, 0, 0, 0, 10], [-1, 0, 0, 0, 0, 0]):
        with pytest.raises(ValueError, match="6 characters needs"):
            code_of(RULES, wrong)


def test_how_a_code_is_entered_does_not_matter() -> None:
    assert as_compared(" ab-2 c\u00a03\n") == "AB2C3"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (CodeRules(), ""),
        (CodeRules(4), ""),
        (CodeRules(3), "4 to 10 characters, not 3"),
        (CodeRules(alphabet="01"), "at least 10 characters, each once"),
        (CodeRules(alphabet="0123456789a"), "digits and capital letters"),
        (CodeRules(lifetime=timedelta(days=2)), "lives 1 minute to 1 day"),
        (CodeRules(most_attempts=0), "at least once"),
        (CodeRules(4, most_attempts=11), "11 attempts at 4 characters can be guessed"),
    ],
)
def test_rules_that_would_be_weak_are_told(rules: CodeRules, told: str) -> None:
    found = rule_mistakes(rules)
    assert (told in found[0]) if told else not found
