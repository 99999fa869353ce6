"""Who is invited to a chat."""

from __future__ import annotations

import time

import pytest

from messaging.chat_site import InvitationRule
from messaging.invitations import Visit, invites

RULE = InvitationRule({"en": "May we help?"}, pages=("/pricing*", "/help/*/more"), visits=2)
HERE = Visit("https://shop.example.com/pricing", 2)


def test_without_a_rule_nobody_is_invited() -> None:
    assert not invites(None, HERE, can_open=True)


def test_nobody_is_invited_to_an_empty_room() -> None:
    assert invites(RULE, HERE, can_open=True)
    assert not invites(RULE, HERE, can_open=False)


def test_whoever_was_asked_or_talks_already_is_left_alone() -> None:
    assert not invites(RULE, Visit(HERE.page, 2, settled=True), can_open=True)


def test_pages_of_the_visit_are_counted() -> None:
    assert not invites(RULE, Visit(HERE.page, 1), can_open=True)
    assert invites(RULE, Visit(HERE.page, 9), can_open=True)


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("https://shop.example.com/pricing", True),
        ("https://shop.example.com/pricing/teams?x=/other#y", True),
        ("https://shop.example.com/help/a/more", True),
        ("https://shop.example.com/help/more", False),
        ("https://shop.example.com/help//more", True),
        ("https://shop.example.com/help/a/more/b", False),
        ("https://shop.example.com/about?to=/pricing", False),
        ("https://shop.example.com", False),
        ("https://shop.example.com/PRICING", False),
        ("javascript:/pricing", False),
        ("/pricing", False),
        ("https://[/pricing", False),
        ("", False),
    ],
)
def test_a_pattern_is_of_the_path(address: str, fits: bool) -> None:
    assert invites(RULE, Visit(address, 2), can_open=True) is fits


def test_a_pattern_has_no_other_signs_than_the_star() -> None:
    rule = InvitationRule({"en": "x"}, pages=("/a.b[1]?",))
    assert (
        invites(rule, Visit("https://s.example/a.b[1]?", 1), can_open=True) is False
    )  # the query is cut off
    assert (
        invites(
            InvitationRule({"en": "x"}, pages=("/a.b",)), Visit("https://s.example/aXb", 1), can_open=True
        )
        is False
    )


def test_a_long_address_takes_no_longer() -> None:
    rule = InvitationRule({"en": "x"}, pages=("/*/offer/*/x*.html",))
    address = "https://shop.example.com" + "/offer" * 1000 + "/offer/x" * 6000
    began = time.process_time()
    assert not invites(rule, Visit(address, 1), can_open=True)
    assert invites(rule, Visit(f"{address}.html", 1), can_open=True)
    assert time.process_time() - began < 1.0


def test_without_patterns_any_page_will_do() -> None:
    assert invites(InvitationRule({"en": "x"}), Visit("https://shop.example.com", 1), can_open=True)
