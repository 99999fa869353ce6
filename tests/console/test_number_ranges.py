"""Whose a prefix of telephone numbers is, as libphonenumber knows it."""

from __future__ import annotations

import pytest

from console.number_ranges import MOST_OPERATORS, range_of


@pytest.mark.parametrize(
    ("prefix", "country", "operator"),
    [
        ("+4860", "PL", "Plus"),  # a part of its numbers is another's
        ("+48600123", "PL", "T-Mobile"),  # the range is a shorter one
        ("+7701", "KZ", "Kcell/Activ"),
        ("+7916", "RU", None),
        ("+447", "GB", "O2"),
        ("+1202", None, None),  # several countries have +1
        ("+800", None, None),
        ("+999", None, None),
        ("100", None, None),
    ],
)
def test_a_prefix_has_a_country_and_operators_where_they_are_known(
    prefix: str, country: str | None, operator: str | None
) -> None:
    found = range_of(prefix)
    assert found.country == country
    assert operator is None or operator in found.operators
    assert operator is not None or found.operators == ()
    assert len(found.operators) <= MOST_OPERATORS
