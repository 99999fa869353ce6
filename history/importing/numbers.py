"""Telephone numbers as people write them into tables, as E.164."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from history.importing.number_plans import FEWEST_DIGITS, PLAIN, plain_number

_MOST_DIGITS = 15
# With more, a number without a plus that its country does not know is tried as one that lost its plus.
_MOST_NATIONAL_DIGITS = 10
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_BETWEEN_NUMBERS = re.compile(r"[;,|\n\u2028]|\s(?:or|lub|albo|oraz|или|и)\s", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"\D")
_E164 = PhoneNumberFormat.E164
_UNKNOWN = PhoneNumberType.UNKNOWN
_PREMIUM = PhoneNumberType.PREMIUM_RATE


class NumberRefused(ValueError):
    """The message ends a sentence that begins with the number: "… is no telephone number."."""


class ReadNumber(NamedTuple):
    e164: str
    extension: str | None = None


def read_numbers(cell: str, country: str | None) -> tuple[ReadNumber, ...]:
    """All numbers of a cell that is not empty. `country`: two letters; national numbers are of it.

    Raises NumberRefused.
    """
    if PLAIN.fullmatch(cell):  # one number, and nothing to take off
        return (read_number(cell, country),)
    text = cell.strip().lstrip("'\"`’=").rstrip("'\"")
    if _SHORTENED.fullmatch(text.lstrip("+")):
        raise NumberRefused(
            "was shortened by a spreadsheet: give that column the format Text there and export it again"
        )
    parts = [part for part in _BETWEEN_NUMBERS.split(text) if part.strip()]
    if len(parts) > 1 and all(_digits(part) >= FEWEST_DIGITS for part in parts):
        return tuple(dict.fromkeys(read_number(part.strip(), country) for part in parts))
    try:
        return (read_number(text, country),)
    except NumberRefused:
        halves = text.split("/")
        if len(halves) > 1 and all(_digits(half) > FEWEST_DIGITS for half in halves):
            return tuple(dict.fromkeys(read_number(half.strip(), country) for half in halves))
        raise


def read_number(text: str, country: str | None) -> ReadNumber:
    """One number. Raises NumberRefused."""
    found = None
    if text.startswith("00"):
        found = _valid("+" + text[2:], country)  # else it is national: some countries' begin so
    elif country is not None and text.startswith(_calling_code(country)):
        found = _valid("+" + text, country)  # the plus that spreadsheets take away
    if found is None:
        found = _valid(text, country)
    if found is None and not text.startswith("+") and _digits(text) > _MOST_NATIONAL_DIGITS:
        found = _valid("+" + text, country)
    if found is None:
        raise NumberRefused(_why_not(text, country))
    return found


def _valid(text: str, country: str | None) -> ReadNumber | None:
    """None for what is no number. Raises NumberRefused for one at a premium rate."""
    plain = plain_number(text, country)
    if plain is not None:
        if not plain.known:
            return None
        read, premium = ReadNumber(plain.e164), plain.premium
    else:
        try:
            number = phonenumbers.parse(text, country)
        except NumberParseException:
            return None
        # A number whose type is known is valid, so one look at the patterns of its country does for both.
        kind = phonenumbers.number_type(number)
        if kind == _UNKNOWN:
            return None
        read = ReadNumber(phonenumbers.format_number(number, _E164), number.extension)
        premium = kind == _PREMIUM
    if premium:
        raise NumberRefused("is a premium-rate number, which is not called or written to")
    return read


@lru_cache
def _calling_code(country: str) -> str:
    """Its digits, "none" for what is no country, with which no number begins."""
    return str(phonenumbers.country_code_for_region(country) or "none")


def _why_not(text: str, country: str | None) -> str:
    digits = _digits(text)
    if not digits:
        return "is no telephone number"
    if digits < FEWEST_DIGITS:
        return "is an internal or short number, which cannot be reached from outside: give the whole number"
    if digits > _MOST_DIGITS * 2:
        return "has too many digits for a number: put several numbers apart by semicolons"
    international = text.startswith(("+", "00"))
    if country is None and not international:
        return "names no country: write it as +48…, or tell the country of the list"
    try:
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, country)
    except NumberParseException as problem:
        if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return "begins with no country's code: check the digits after the +"
        return "is no telephone number"
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    place = f"+{number.country_code}" if region in ("ZZ", "001") else f"{region} (+{number.country_code})"
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT | phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return f"is too short for a number of {place}: check that no digit is missing"
        case phonenumbers.ValidationResult.TOO_LONG:
            return f"is too long for a number of {place}: {_check(international)}"
        case _:
            return f"is no number that {place} gives out: {_check(international)}"


def _check(international: bool) -> str:
    return (
        "check its digits"
        if international
        else "check its digits, or write one of another country with + and its code"
    )


def _digits(text: str) -> int:
    return len(_NOT_DIGITS.sub("", text))
