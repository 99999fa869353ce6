"""Amounts have as many decimals as their currency, in whatever place they are written or read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.minor_units import decimals_of, minor_units_of, written_amount

CURRENCIES = {"PLN": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "QQQ": 2}


@pytest.mark.parametrize(("currency", "decimals"), CURRENCIES.items())
def test_decimals(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals


@pytest.mark.parametrize(
    ("currency", "minor", "written"),
    [
        ("PLN", 12_050, "120.50"),
        ("PLN", 5, "0.05"),
        ("JPY", 12_050, "12050"),
        ("KWD", 12_050, "12.050"),
        ("JPY", 0, "0"),
        ("PLN", 10**18, "10000000000000000.00"),
    ],
)
def test_written(currency: str, minor: int, written: str) -> None:
    assert written_amount(minor, currency) == written


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.5", "JPY"), ("1.005", "PLN"), ("1.0005", "KWD"), ("NaN", "PLN"), ("Infinity", "JPY")],
)
def test_more_decimals_than_the_currency_has_are_no_amount(amount: str, currency: str) -> None:
    assert minor_units_of(Decimal(amount), currency) is None


@given(minor=st.integers(0, 10**15), currency=st.sampled_from(list(CURRENCIES)))
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    assert minor_units_of(Decimal(written_amount(minor, currency)), currency) == minor
