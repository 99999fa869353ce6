"""Amounts in minor units: how many decimals each currency has, as CLDR tells (JPY 0, PLN 2, KWD 3)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel.numbers import get_currency_precision


@cache
def decimals_of(currency: str) -> int:
    """Of a currency that nobody knows: 2."""
    return get_currency_precision(currency)


def written_amount(minor: int, currency: str) -> str:
    """12050 in PLN as "120.50", in JPY as "12050", in KWD as "12.050"."""
    return f"{Decimal(minor).scaleb(-decimals_of(currency)):f}"


def minor_units_of(amount: Decimal, currency: str) -> int | None:
    """120.5 in PLN as 12050; None: it has more decimals than the currency, or is no number."""
    if not amount.is_finite():
        return None
    minor = amount.scaleb(decimals_of(currency))
    return int(minor) if minor == minor.to_integral_value() else None
