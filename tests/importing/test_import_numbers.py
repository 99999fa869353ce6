"""Numbers of every country, in every form in which people write them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from history.importing.number_plans import plain_number
from history.importing.numbers import NumberRefused, read_numbers

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def examples() -> Iterator[tuple[str, int, phonenumbers.PhoneNumber]]:
    for region in REGIONS:
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield region, kind, number


def test_every_example_of_every_country_is_read_in_each_of_its_forms() -> None:
    seen = 0
    for region, kind, number in examples():
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        forms = [
            e164,
            "00" + e164[1:],
            e164[1:],  # as a spreadsheet leaves it
            "'" + e164,
            phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
            phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        ]
        for form in forms:
            seen += 1
            if kind == PhoneNumberType.PREMIUM_RATE:
                with pytest.raises(NumberRefused, match="premium"):
                    read_numbers(form, region)
            else:
                assert [read.e164 for read in read_numbers(form, region)] == [e164], (region, kind, form)
    assert seen > 5_000


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str | None]:
    """Examples with some of their digits changed or added; and whose national numbers they are."""
    region = draw(st.sampled_from(REGIONS))
    number = phonenumbers.example_number(region)
    assert number is not None
    form = draw(
        st.sampled_from([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL])
    )
    text = list(phonenumbers.format_number(number, form))
    if draw(st.booleans()):
        text = [sign for sign in text if sign != "+"]
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text) - 1))
        if text[place].isdigit():
            text[place] = draw(st.sampled_from("0123456789"))
    text += draw(st.lists(st.sampled_from("0123456789 -"), max_size=2))
    return "".join(text), draw(st.sampled_from([region, None, "PL", "US", "RU"]))


@settings(max_examples=1500, deadline=None)
@given(written_numbers())
def test_a_plain_number_is_what_the_library_makes_of_it(written: tuple[str, str | None]) -> None:
    text, region = written
    assert_as_the_library_has_it(text, region)


def assert_as_the_library_has_it(text: str, region: str | None) -> None:
    plain = plain_number(text, region)
    if plain is None:
        return
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        assert not plain.known
        return
    kind = phonenumbers.number_type(number)
    known, premium = kind != PhoneNumberType.UNKNOWN, kind == PhoneNumberType.PREMIUM_RATE
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert plain == (e164, known, premium), (text, region)


def test_plain_numbers_of_every_kind_and_their_neighbours_are_as_the_library_has_them() -> None:
    chance, seen = random.Random(4), 0
    for region, _, number in examples():
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        assert_as_the_library_has_it(e164, None)
        for _ in range(3):
            place = chance.randrange(2, len(e164))
            other = e164[:place] + str(chance.randrange(10)) + e164[place + 1 :]
            assert_as_the_library_has_it(other, region)
            seen += plain_number(other, region) is not None
    assert seen > 3_000


def test_plain_numbers_need_no_library() -> None:
    assert plain_number("600000012", "PL") == ("+48600000012", True, False)
    assert plain_number("+48 600 000 012", None) == ("+48600000012", True, False)
    assert plain_number("+48 600 000 01", None) == ("+4860000001", False, False)
    assert plain_number("0600000012", "DE") is None


@pytest.mark.parametrize(
    ("cell", "country", "expected"),
    [
        ("'+48 600 000 012", None, ["+48600000012"]),
        ("600000012; 600000013", "PL", ["+48600000012", "+48600000013"]),
        ("600000012,600000013", "PL", ["+48600000012", "+48600000013"]),
        ("600000012/600000013", "PL", ["+48600000012", "+48600000013"]),
        ("600000012 lub 600000013", "PL", ["+48600000012", "+48600000013"]),
        ("600000012\u2028600000012", "PL", ["+48600000012"]),
        ("030/1234567", "DE", ["+49301234567"]),
        ("tel. (22) 000-00-12", "PL", ["+48220000012"]),
        ("٦٠٠٠٠٠٠١٢", "PL", ["+48600000012"]),
        ("\u202a+48 600 000 012\u202c", None, ["+48600000012"]),
        ("48600000012", "US", ["+48600000012"]),
        ('="600000012"', "PL", ["+48600000012"]),
    ],
)
def test_cells_as_spreadsheets_have_them(cell: str, country: str | None, expected: list[str]) -> None:
    assert [read.e164 for read in read_numbers(cell, country)] == expected


@pytest.mark.parametrize(
    ("cell", "country", "says"),
    [
        ("4.86E+10", "PL", "format Text"),
        ("4,86E+10", "PL", "format Text"),
        ("+4.86e10", "PL", "format Text"),
        ("112", "PL", "short number"),
        ("2001", "PL", "short number"),
        ("600000012", None, "no country"),
        ("+999123456789", None, "no country's code"),
        ("60000001", "PL", "PL"),
        ("+4860000001234", None, "too long"),
        ("anna", "PL", "no telephone number"),
        ("=1+1", "PL", "short number"),
        ("1" * 40, "PL", "too many digits"),
        ("+48701234567", "PL", "premium"),
    ],
)
def test_a_refusal_tells_the_remedy(cell: str, country: str | None, says: str) -> None:
    with pytest.raises(NumberRefused, match=says.replace("+", r"\+")):
        read_numbers(cell, country)


def test_an_extension_is_kept_apart() -> None:
    read = read_numbers("+1 202 555 0123 ext. 12", None)[0]
    assert (read.e164, read.extension) == ("+12025550123", "12")


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["PL", "US", None]))
def test_no_cell_breaks_the_reading(cell: str, country: str | None) -> None:
    with suppress(NumberRefused):
        for read in read_numbers(cell, country):
            assert phonenumbers.is_valid_number(phonenumbers.parse(read.e164))
