"""Whom the gate is asked about: a person at one of their points, and what the number itself tells."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from compliance.facts import Callee
from compliance.zones import country_of, parsed_number
from engine.registers.permissions import PersonFacts
from history.interaction import ContactPoint, PointKind

_TYPES = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "fixed"}


@lru_cache(maxsize=4096)
def line_type(e164: str) -> str | None:
    """ "mobile" or "fixed"; None where the plan of numbers does not tell (all of North America)."""
    number = parsed_number(e164)
    return None if number is None else _TYPES.get(phonenumbers.number_type(number))


def callee_of(person: PersonFacts, point: ContactPoint) -> Callee:
    phone = point.value if point.kind is PointKind.PHONE else None
    return Callee(
        id=person.contact_id or "",
        number=point.value,
        timezone=person.time_zone,
        country=person.country or (country_of(phone) if phone else None),
        region=person.region,
        type=line_type(phone) if phone else None,
        email=person.email,
        household=person.household,
    )


def countries_of(callee: Callee) -> tuple[str, ...]:
    """Whose laws hold: of where the person is known to be, and of the number."""
    by_number = country_of(callee.number) if callee.number.startswith("+") else None
    return tuple(dict.fromkeys(code for code in (callee.country, by_number) if code))
