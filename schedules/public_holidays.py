"""Public holidays by country and region, from the `holidays` library, which works them out for any year."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

import holidays

_CODE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,5}))?")


def parse_region(text: str) -> tuple[str, str | None]:
    """ "PL" or "DE-BY" as (country, subdivision). Raises ValueError for one whose holidays are not known."""
    match = _CODE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no country; write PL, or DE-BY for a part of a country")
    country, subdivision = match[1], match[2]
    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known:
        raise ValueError(f"the public holidays of {country} are not known: write them as exceptions")
    if subdivision is not None and subdivision not in known[country]:
        parts = ", ".join(known[country]) or "none"
        raise ValueError(f"{country} has no part {subdivision!r} with holidays of its own; there are {parts}")
    return country, subdivision


def is_public_holiday(day: date, country: str, subdivision: str | None = None) -> bool:
    return day in _of_year(day.year, country, subdivision)


@lru_cache(maxsize=64)
def _of_year(year: int, country: str, subdivision: str | None) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def is_rest_day(day: date, country: str, subdivision: str | None = None) -> bool:
    """Weekend or public holiday. Of a country that is not known: Saturday, Sunday."""
    known = _supported()
    if country not in known:
        return day.weekday() >= 5
    part = subdivision if subdivision in known[country] else None
    return day.weekday() in _weekend(country) or is_public_holiday(day, country, part)


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=256)
def _weekend(country: str) -> frozenset[int]:
    return frozenset(holidays.country_holidays(country).weekend)
