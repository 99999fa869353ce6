"""In which time zones a callee may be, as far as is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from compliance.facts import Callee
from compliance.split_zones import AREA_CODES, COUNTRIES, RUSSIAN_CODES, US_STATES

# Every offset from UTC that some place keeps, in minutes.
_OFFSETS_MINUTES = (
    *range(-12 * 60, 15 * 60, 60),
    *(-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825),
)
EVERY_OFFSET: tuple[tzinfo, ...] = tuple(
    timezone(timedelta(minutes=minutes)) for minutes in sorted(_OFFSETS_MINUTES)
)
# Further back than any rule counts, and further ahead than any is looked for.
_COMPARED_DAYS = (-64, -48, -32, -16, 0, 16, 36)


def candidate_zones(callee: Callee, now: datetime) -> tuple[tzinfo, ...]:
    """The callee's own zone when it is known; else every zone in which they may be, with clocks that differ.

    A known state or country narrows what the number leaves open. Where the two disagree, both count.
    """
    own = zone_named(callee.timezone) if callee.timezone else None
    if own is not None:
        return (own,)
    found = _possible(callee.number, callee.country, callee.region)
    return found if len(found) == 1 else _different(found, now.date().toordinal())


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of the IANA database, or None when it has none of that name."""
    if name.split("/", 1)[0] in {"posix", "right", "localtime", "posixrules", "Factory"}:
        return None  # other forms of the database, or no place at all
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # no such file; a folder; no name at all; not found
        return None


@lru_cache(maxsize=8192)
def country_of(number: str) -> str | None:
    """The country ("PL") of an E.164 number, None when it tells none."""
    parsed = parsed_number(number)
    if parsed is None:
        return None
    country = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return country if country is not None and country.isalpha() and country != "ZZ" else None


@lru_cache(maxsize=8192)
def _possible(number: str, country: str | None, region: str | None) -> tuple[tzinfo, ...]:
    by_number, by_place = _of_number(number), _of_place(number, country, region)
    clocks = {_clock(name) for name in by_number}
    both = [name for name in by_place if _clock(name) in clocks]
    return _zones(both or (*by_number, *by_place)) or EVERY_OFFSET


def _of_number(number: str) -> tuple[str, ...]:
    parsed = parsed_number(number)
    if parsed is None:
        return ()
    code, national = parsed.country_code or 0, phonenumbers.national_significant_number(parsed)
    if code == 1 and national[:3] in AREA_CODES:
        return AREA_CODES[national[:3]]
    if code == 7:
        if national[:3] in RUSSIAN_CODES:
            return RUSSIAN_CODES[national[:3]]
        if phonenumbers.number_type(parsed) != phonenumbers.PhoneNumberType.FIXED_LINE:
            return COUNTRIES["KZ" if national[0] in "67" else "RU"]  # it moves about the whole country
    names = tuple(name for name in time_zones_for_number(parsed) if name != UNKNOWN_TIMEZONE)
    return names or TIMEZONE_DATA.get(str(code), ())


def _of_place(number: str, country: str | None, region: str | None) -> tuple[str, ...]:
    if region is not None and (country or country_of(number)) == "US" and region.upper() in US_STATES:
        return US_STATES[region.upper()]
    if country is None or country in COUNTRIES:
        return COUNTRIES.get(country or "", ())
    code = phonenumbers.country_code_for_region(country)
    # The many countries of +1 are told apart by their numbers only.
    return TIMEZONE_DATA.get(str(code), ()) if code != 1 else ()


@lru_cache(maxsize=64)  # asked for more than one thing of the same number
def parsed_number(number: str) -> phonenumbers.PhoneNumber | None:
    """Of an E.164 number; None for one that cannot be."""
    try:
        return phonenumbers.parse(number) if number.startswith("+") else None
    except phonenumbers.NumberParseException:
        return None


def _zones(names: Iterable[str]) -> tuple[tzinfo, ...]:
    return tuple(zone for name in dict.fromkeys(names) if (zone := zone_named(name)) is not None)


@lru_cache(maxsize=512)
def _clock(name: str) -> tuple[timedelta | None, ...]:
    """Zones with the same clock in every month of a year are one for us."""
    zone = zone_named(name)
    return tuple(zone.utcoffset(datetime(2026, month, 15, tzinfo=zone)) for month in range(1, 13) if zone)


@lru_cache(maxsize=1024)
def _different(zones: tuple[tzinfo, ...], day: int) -> tuple[tzinfo, ...]:
    """One zone of each clock that is kept around the day (of the common calendar)."""
    noon = datetime.fromordinal(day).replace(hour=12, tzinfo=UTC)
    moments = [noon + timedelta(days=days) for days in _COMPARED_DAYS]
    by_clock: dict[tuple[timedelta | None, ...], tzinfo] = {}
    for zone in zones:
        by_clock.setdefault(tuple(moment.astimezone(zone).utcoffset() for moment in moments), zone)
    return tuple(by_clock.values())
