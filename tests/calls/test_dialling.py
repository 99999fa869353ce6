"""Which numbers people may dial: the country's, or as set up; costly ones only when they are listed."""

from __future__ import annotations

import pytest

from calls.dialling import DialRule

HOME = DialRule("PL")
SET = DialRule("PL", ("+48", "+4930"), frozenset({"+48701234567", "00442079460018"}))


@pytest.mark.parametrize("number", ["+48220000001", "22 000 00 01", "0048 600 000 001"])
def test_numbers_of_the_country(number: str) -> None:
    assert HOME.refusal(number) is None


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("+442079460018", "only PL: see `desk.dial`"),
        ("+48701234567", "costs more than a usual call"),
        ("701 234 567", "costs more than a usual call"),
        ("200", "is no telephone number"),
        ("", "is no telephone number"),
        ("+48\r\nHangup", "is no telephone number"),
    ],
)
def test_what_is_refused(number: str, says: str) -> None:
    assert says in (HOME.refusal(number) or "")


def test_countries_that_share_a_code() -> None:
    assert DialRule("US").refusal("+12025550101") is None
    assert "only US" in (DialRule("US").refusal("+18765551234") or "")  # Jamaica
    assert "only RU" in (DialRule("RU").refusal("+77012345678") or "")  # Kazakhstan
    assert DialRule("US", ("+1",)).refusal("+18765551234") is None


def test_as_set_up() -> None:
    assert SET.refusal("+48701234567") is None  # listed
    assert SET.refusal("+442079460018") is None
    assert SET.refusal("+493012345678") is None
    assert "only +48, +4930" in (SET.refusal("+498912345678") or "")
