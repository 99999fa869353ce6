"""Dates, times and amounts as they are written in messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.expressions import ExpressionProblem
from wording.templates import parse_template


@pytest.mark.parametrize(
    ("value", "language", "written"),
    [
        ("2026-03-22", "pl", "22 mar 2026"),
        ("2026-03-22", "en", "Mar 22, 2026"),
        ("2026-03-22", "ru", "22 мар. 2026 г."),
        ("2026-03-22", "de", "22.03.2026"),
        ("2026-03-22T14:30", "pl", "22 mar 2026, 14:30"),
        ("14:30", "en", "2:30 PM"),
        ("8:05", "pl", "08:05"),
        ("12.50 EUR", "pl", "12,50 €"),
        ("-1212.5 USD", "en", "-$1,212.50"),
        ("1212", "pl", "1212"),
        ("soon", "en", "soon"),
        ("2026-03-22", "xx", "2026-03-22"),
    ],
)
def test_as_people_write_it(value: str, language: str, written: str) -> None:
    assert parse_template("{value|written}").render({"value": value}, language) == written


def test_an_amount_has_the_currency_that_is_written_or_the_companys() -> None:
    assert parse_template("{n|written(PLN)}").render({"n": "1212,5"}, "pl") == "1 212,50 zł"
    assert parse_template("{n|written}").render({"n": 12, "_currency": "PLN"}, "pl") == "12,00 zł"
    day = {"n": "2026-03-22", "_currency": "PLN"}
    assert parse_template("{n|written}").render(day, "pl") == "22 mar 2026"
    with pytest.raises(ExpressionProblem, match="'XYZ' is not a known currency"):
        parse_template("{n|written(XYZ)}")


@given(st.one_of(st.text(max_size=30), st.dates().map(str), st.times().map(str), st.datetimes().map(str)))
def test_nothing_breaks_it_and_no_blank_is_a_special_one(value: str) -> None:
    for language in ("pl", "en", "ru"):
        found = parse_template("{value|written}").render({"value": value}, language)
        assert found == parse_template("{value}").render({"value": value}, language) or found.isprintable()
