"""Which form a counted noun has: 1 paczka, 2 paczki, 5 paczek; 1 parcel, 2 parcels; 21 посылка."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

ONE, FEW, MANY = 0, 1, 2
# Larger and finer ones are no counts. A service may answer 1e999999999; to reckon with it would never end.
MOST_DIGITS = 40


def plural_index(value: int | Decimal, language: str) -> int:
    """0 for the form of one, 1 for that of few, 2 for that of many; English has 0 and 2 only.

    A fraction takes the form of few in Polish and Russian: it is the genitive, "12,5 paczki".
    """
    count = -value if value < 0 else value
    if language not in ("pl", "ru"):
        return ONE if count == 1 else MANY
    if count != int(count):
        return FEW
    last, teens = int(count) % 10, 11 <= int(count) % 100 <= 14
    if count == 1 or (language == "ru" and last == 1 and not teens):
        return ONE
    return FEW if 2 <= last <= 4 and not teens else MANY


def plural(value: int | Decimal, language: str, forms: tuple[str, ...]) -> str:
    """The right one of two or three forms; a form that is missing is the last."""
    index = plural_index(value, language)
    return forms[min(index, len(forms) - 1)]


def plural_filter(forms: tuple[str, ...]) -> Callable[[str, str], str]:
    """`{n|plural(parcel, parcels)}` gives the form only; that of many when the text is no number."""
    return lambda text, language: _of_text(text, language, forms)


def _of_text(text: str, language: str, forms: tuple[str, ...]) -> str:
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return forms[-1]
    if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS:
        return forms[-1]
    return plural(value, language, forms)
