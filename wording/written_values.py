"""Dates, times and amounts as people write them in a message: "22 mar 2026, 14:30", "12,50 zł".

Other filters are spoken. What this one cannot read stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from wording.currency_words import CURRENCIES
from wording.times import moment_of

if TYPE_CHECKING:
    from babel import Locale

_AMOUNT = re.compile(r"(-?[0-9]{1,12}(?:[.,][0-9]{1,12})?) ?([A-Z]{3})?")
# Blanks of other widths would make a message of UCS-2, in which a part holds less than half.
_BLANKS = str.maketrans("\u00a0\u202f\u2009\u2212", "   -")


def written_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`written` of an ISO date, time or both; `written(EUR)` of an amount. Raises ValueError."""
    currency = arguments[0] if arguments else ""
    if currency and currency not in CURRENCIES:
        raise ValueError(f"{currency!r} is not a known currency; there are {', '.join(sorted(CURRENCIES))}")

    def change(text: str, language: str) -> str:
        locale = _locale(language)
        if locale is None:
            return text
        amount = _AMOUNT.fullmatch(text.strip())
        if amount is not None:
            unit = amount[2] or currency
            return _amount(Decimal(amount[1].replace(",", ".")), unit, locale) if unit else text
        moment = moment_of(text)
        return text if moment is None else _moment(moment, locale)

    return change


def _locale(language: str) -> Locale | None:
    from babel import Locale, UnknownLocaleError  # not before a message is written: it takes a while to load

    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None


def _amount(amount: Decimal, currency: str, locale: Locale) -> str:
    from babel.numbers import format_currency

    return format_currency(amount, currency, locale=locale).translate(_BLANKS)


def _moment(moment: date | time | datetime, locale: Locale) -> str:
    from babel.dates import format_date, format_time

    if isinstance(moment, time):
        return format_time(moment, "short", locale=locale).translate(_BLANKS)
    day = format_date(moment, "medium", locale=locale).translate(_BLANKS)
    if not isinstance(moment, datetime):
        return day
    return f"{day}, {format_time(moment.time(), 'short', locale=locale)}".translate(_BLANKS)
