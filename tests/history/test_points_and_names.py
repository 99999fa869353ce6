"""Points as everybody writes them, and names in any script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.folding import folded
from history.interaction import PointKind
from history.names import cleaned, search_keys, whole_name
from history.points import WrongPoint, mailbox_of, phone_of, point_of, prefixes_of


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+48 22 000 00 01", None, "+48220000001"),
        ("0048-22-000-00-01", None, "+48220000001"),
        ("22 000 00 01", "PL", "+48220000001"),
        ("(22) 000.00.01", "PL", "+48220000001"),
        ("+٤٨ ٢٢ ٠٠٠ ٠٠ ٠١", None, "+48220000001"),
        ("＋４８ ２２ ０００ ００ ０１", None, "+48220000001"),
        ("\u202a+48 22\u00a0000 00 01\u202c", None, "+48220000001"),
        ("8 (495) 000-00-01", "RU", "+74950000001"),
        ("+1 202–555–0123", "PL", "+12025550123"),
    ],
)
def test_numbers(written: str, region: str | None, e164: str) -> None:
    assert phone_of(written, region) == e164


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("220000001", "has no country"),
        ("+48 22", "no such number"),
        ("call 220000001", "digits, blanks"),
        ("", "digits, blanks"),
        ("+" + "9" * 40, "no such number"),
    ],
)
def test_what_is_no_number_is_told(written: str, says: str) -> None:
    with pytest.raises(WrongPoint, match=says):
        phone_of(written, None)


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("email", " Anna.Nowak@Example.COM. ", "anna.nowak@example.com"),
        ("email", "anna@żółw.example", "anna@xn--w-uga1v8h.example"),
        ("email", "анна@example.com", "анна@example.com"),
        ("messenger", "Telegram:@Anna", "telegram:Anna"),
        ("messenger", "telegram:@@a b", "telegram:a b"),
        ("visitor", "a1-b2_c3", "a1-b2_c3"),
    ],
)
def test_other_points(kind: str, written: str, kept: str) -> None:
    assert point_of(PointKind(kind), written, None).value == kept


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", "anna"),
        ("email", "anna@localhost"),
        ("email", "an na@example.com"),
        ("email", "a..b@example.com"),
        ("email", "anna@-x.com"),
        ("email", "a" * 65 + "@example.com"),
        ("email", "a@b@example.com"),
        ("email", "anna@" + "x." * 200 + "com"),
        ("messenger", "anna"),
        ("messenger", "telegram:"),
        ("messenger", "telegram:@"),
        ("visitor", "a b"),
    ],
)
def test_what_is_no_point_is_told(kind: str, written: str) -> None:
    with pytest.raises(WrongPoint):
        point_of(PointKind(kind), written, "PL")


@given(st.text(), st.sampled_from(PointKind), st.sampled_from([None, "PL", "US"]))
def test_any_text_is_a_point_or_refused(text: str, kind: PointKind, region: str | None) -> None:
    try:
        point = point_of(kind, text, region)
    except WrongPoint:
        return
    assert point_of(kind, point.value, region) == point, "its own form is itself"


def test_mailboxes_and_prefixes() -> None:
    assert mailbox_of("anna+shop@example.com") == "anna@example.com"
    assert prefixes_of("+48 22", "PL") == ("+4822",)
    assert prefixes_of("0048 22", "PL") == ("+4822",)
    assert prefixes_of("22 0", "PL") == ("+48220", "+220")
    assert prefixes_of("Anna@", "PL") == ("anna@",)
    assert prefixes_of("Anna Nowak", "PL") == ()


def test_names() -> None:
    assert cleaned(" Anna\t\n Maria\x00 ") == "Anna Maria"
    assert cleaned("\u200b\u00ad") is None
    assert cleaned("Łącka") == "Łącka"
    assert cleaned("می\u200cخواهم") == "می\u200cخواهم"
    assert whole_name("Anna", None) == "Anna"
    assert search_keys("Anna Maria Łącka", None, None) == ("anna maria lacka", "lacka anna maria")
    assert search_keys(None, "Anna", "van Öl") == ("anna van ol", "van ol anna")
    assert search_keys("Анна Йод", None, None) == ("анна йод", "йод анна")
    assert search_keys("--", None, None) == (None, None)


@given(st.text())
def test_any_name_is_cleaned_once_and_for_all(text: str) -> None:
    name = cleaned(text)
    assert cleaned(name) == name
    assert name is None or unicodedata.is_normalized("NFC", name)


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
