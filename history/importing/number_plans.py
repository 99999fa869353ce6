"""Numbers of plain digits, as the library would read them, with one pattern for all of a country's numbers.

Reading numbers is half of the work of an import, and most numbers of a list are written in this way. What
they are is told by the library's own data; all other numbers are left to the library itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

# No country has a shorter number that can be reached from abroad; extensions and 112 are shorter.
FEWEST_DIGITS = 5
PLAIN = re.compile(r"(\+?)[0-9][0-9 \-.]{5,20}")
_SIGNS = dict.fromkeys(map(ord, "+ -."))
_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
# The kinds of numbers, those first of which there are the most.
_KINDS = [
    "mobile",
    "fixed_line",
    "voip",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
]
_NEVER = "(?!)"

Match = Callable[[str], object]


class PlainNumber(NamedTuple):
    """`known`: its country gives out such numbers. `premium`: at a premium rate."""

    e164: str
    known: bool
    premium: bool


def plain_number(text: str, country: str | None) -> PlainNumber | None:
    """None for what has signs but blanks, hyphens and dots, or digits in front that may have to go."""
    found = PLAIN.fullmatch(text)
    if found is None:
        return None
    digits = text.translate(_SIGNS)
    if found[1]:
        code = next((digits[:length] for length in (1, 2, 3) if digits[:length] in _CODES), "")
        plan = _plan_of_code(code) if code else None
        digits = digits[len(code) :]
    else:
        plan = _plan_of_country(country) if country is not None else None
    if plan is None or len(digits) < FEWEST_DIGITS or (not found[1] and plan.in_front_at_home(digits)):
        return None
    if digits[0] == "0" or plan.in_front(digits):
        return None
    for region in plan.regions:
        known = region.known(digits)
        if region.begins(digits) if region.begins is not None else known:
            return PlainNumber(plan.plus_code + digits, bool(known), bool(known and region.premium(digits)))
    return PlainNumber(plan.plus_code + digits, False, False)


@dataclass(frozen=True, slots=True)
class _Region:
    """One of the countries that share a calling code; `begins` tells its numbers where they begin alike."""

    begins: Match | None
    known: Match
    premium: Match


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country's code, and whether its digits begin with what the library may take off."""

    plus_code: str
    in_front: Match
    in_front_at_home: Match
    regions: tuple[_Region, ...]


@cache
def _plan_of_country(country: str) -> _Plan | None:
    metadata = PhoneMetadata.metadata_for_region(country, None)
    return None if metadata is None else _plan(metadata)


@cache
def _plan_of_code(code: str) -> _Plan | None:
    region = phonenumbers.region_code_for_country_code(int(code))
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    return None if metadata is None else _plan(metadata)


def _plan(metadata: PhoneMetadata) -> _Plan:
    at_home = f"(?:{metadata.international_prefix or _NEVER})|{metadata.country_code}"
    return _Plan(
        f"+{metadata.country_code}",
        re.compile(metadata.national_prefix_for_parsing or _NEVER).match,
        re.compile(at_home).match,
        _regions(str(metadata.country_code)),
    )


@cache
def _regions(code: str) -> tuple[_Region, ...]:
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    found = [PhoneMetadata.metadata_for_region_or_calling_code(int(code), name) for name in names]
    alone = len(found) == 1
    return tuple(_region(metadata, alone) for metadata in found if metadata is not None)


def _region(metadata: PhoneMetadata, alone: bool) -> _Region:
    """One alone has all numbers of its code, however they begin."""
    begins = "" if alone else metadata.leading_digits
    all_of_them = f"(?={_pattern(metadata.general_desc)}\\Z)"
    kinds = [getattr(metadata, kind) for kind in _KINDS]
    known = "|".join(_pattern(kind) for kind in kinds)
    return _Region(
        None if begins is None else re.compile(begins).match,
        re.compile(f"{all_of_them}(?:{known})").fullmatch,
        re.compile(_pattern(metadata.premium_rate)).fullmatch,
    )


def _pattern(kind: PhoneNumberDesc | None) -> str:
    """Digits, so many and in such an order as numbers of this kind have them."""
    if kind is None or not kind.national_number_pattern:
        return _NEVER
    lengths = "|".join(f"[0-9]{{{length}}}" for length in kind.possible_length if length > 0)
    so_many = f"(?=(?:{lengths or _NEVER})\\Z)" if kind.possible_length else ""
    return f"(?:{so_many}(?:{kind.national_number_pattern}))"
