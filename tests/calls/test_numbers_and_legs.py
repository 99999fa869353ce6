"""Numbers as signalled and in E.164; legs walk their table."""

from __future__ import annotations

import pytest

from calls.legs import TRANSITIONS, Leg, LegRole, LegState, LegTransitionError
from calls.numbers import parse_number


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("+48220000001", "+48220000001"),
        ("0048220000001", "+48220000001"),
        ("22 000 00 01", "+48220000001"),
        ("220000001", "+48220000001"),
        ("+1 202 555 0123", "+12025550123"),
        ("100", None),
        ("anonymous", None),
        ("", None),
        ("Robert'); DROP", None),
    ],
)
def test_reading_numbers_in_poland(raw: str, e164: str | None) -> None:
    assert parse_number(raw, "PL").e164 == e164


def test_a_withheld_number_is_empty_and_a_long_one_is_masked() -> None:
    assert parse_number("Anonymous", "PL").withheld
    assert parse_number("100", "PL").masked == "100"
    assert parse_number("+48220000042", "PL").masked == "+48*******42"


@pytest.mark.parametrize("state", list(LegState))
@pytest.mark.parametrize("after", list(LegState))
def test_every_transition_is_as_the_table_says(state: LegState, after: LegState) -> None:
    leg = Leg("x", LegRole.CALLER, state)
    if after in TRANSITIONS[state]:
        assert leg.moved(after, 16).state is after
    else:
        with pytest.raises(LegTransitionError, match="cannot go"):
            leg.moved(after)


def test_an_ended_leg_stays_ended() -> None:
    assert not TRANSITIONS[LegState.ENDED]
