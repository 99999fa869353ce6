"""Parts of an SMS, by vectors counted by hand and by what holds of every text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from aiosmpplib.codec import GSM7BitCodec
from hypothesis import given
from hypothesis import strategies as st

from messaging.parts import (
    BASIC,
    EXTENSION,
    LONG_HEADER_OCTETS,
    Encoding,
    NotText,
    TooLong,
    forcing,
    parts_of,
    septets,
)
from messaging.prices import PriceTable, WrongPrices, estimate
from messaging.transliteration import transliterated

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=1_500)
gsm_texts = st.text(st.sampled_from([*BASIC.replace("\0", ""), *EXTENSION]), max_size=1_700)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 80 + "a", "gsm7", 161, 2),
        ("a" * 1530, "gsm7", 1530, 10),
        ("ą" * 70, "ucs2", 70, 1),
        ("ą" * 71, "ucs2", 71, 2),
        ("ą" * 134, "ucs2", 134, 2),
        ("ą" * 135, "ucs2", 135, 3),
        ("ą" * 670, "ucs2", 670, 10),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("日本" * 35, "ucs2", 70, 1),
        ("\U0010fffd", "ucs2", 2, 1),
        ("Zażółć gęślą jaźń", "ucs2", 17, 1),
        ("ÄÖÑÜ§¿äöñüàèéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡£¥", "gsm7", 39, 1),
    ],
)
def test_counted_by_hand(text: str, encoding: str, units: int, parts: int) -> None:
    found = parts_of(text)
    assert (found.encoding, found.units, found.count) == (encoding, units, parts)


def test_the_alphabet_stands_at_its_codes() -> None:
    assert len(BASIC) == 128
    for letter, code in (("@", 0x00), ("_", 0x11), (" ", 0x20), ("A", 0x41), ("¿", 0x60), ("à", 0x7F)):
        assert BASIC.index(letter) == code
    assert septets("ç") is None  # the table has the capital one only
    assert septets("[€]") == 6


def test_an_escaped_letter_is_not_split() -> None:
    found = parts_of("a" * 152 + "€" + "a" * 20)
    assert found.texts == ("a" * 152, "€" + "a" * 20)


def test_a_surrogate_pair_is_not_split() -> None:
    found = parts_of("ą" * 66 + "😀" + "ą" * 20)
    assert found.texts == ("ą" * 66, "😀" + "ą" * 20)


def test_a_longer_reference_leaves_less_room() -> None:
    assert parts_of("a" * 306, header_octets=LONG_HEADER_OCTETS).count == 3
    assert parts_of("a" * 304, header_octets=LONG_HEADER_OCTETS).count == 2
    assert parts_of("ą" * 132, header_octets=LONG_HEADER_OCTETS).count == 2
    assert parts_of("ą" * 133, header_octets=LONG_HEADER_OCTETS).count == 3


def test_the_letter_that_doubles_the_cost_is_named() -> None:
    forced = parts_of("Order ready — thanks, ąę").forced_by
    assert forced is not None
    assert (forced.letter, forced.position) == ("—", 13)
    assert forced.sentence == (
        "'—' (em dash), letter 13, is not in the GSM alphabet, so that a part has 70 letters instead of 160"
    )
    assert forcing("plain text") is None


def test_too_many_parts_tell_how_much_is_too_much() -> None:
    with pytest.raises(TooLong, match="takes 11 parts, and at most 10 are allowed: shorten it by 7 letters"):
        parts_of("a" * 1537)
    with pytest.raises(TooLong, match="takes 2 parts, and only one is allowed: shorten it by 8 letters"):
        parts_of("a" * 161, most=1)


def test_half_a_letter_is_no_text() -> None:
    with pytest.raises(NotText, match=r"letter 3 is half of a letter \(U\+D83D\)"):
        parts_of("ab\ud83d")


@given(texts)
def test_ucs2_and_gsm_parts_are_whole_and_fit(text: str) -> None:
    parts = parts_of(text, most=10_000)
    assert "".join(parts.texts) == text
    for part in parts.texts:
        if parts.encoding is Encoding.UCS2:
            assert len(part.encode("utf-16-be")) <= (140 if parts.count == 1 else 134)
        else:
            assert (septets(part) or 0) <= (160 if parts.count == 1 else 153)
    assert all(parts.texts) or not text
    assert (parts.forced_by is None) is (septets(text) is not None)


@given(gsm_texts)
def test_a_part_is_full_before_the_next_begins(text: str) -> None:
    parts = parts_of(text, most=10_000)
    assert parts.encoding is Encoding.GSM7
    assert parts.units == septets(text)
    for part, following in zip(parts.texts, parts.texts[1:], strict=False):
        assert (septets(part + following[0]) or 0) > 153


# --- transliteration --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("ŁÓDŹ", "LODZ"),
        ("Щука, ЩУКА, Ж и ж", "Shchuka, SHCHUKA, Zh i zh"),
        ("„Ząb” — №5…", '"Zab" - No5...'),
        ("e\u0301", "é"),  # two signs become the one letter that the alphabet has
        ("Köln, Ågren", "Köln, Ågren"),
        ("日本 😀", "日本 😀"),
    ],
)
def test_transliterated(text: str, plain: str) -> None:
    assert transliterated(text) == plain


@given(st.text("ąćęłńóśźżĄĆĘŁŃÓŚŹŻабвгдеёжзийклмнопрстуфхцчшщъыьэюяАЁЖЩЮЯіїєґ –—„”’\u00a0a1.", max_size=50))
def test_polish_and_cyrillic_always_become_gsm(text: str) -> None:
    assert septets(transliterated(text)) is not None


# --- cost -------------------------------------------------------------------------------------------------

PRICES = PriceTable("PLN", {"+48": Decimal("6.5"), "+4822": Decimal(9), "+1": Decimal(30)})


def test_the_longest_prefix_prices_a_part() -> None:
    assert PRICES.of_part("+48600000001") == Decimal("6.5")
    assert PRICES.of_part("+48220000001") == 9
    assert PRICES.of_part("+79990000000") is None
    assert PriceTable("PLN", {"+": Decimal(50)}).of_part("+79990000000") == 50


def test_an_estimate_is_rounded_once_and_says_what_it_lacks() -> None:
    found = estimate(PRICES, [("+48600000001", 1), ("+48600000002", 2), ("+79990000000", 1)])
    assert (found.cost, found.messages, found.parts, found.unpriced) == (20, 3, 4, 1)  # 6.5 + 13, not 7 + 13


@pytest.mark.parametrize(
    ("currency", "prefix", "price"),
    [
        ("zł", "+48", "1"),
        ("PLN", "48", "1"),
        ("PLN", "+4a", "1"),
        ("PLN", "+48", "-1"),
        ("PLN", "+48", "NaN"),
    ],
)
def test_wrong_prices_are_refused(currency: str, prefix: str, price: str) -> None:
    with pytest.raises(WrongPrices):
        PriceTable(currency, {prefix: Decimal(price)})


def test_what_is_counted_is_what_is_sent() -> None:
    codec = GSM7BitCodec()
    for letter in map(chr, range(0x3000)):
        try:
            sent: int | None = len(codec.encode(letter)[0])
        except UnicodeEncodeError:
            sent = None
        assert sent == septets(letter), letter
