"""Whose a prefix of telephone numbers is: the country, and the operators that got its numbers first.

As libphonenumber tells it. It knows ranges, not numbers: one that was ported is another operator's by now.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import phonenumbers

MOST_OPERATORS = 5
# Codes of which no country has most numbers; islands and such are told as the country that has their code.
_OF_EQUALS = frozenset({"1"})


@dataclass(frozen=True, slots=True)
class NumberRange:
    """`country`: its code, as PL; None: none, or several. `operators`: whoever has most of it first."""

    country: str | None = None
    operators: tuple[str, ...] = ()


async def ranges_of(prefixes: Iterable[str]) -> Mapping[str, NumberRange]:
    """Of prefixes such as +48600. In a thread: the first one loads some megabytes."""
    return await asyncio.to_thread(lambda: {prefix: range_of(prefix) for prefix in prefixes})


def range_of(prefix: str) -> NumberRange:
    digits = prefix.removeprefix("+")
    return NumberRange(_country(digits), _operators(digits))


def _country(digits: str) -> str | None:
    code = next((one for n in (1, 2, 3) if (one := digits[:n]) in _codes()), None)
    if code is None:
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if regions == ("001",):
        return None
    # Several countries share +7 and others: some of them tell what their numbers begin with.
    own = digits.removeprefix(code)
    leading = {region: _leading(region) for region in regions}
    fitting = [region for region, known in leading.items() if known and re.match(known, own)]
    if fitting:
        return fitting[0] if len(fitting) == 1 else None
    return None if code in _OF_EQUALS else regions[0]


def _leading(region: str) -> str | None:
    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return None if known is None else known.leading_digits


def _operators(digits: str) -> tuple[str, ...]:
    ranges, names = _carriers()
    place = bisect_left(ranges, digits)
    found: Counter[str] = Counter()
    while place < len(ranges) and ranges[place].startswith(digits):
        found[names[ranges[place]]] += 1
        place += 1
    # What holds it whole has whatever none of its own parts has.
    whole = next((digits[:n] for n in range(len(digits) - 1, 0, -1) if digits[:n] in names), None)
    if whole is not None:
        found[names[whole]] += 1
    return tuple(name for name, _ in sorted(found.items(), key=lambda one: (-one[1], one[0])))[
        :MOST_OPERATORS
    ]


@cache
def _codes() -> frozenset[str]:
    return frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


@cache
def _carriers() -> tuple[list[str], Mapping[str, str]]:
    """Ranges in their order, and the name of each in English."""
    from phonenumbers.carrierdata import CARRIER_DATA  # some megabytes, which few ask for

    names = {number: known["en"] for number, known in CARRIER_DATA.items() if known.get("en")}
    return sorted(names), names
