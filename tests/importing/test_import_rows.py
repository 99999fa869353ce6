"""Headers of other systems' lists, and rows as drafts or refusals."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.contact import Contact
from history.importing.cells import minor_units, no_formula, plain_text
from history.importing.columns import ColumnsRefused, columns_of
from history.importing.drafts import Draft, Refusal
from history.importing.exporting import COLUMNS, row_of
from history.importing.options import ImportOptions, OtherColumns
from history.importing.places import country_named, language_named, zone_of_postcode
from history.importing.rows import RowReader
from history.profile_fields import WrongField

PL = ImportOptions(country="PL")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def read(
    header: str, row: str, options: ImportOptions = PL, separator: str = ";"
) -> tuple[Draft | None, list[Refusal]]:
    cells = row.split(separator)
    columns = columns_of([header.split(separator), cells], options)
    return RowReader(columns, options).read(2, cells)


def taken(header: str, row: str, options: ImportOptions = PL) -> Draft:
    draft, refusals = read(header, row, options)
    assert draft is not None, refusals
    assert refusals == []
    return draft


@pytest.mark.parametrize(
    "header",
    [
        "Imię i nazwisko;Nr telefonu;E-mail;Kod pocztowy;Kraj;Język",
        "ФИО;Номер телефона;Эл. почта;Почтовый индекс;Страна;Язык",
        "Full name;Mobile phone;E-mail address;ZIP;Country;Language",
        "name;phone_number;email;postal_code;country_code;language",
    ],
)
def test_headers_of_three_languages(header: str) -> None:
    draft = taken(header, "Anna Nowak;600 000 012;Anna@Example.com;00-001;PL;pl")
    assert draft.points == (("phone", "+48600000012"), ("email", "anna@example.com"))
    assert (draft.name, draft.postcode, draft.country, draft.language) == ("Anna Nowak", "00-001", "PL", "pl")
    assert draft.time_zone == "Europe/Warsaw"


def test_a_list_of_vicidial() -> None:
    header = (
        "vendor_lead_code,source_id,list_id,phone_code,phone_number,title,first_name,middle_initial,last_name,"
        "address1,city,state,postal_code,country_code,gender,date_of_birth,alt_phone,email,comments"
    )
    row = "42,s,1001,1,2025550123,Ms,Anna,B,Nowak,1 Main St,Anchorage,AK,99501,USA,F,1980-01-01,,,hello"
    options = ImportOptions(country="PL", source="crm")
    draft, refusals = read(header, row, options, ",")
    assert draft is not None
    assert refusals == []
    assert draft.points == (("phone", "+12025550123"),)
    assert (draft.external_id, draft.name) == ("42", "Anna B Nowak")
    assert (draft.country, draft.region, draft.time_zone) == ("US", "AK", "America/Anchorage")
    assert dict(draft.attributes)["birthdate"] == '"1980-01-01"'


def test_ids_without_their_system_are_not_taken() -> None:
    assert taken("id;phone", "42;600000012").external_id is None
    with pytest.raises(ColumnsRefused, match="source"):
        read("id;phone", "42;600000012", ImportOptions("PL", (("external_id", "id"),)))


def test_columns_are_told_by_header_or_number() -> None:
    options = ImportOptions("PL", (("phone", "Kontakt 2"), ("attr.shoe", "3"), ("ignore", "email")))
    draft = taken("email;Kontakt 2;Buty", "x;600000012;42", options)
    assert draft.points == (("phone", "+48600000012"),)
    assert draft.attributes == (("shoe", '"42"'),)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ((("phone", "Numer"),), "no column “Numer”"),
        ((("phone", "9" * 5_000),), "no column “999"),
        ((("colour", "Telefon"),), "no field “colour”"),
        ((("consent.fax.marketing", "Telefon"),), "no consent"),
        ((("attr.1", "Telefon"),), "attribute"),
        ((("name", "Telefon"), ("ignore", "Mail")), "No column is known"),
    ],
)
def test_wrong_columns_are_told(columns: tuple[tuple[str, str], ...], says: str) -> None:
    with pytest.raises(ColumnsRefused, match=says):
        columns_of([["Telefon", "Mail"], ["1", "2"]], ImportOptions("PL", columns))


def test_other_columns_may_become_attributes() -> None:
    options = ImportOptions("PL", other_columns=OtherColumns.ATTRIBUTES)
    draft = taken("phone;Numer buta;2. wybór", "600000012;42;a", options)
    assert dict(draft.attributes) == {"numer_buta": '"42"', "c_2_wybor": '"a"'}
    assert columns_of([["phone", "Numer buta"]], PL).unused == ("Numer buta",)


def test_a_list_of_numbers_needs_no_header() -> None:
    columns = columns_of([["600000012", "Anna"], ["600000013", "Jan"]], PL)
    assert not columns.has_header
    assert [(column.index, column.field) for column in columns.columns] == [(0, "phone")]


def test_a_bad_cell_costs_itself_not_the_row() -> None:
    draft, refusals = read("phone;phone 2;language", "600000012;100;marsjański")
    assert draft is not None
    assert draft.points == (("phone", "+48600000012"),)
    assert [(one.field, one.kept) for one in refusals] == [("phone", True), ("language", True)]


def test_a_row_by_which_nobody_is_found_is_refused() -> None:
    draft, refusals = read("phone;name", ";Anna")
    assert (draft, refusals[0].kept) == (None, False)
    draft, refusals = read("phone;name", "12;Anna")
    assert (draft, refusals[0].field, refusals[0].kept) == (None, "phone", False)
    assert read("phone;name", " ; ") == (None, [])


def test_a_row_with_more_cells_than_columns_is_refused() -> None:
    columns = columns_of([["phone", "name"]], PL)
    draft, refusals = RowReader(columns, PL).read(7, ["600000012", "Nowak", "Anna"])
    assert draft is None
    assert "3 cells" in refusals[0].reason
    draft, _ = RowReader(columns, PL).read(7, ["600000012"])
    assert draft is not None


def test_what_is_too_long_is_left_out() -> None:
    draft, refusals = read("phone;name;attr.note", f"600000012;{'x' * 10_000};{'y' * 10_000}")
    assert draft is not None
    assert (draft.name, draft.attributes) == (None, ())
    assert [len(one.value) for one in refusals] == [101, 101]


def test_a_calling_code_of_ten_thousand_digits_is_refused() -> None:
    draft, refusals = read("phone;phone code", f"600000012;{'9' * 10_000}")
    assert draft is not None
    assert draft.points == (("phone", "+48600000012"),)
    assert [(one.field, one.kept) for one in refusals] == [("phone_code", True)]


def test_a_row_with_too_many_points_is_taken_with_the_first_ones() -> None:
    draft, refusals = read("email", ",".join(f"a{number}@example.com" for number in range(21)))
    assert draft is not None
    assert len(draft.points) == 20
    assert [one.kept for one in refusals] == [True]


@pytest.mark.parametrize("nothing", ["-", "NULL", "n/a"])
def test_what_means_nothing_is_no_id_and_no_messenger(nothing: str) -> None:
    options = ImportOptions("PL", source="crm")
    draft = taken("phone;id;messenger", f"600000012;{nothing};{nothing}", options)
    assert (draft.external_id, draft.points) == (None, (("phone", "+48600000012"),))


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_names_of_any_script_are_kept(name: str) -> None:
    columns = columns_of([["phone", "name"]], PL)
    draft, refusals = RowReader(columns, PL).read(2, ["600000012", name])
    assert draft is not None
    assert refusals == []
    kept = draft.name or ""
    seen = [
        sign
        for sign in unicodedata.normalize("NFC", plain_text(name.strip()))
        if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn")
    ]
    assert [sign for sign in kept if not sign.isspace() and sign not in "\u200c\u200d"] == seen


def test_consents_are_told_never_guessed() -> None:
    assert taken("phone;zgoda sms", "600000012;tak").consents == ()
    options = ImportOptions("PL", (("consent.sms.marketing", "zgoda sms"),))
    assert taken("phone;zgoda sms", "600000012;tak", options).consents == (("sms", "marketing", True),)
    draft, refusals = read("phone;zgoda sms", "600000012;może", options)
    assert draft is not None
    assert "yes or no" in refusals[0].reason


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [("1 234,50", "PLN", 123450), ("1,234.50", "USD", 123450), ("1,234", "USD", 123400), ("12", "JPY", 12),
     ("-5.5", "EUR", -550), ("1.234.567,89", "EUR", 123456789), ("1234.500", "KWD", 1234500),
     ("1.234", "KWD", 1234), ("1,234.500", "KWD", 1234500), ("1.234.567", "EUR", 123456700)],
)  # fmt: skip
def test_amounts(written: str, currency: str, minor: int) -> None:
    assert minor_units(written, currency) == minor


def test_amounts_that_are_none() -> None:
    for written, currency in (
        ("abc", "PLN"),
        ("1.5", "JPY"),
        ("9" * 30, "PLN"),
        ("1,2,3", "PLN"),
        ("1,234.567", "USD"),
    ):
        with pytest.raises(WrongField):
            minor_units(written, currency)


@pytest.mark.parametrize("currency", ["JPY", "PLN", "KWD"])
def test_amounts_that_were_exported_come_back(currency: str) -> None:
    for minor in (0, 5, 1234, 1_234_500, 1_234_567_890):
        contact = Contact("c1", NOW, NOW, lifetime_value=minor, value_currency=currency)
        amount = row_of(contact, ())[COLUMNS.index("value")]
        assert minor_units(amount, currency) == minor


@given(st.text(max_size=20))
def test_cells_are_no_formulas_and_come_back(cell: str) -> None:
    guarded = no_formula(cell)
    assert guarded[:1] not in ("=", "+", "-", "@", "\t", "\r") or guarded == ""
    assert plain_text(guarded) == cell


def test_places_by_name() -> None:
    assert [country_named(name) for name in ("Polska", "USA", "Россия", "Germany", "gb")] == [
        "PL", "US", "RU", "DE", "GB",
    ]  # fmt: skip
    assert [language_named(name) for name in ("polski", "русский", "English", "pt-br")] == [
        "pl", "ru", "en", "pt-BR",
    ]  # fmt: skip
    with pytest.raises(WrongField):
        country_named("Atlantyda")


@pytest.mark.parametrize(
    ("country", "postcode", "zone"),
    [("US", "10001", "America/New_York"), ("US", "99501", "America/Anchorage"),
     ("US", "96813-1234", "Pacific/Honolulu"),
     ("RU", "690001", "Asia/Vladivostok"), ("RU", "236000", "Europe/Kaliningrad"), ("RU", "678000", None),
     ("CA", "V6B 1A1", "America/Vancouver"), ("CA", "P9N 1A1", None), ("AU", "6000", "Australia/Perth"),
     ("PL", "00-001", "Europe/Warsaw"), ("BR", "01000", None), ("US", "x", None)],
)  # fmt: skip
def test_the_zone_of_a_postcode(country: str, postcode: str, zone: str | None) -> None:
    assert zone_of_postcode(country, postcode) == zone
