"""What a number tells of a person: the kind of its line, and whose laws hold."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from engine.placing.callees import callee_of, countries_of, line_type
from engine.registers.permissions import PersonFacts
from history.interaction import ContactPoint, PointKind


@pytest.mark.parametrize(
    ("e164", "kind"),
    [
        ("+48600000020", "mobile"),
        ("+48220000020", "fixed"),
        ("+12025550123", None),  # one plan for both: a fixed line is never taken for granted
        ("+48800000020", None),  # it costs the caller nothing
        ("+4822", None),
        ("nobody", None),
    ],
)
def test_the_line_is_what_the_plan_of_numbers_says(e164: str, kind: str | None) -> None:
    assert line_type(e164) == kind


def test_no_mobile_number_of_any_country_is_taken_for_a_fixed_line() -> None:
    asked = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
        if number is not None:
            asked += 1
            assert line_type(phonenumbers.format_number(number, PhoneNumberFormat.E164)) != "fixed", region
    assert asked > 200


def person(country: str | None = None) -> PersonFacts:
    return PersonFacts("c1", ("c1",), None, country=country, email="anna@example.com")


@pytest.mark.parametrize(
    ("country", "kind", "value", "countries"),
    [
        (None, PointKind.PHONE, "+48600000020", ("PL",)),
        ("DE", PointKind.PHONE, "+48600000020", ("DE", "PL")),
        ("PL", PointKind.PHONE, "+48600000020", ("PL",)),
        ("DE", PointKind.EMAIL, "anna@example.com", ("DE",)),
        (None, PointKind.EMAIL, "anna@example.com", ()),
    ],
)
def test_the_laws_of_the_person_and_of_the_number_hold(
    country: str | None, kind: PointKind, value: str, countries: tuple[str, ...]
) -> None:
    assert countries_of(callee_of(person(country), ContactPoint(kind, value))) == countries
