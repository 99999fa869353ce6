"""Amounts of money said and understood: "dwanaście złotych pięćdziesiąt groszy", "twelve fifty"."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from wording.currency_words import CURRENCIES, EXACTLY, Coin, Currency
from wording.number_grammar import below_thousand, number_at, number_tokens
from wording.number_words import MINUS
from wording.numbers import number_vocabulary, said_number
from wording.plurals import plural

HUNDREDTH = Decimal("0.01")
_WRITTEN = re.compile(r"(-?[0-9]{1,12}(?:[.,][0-9]{1,12})?) ?([A-Z]{3})?")


def said_money(amount: Decimal, currency: str, language: str) -> str:
    """The amount in words, rounded to hundredths: "two pounds and one penny", "пятьдесят копеек".

    Raises KeyError for an unknown currency or language, ValueError for an amount of 10^12 or more.
    """
    words = CURRENCIES[currency][language]
    rounded = abs(amount).quantize(HUNDREDTH, ROUND_HALF_UP)
    whole, hundredths = divmod(int(rounded * 100), 100)
    parts = []
    if whole or not hundredths:
        parts.append(_counted(whole, words.unit, language))
    if hundredths:
        parts.append(_counted(hundredths, words.hundredth, language))
    said = (" and " if language == "en" else " ").join(parts)
    return f"{MINUS[language]} {said}" if amount < 0 and rounded else said


def understood_amount(text: str, language: str, currency: str) -> Decimal | None:
    """The amount meant by `text`, with two decimals; None when it is none, or is in another currency.

    A bare number counts in units; two numbers are units and hundredths, as in "twelve fifty".
    """
    words = CURRENCIES.get(currency, {}).get(language)
    if words is None:
        return None
    tokens = [token for token in number_tokens(text, language) if token not in EXACTLY[language]]
    if tokens and tokens[0] in words.signs:
        tokens = [*tokens[1:], tokens[0]]
    amount = _amount(tokens, language, words)
    if amount is None or amount < 0 or amount != amount.quantize(HUNDREDTH):
        return None
    return amount.quantize(HUNDREDTH)


def amount_vocabulary(language: str, currency: str | None = None) -> tuple[str, ...]:
    """The words that are listened for while an amount is said, in one currency or in all."""
    numbers = number_vocabulary(language)
    currencies = CURRENCIES if currency is None else {currency: CURRENCIES.get(currency, {})}
    coins = [
        form
        for known in currencies.values()
        if language in known
        for coin in (known[language].unit, known[language].hundredth)
        for form in coin.forms
    ]
    return tuple(dict.fromkeys((*numbers, *coins))) if numbers else ()


def money_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`{price|money}`, `{price|money(EUR)}`: the amount in words; a text that is no amount stays as it is.

    A currency written in the text goes first: "12.50 EUR". Raises ValueError for an unknown one.
    """
    currency = arguments[0] if arguments else ""
    if currency and currency not in CURRENCIES:
        raise ValueError(f"{currency!r} is not a known currency; there are {', '.join(sorted(CURRENCIES))}")

    def change(text: str, language: str) -> str:
        written = _WRITTEN.fullmatch(text.strip())
        words = None if written is None else CURRENCIES.get(written[2] or currency, {})
        if written is None or not words or language not in words:
            return text
        return said_money(Decimal(written[1].replace(",", ".")), written[2] or currency, language)

    return change


def _counted(count: int, coin: Coin, language: str) -> str:
    return f"{said_number(count, language, coin.gender)} {plural(count, language, coin.forms)}"


def _amount(tokens: list[str], language: str, words: Currency) -> Decimal | None:
    units = words.unit.understood | words.signs
    if tokens and tokens[0] in units:
        tokens = ["1", *tokens]  # "złoty pięćdziesiąt", "a dollar"
    elif tokens and tokens[0] in words.hundredth.understood:
        tokens = ["1", *tokens]
    found = number_at(tokens, 0, language)
    if found is None:
        return None
    value, at = found
    rest = tokens[at:]
    if not rest:
        return value
    if rest[0] in words.hundredth.understood:
        return value * HUNDREDTH if len(rest) == 1 else None
    named = rest[0] in units
    hundredths = _hundredths(rest[1:] if named else rest, language, words, named=named)
    if hundredths is None or (hundredths and value != int(value)):
        return None
    return value + hundredths


def _hundredths(tokens: list[str], language: str, words: Currency, *, named: bool) -> Decimal | None:
    """What comes after the units, all of it. `named`: the units had their word.

    Without the word for hundredths there must be two digits: "fifty", "oh five".
    """
    if not tokens:
        return Decimal(0)
    first = below_thousand(tokens, 0, language)
    if first is None:
        return None
    value, at = first
    digits = str(value)
    if value == 0 and (second := below_thousand(tokens, at, language)) is not None:
        digits, at = f"0{second[0]}", second[1]  # "oh five"
    rest = tokens[at:]
    worded = len(rest) == 1 and rest[0] in words.hundredth.understood
    closed = worded or not rest or (not named and len(rest) == 1 and rest[0] in words.unit.understood)
    two = re.fullmatch(r"[0-9]{2}", digits) or (worded and re.fullmatch(r"[0-9]", digits))
    return int(digits) * HUNDREDTH if closed and two else None
