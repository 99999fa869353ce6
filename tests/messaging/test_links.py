"""Short links: hard to guess, leading to one place of the web, followed by persons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.links import (
    ID_BYTES,
    WrongLink,
    by_a_person,
    checked_target,
    is_link_id,
    link_id,
    short_link,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BROWSER = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_every_random_bit_is_in_the_id(one: bytes, other: bytes) -> None:
    assert is_link_id(link_id(one))
    assert (link_id(one) == link_id(other)) is (one == other)


def test_ids_by_hand() -> None:
    assert link_id(bytes(8)) == "00000000000"
    assert link_id(bytes([0] * 7 + [61])) == "0000000000z"
    assert link_id(bytes([0] * 7 + [62])) == "00000000010"
    assert not is_link_id("0000000001")
    assert not is_link_id("0000000000/")
    with pytest.raises(WrongLink, match=f"of {ID_BYTES} random bytes, not of 4"):
        link_id(bytes(4))


def test_a_link_leads_to_its_target_until_its_time_is_over() -> None:
    link = short_link(bytes(8), "m1", "https://shop.example/o?id=1#a", NOW, timedelta(days=2))
    assert link.target_at(NOW) == "https://shop.example/o?id=1#a"
    assert link.target_at(NOW + timedelta(days=2)) is None
    with pytest.raises(WrongLink, match="up to 366 days"):
        short_link(bytes(8), "m1", "https://shop.example", NOW, timedelta(days=400))


@pytest.mark.parametrize(
    "target",
    ["https://shop.example", "http://shop.example:8080/a?b=c#d", "HTTPS://Shop.Example/%20", "https://żółw.example/",
     "https://[2001:db8::1]/a", "https://shop.example/a@b"],
)  # fmt: skip
def test_addresses_of_the_web(target: str) -> None:
    assert checked_target(target) == target


@pytest.mark.parametrize(
    "target",
    ["", "shop.example", "//shop.example/a", "javascript:alert(1)", "data:text/html,x", "ftp://shop.example/",
     "file:///etc/passwd", "https://", "https:///a", "https://user:secret@shop.example/",
     "https://bank.example@evil.example/",
     "https://shop.example/a b", "https://shop.example/\r\nSet-Cookie: a=b", "https://shop.example\\@evil.example/",
     "https://shop.example:port/", "https://[::1/", "https://shop.example/\u202e",
     "https://s.example/" + "a" * 2_048],
)  # fmt: skip
def test_what_leads_elsewhere_is_refused(target: str) -> None:
    with pytest.raises(WrongLink, match=r"^The address .*\.$"):
        checked_target(target)


@given(st.text(max_size=60))
def test_no_address_breaks_the_check(rest: str) -> None:
    for target in (rest, f"https://{rest}", f"https://shop.example/{rest}"):
        try:
            assert checked_target(target).lower().startswith(("http://", "https://"))
        except WrongLink:
            continue


@pytest.mark.parametrize(
    ("method", "headers", "person"),
    [
        ("GET", {"user-agent": BROWSER}, True),
        ("HEAD", {"user-agent": BROWSER}, False),
        ("GET", {"user-agent": BROWSER, "sec-purpose": "prefetch;prerender"}, False),
        ("GET", {"user-agent": BROWSER, "x-moz": "prefetch"}, False),
        ("GET", {"user-agent": "TelegramBot (like TwitterBot)"}, False),
        ("GET", {"user-agent": "WhatsApp/2.23.20"}, False),
        ("GET", {"user-agent": "facebookexternalhit/1.1"}, False),
        ("GET", {"user-agent": "curl/8.5.0"}, False),
        ("GET", {}, False),
    ],
)
def test_who_follows_a_link(method: str, headers: dict[str, str], person: bool) -> None:
    assert by_a_person(method, headers) is person
