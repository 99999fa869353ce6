"""Telephone numbers said as people of that country group them, and understood as callers dictate them.

Polish and Russian speakers read pairs and hundreds ("девятьсот шестнадцать, сто двадцать три, сорок пять"),
English speakers single digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise

import phonenumbers

from wording.digit_words import FILLERS, SAID, SIGNS, UNITS
from wording.digits import Group, dictated_groups, digit_vocabulary, joined, said_digits
from wording.numbers import said_number
from wording.phrases import normalised

COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Those whose national numbers are known."""

# E.164 has 15 digits; a caller may put 00 and a trunk prefix before them.
MOST_DIGITS = 20
# A pause that cannot be heard: "pięćset czterdzieści" is 540 or 500 40. So many doubts are worked out.
MOST_CUTS = 2

_ABOUT = {
    "pl": frozenset(
        ["mój", "moj", "telefon", "telefonu", "komórka", "komórkę", "kierunkowy", "kropka", "myślnik"]
    ),
    "en": frozenset(["my", "phone", "telephone", "mobile", "area", "code", "dash", "dot", "it"]),
    "ru": frozenset(["мой", "телефон", "телефона", "код", "города", "мобильный", "тире", "точка"]),
}


def said_phone(number: str, language: str, region: str | None = None) -> str:
    """The number in words, with a pause between groups. Raises KeyError for an unknown language.

    A number of `region` (a country such as "PL") is said in its national form, any other with its country
    code. What is no possible number is said digit by digit.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return said_digits(number, language)
    if not phonenumbers.is_possible_number(parsed):
        return said_digits(number, language)
    at_home = region is not None and parsed.country_code == phonenumbers.country_code_for_region(region)
    form = phonenumbers.PhoneNumberFormat
    written = phonenumbers.format_number(parsed, form.NATIONAL if at_home else form.INTERNATIONAL)
    groups = [part for group in re.findall(r"[0-9]+", written) for part in _short(group)]
    return ("" if at_home else SIGNS[language] + " ") + ", ".join(_said(groups, language))


def understood_phone(text: str, language: str, region: str) -> str | None:
    """The E.164 number meant by `text`, or None when it is not a possible one.

    A number without plus or 00 is a national one of `region`. Where two groups may have been taken for one
    ("pięćset czterdzieści"), the only reading that is a number in use is taken.
    """
    if language not in UNITS:
        return None
    words = [w for w in normalised(text).split() if w not in FILLERS[language] and w not in _ABOUT[language]]
    named = words[:1] == [SIGNS[language]]
    groups = dictated_groups(words[1:] if named else words, language)
    if not groups or sum(len(joined(group)) for group in groups) > MOST_DIGITS:
        return None
    plus = "+" if named or text.lstrip().startswith("+") else ""
    digits = plus + "".join(map(joined, groups))
    whole = _parsed(digits, region)
    # Some still dial a 0 first where it has long been given up.
    for known in (whole, _parsed(digits[1:], region) if re.match("0[1-9]", digits) else None):
        if known is not None and phonenumbers.is_valid_number(known):
            return _e164(known)
    for cuts in range(1, MOST_CUTS + 1):
        found = {
            _e164(parsed)
            for digits in _cut(groups, cuts)
            if (parsed := _parsed(plus + digits, region)) is not None and phonenumbers.is_valid_number(parsed)
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None if whole is None or not _subscriber(whole) else _e164(whole)


def phone_vocabulary(language: str) -> tuple[str, ...]:
    """The words that are listened for while a telephone number is dictated; empty for an unknown language."""
    digits = digit_vocabulary(language)
    return (*digits, SIGNS[language]) if digits else ()


def phone_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`{caller|phone}`, `{caller|phone(PL)}`: a number of that country is said in its national form.

    A text without digits stays as it is. Raises ValueError for an unknown country.
    """
    region = arguments[0] if arguments else None
    if region is not None and region not in COUNTRIES:
        raise ValueError(f"{region!r} is not a country; it is written as PL or GB")

    def change(text: str, language: str) -> str:
        known = language in SAID and re.search(r"[0-9]", text) is not None
        return said_phone(text, language, region) if known else text

    return change


def _short(group: str) -> list[str]:
    """At most three digits are said together; four are two pairs."""
    if len(group) <= 3:
        return [group]
    size = 2 if len(group) == 4 else 3
    return [group[:size], *_short(group[size:])]


def _said(groups: list[str], language: str) -> list[str]:
    """The words of each group. One is spelt where it would run into the next: 500 45 is not 545."""
    said: list[str] = []
    after = ""  # the figures that the next word stands for

    for group in reversed(groups):
        value = group.lstrip("0")
        joins = after.strip("0") != "" and not after.startswith("0")
        runs = joins and (
            (group.endswith("00") and len(after) < 3) or (group.endswith("0") and len(after) == 1)
        )
        # "dziesięć" and "десять" never run into what follows.
        if language == "en" or not value or (runs and not value.endswith("10")):
            said.append(" ".join(SAID[language][int(digit)] for digit in group))
            after = group[0]
        else:
            zeros = [SAID[language][0]] * (len(group) - len(value))
            said.append(" ".join([*zeros, said_number(int(value), language)]))
            after = "0" if zeros else group
    return said[::-1]


def _parsed(digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    candidate = "+" + digits[2:] if digits.startswith("00") else digits
    try:
        parsed = phonenumbers.parse(candidate, region)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None


def _subscriber(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it looks like a subscriber's number of its country, in a range that is in use or not."""
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    example = phonenumbers.example_number(country)
    national = phonenumbers.national_significant_number
    if example is None:
        return True
    said, known = national(number), national(example)
    return len(said) >= len(known) and (said[0] != "0" or known[0] == "0")


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _cut(groups: list[Group], cuts: int) -> Iterator[str]:
    """The digits with so many of the groups' parts set apart: ("500", "40") is 540, cut it is 50040."""
    places = [(at, part) for at, group in enumerate(groups) for part in range(1, len(group))]
    for chosen in combinations(places, cuts):
        digits = ""
        for at, group in enumerate(groups):
            ends = [part for where, part in chosen if where == at]
            edges = [0, *ends, len(group)]
            digits += "".join(joined(group[begin:end]) for begin, end in pairwise(edges))
        yield digits
