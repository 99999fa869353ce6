"""Forms of the desk as they are read: what cannot be meant is told, and nothing else passes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.desk.forms import MOST_PARTS, WrongForm, promise_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
FORM = {"amount": "120,50", "currency": "pln", "due": "2026-12-01"}


def test_a_promise_is_in_one_part_or_a_few() -> None:
    assert promise_of(FORM, NOW)[3] == 1
    assert promise_of({**FORM, "parts": " 12 "}, NOW)[3] == MOST_PARTS


@pytest.mark.parametrize("parts", ["0", "13", "-1", "1.5", "٣", "0019", "00199999999", "001" + "9" * 5000])
def test_no_other_number_of_parts_is_taken(parts: str) -> None:
    with pytest.raises(WrongForm, match="desk_wrong_parts"):
        promise_of({**FORM, "parts": parts}, NOW)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("120,50", "pln", 12_050), ("1 500", "jpy", 1_500), ("12.345", "KWD", 12_345), ("0,01", "EUR", 1)],
)
def test_an_amount_is_in_minor_units_of_its_currency(amount: str, currency: str, minor: int) -> None:
    assert promise_of({**FORM, "amount": amount, "currency": currency}, NOW)[:2] == (minor, currency.upper())


@pytest.mark.parametrize(("amount", "currency"), [("1500,5", "JPY"), ("1.005", "PLN"), ("1.0005", "KWD")])
def test_more_decimals_than_the_currency_has_are_told(amount: str, currency: str) -> None:
    with pytest.raises(WrongForm, match="desk_wrong_decimals"):
        promise_of({**FORM, "amount": amount, "currency": currency}, NOW)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-5", "0", "1e400", ""])
def test_what_is_no_amount_is_told(amount: str) -> None:
    with pytest.raises(WrongForm, match="desk_wrong_amount"):
        promise_of({**FORM, "amount": amount}, NOW)
