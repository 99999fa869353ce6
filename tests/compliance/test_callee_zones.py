"""In which zones a callee may be, and that a rule must pass in every one of them."""

from __future__ import annotations

import pytest

from compliance.facts import Callee
from compliance.zones import EVERY_OFFSET, candidate_zones, country_of
from tests.gate_cases import ask, past, refused_by, utc

SUMMER = utc("2026-07-15 12:00")


def zones(
    number: str, timezone: str | None = None, country: str | None = None, region: str | None = None
) -> set[str]:
    return {str(zone) for zone in candidate_zones(Callee("c1", number, timezone, country, region), SUMMER)}


def test_a_known_zone_is_the_only_one() -> None:
    assert zones("+18005550123", "America/Denver", "PL") == {"America/Denver"}


@pytest.mark.parametrize(
    "name",
    [None, "", "Mars/Base", "America", "../../etc/passwd", "/etc/localtime", "a\0b", "right/UTC", "x" * 300],
)
def test_a_zone_that_is_none_is_unknown(name: str | None) -> None:
    assert zones("+48220000001", name) == {"Europe/Warsaw"}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550123", {"America/New_York"}),
        ("+442079460000", {"Europe/London"}),
        ("+48600000001", {"Europe/Warsaw"}),
        ("+74950000001", {"Europe/Moscow"}),
        ("+18505550123", {"America/New_York", "America/Chicago"}),  # Florida's west
        ("+78450000001", {"Europe/Saratov"}),
        ("+77010000001", {"Asia/Almaty"}),  # a mobile of Kazakhstan, one clock since 2024
    ],
)
def test_the_number_tells(number: str, expected: set[str]) -> None:
    assert zones(number) == expected


def test_a_russian_mobile_may_be_in_any_of_eleven_zones() -> None:
    now = utc("2026-07-15 12:00")
    callee = Callee("c1", "+79160000001")
    offsets = {now.astimezone(zone).utcoffset() for zone in candidate_zones(callee, now)}
    assert sorted(offset.total_seconds() / 3600 for offset in offsets if offset) == [*range(2, 13)]


def test_a_known_state_or_country_narrows_it() -> None:
    assert zones("+18005550123", country="US", region="NY") == {"America/New_York"}
    assert zones("+18005550123", country="US", region="TX") == {"America/Chicago", "America/Denver"}
    assert zones("+18005550123", region="tx") == {"America/Chicago", "America/Denver"}
    of_the_country = zones("+18005550123", country="US")
    assert {"America/New_York", "America/Denver", "Pacific/Honolulu"} <= of_the_country
    assert "Pacific/Guam" in zones("+18005550123")
    assert "Pacific/Guam" not in of_the_country


def test_where_number_and_place_disagree_both_count() -> None:
    assert zones("+12125550123", country="US", region="CA") == {"America/New_York", "America/Los_Angeles"}
    assert zones("+48600000001", country="GB") == {"Europe/Warsaw", "Europe/London"}


def test_an_address_has_the_zone_of_its_country_and_else_any() -> None:
    assert zones("anna@example.com", country="PL") == {"Europe/Warsaw"}
    assert zones("anna@example.com") == {str(zone) for zone in EVERY_OFFSET}
    assert zones("+888000000001") == {str(zone) for zone in EVERY_OFFSET}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+48220000001", "PL"),
        ("+447700900123", "GB"),
        ("+12125550123", "US"),
        ("anna@example.com", None),
        ("+1", None),
    ],
)
def test_the_country_of_a_number(number: str, country: str | None) -> None:
    assert country_of(number) == country


def test_every_candidate_zone_must_pass() -> None:
    # 21:30 in New York and 20:30 in Chicago; 08:30 and 07:30.
    florida = Callee("c1", "+18505550123", None, "US", "FL", "mobile")
    assert ask("us-reg-f", "2026-07-15 00:59:59", florida).allowed
    refused_by(ask("us-reg-f", "2026-07-15 01:30", florida), "us-reg-f/hours", "2026-07-15 13:00")
    refused_by(ask("us-reg-f", "2026-07-15 12:30", florida), "us-reg-f/hours", "2026-07-15 13:00")
    assert ask("us-reg-f", "2026-07-15 13:00", florida).allowed


def test_a_mobile_of_all_russia_has_four_hours_a_day() -> None:
    # 22:00 in Kamchatka (UTC+12) is 10:00 UTC, 08:00 in Kaliningrad (UTC+2) is 06:00 UTC.
    anywhere = Callee("c1", "+79160000001", None, "RU", None, "mobile")
    refused_by(ask("ru-230fz", "2026-06-02 05:59:59", anywhere), "ru-230fz/hours", "2026-06-02 06:00")
    assert ask("ru-230fz", "2026-06-02 06:00", anywhere).allowed
    assert ask("ru-230fz", "2026-06-02 09:59:59", anywhere).allowed
    refused_by(ask("ru-230fz", "2026-06-02 10:00", anywhere), "ru-230fz/hours", "2026-06-03 06:00")


def test_somebody_who_may_be_anywhere_has_no_hours() -> None:
    anyone = Callee("c1", "anna@example.com")
    decision = ask("us-reg-f", "2026-06-02 12:00", anyone, channel="email")
    refused_by(decision, "us-reg-f/hours", None)


def test_days_are_counted_in_every_candidate_zone() -> None:
    # 04:30 UTC of 2 June is 00:30 of the 2nd in New York and 23:30 of the 1st in Chicago.
    florida = Callee("c1", "+18505550123", None, "US", "FL", "mobile")
    history = [past("2026-06-02 04:30", "conversation")]
    # Seven days from the 2nd end on the 8th; Chicago alone would allow it on the 8th.
    refused_by(
        ask("us-reg-f", "2026-06-08 15:00", florida, history=history),
        "us-reg-f/after-conversation",
        "2026-06-09 13:00",
    )


def test_a_zone_over_the_date_line() -> None:
    # In Auckland (UTC+12) 2 June begins at 12:00 UTC of the 1st.
    callee = Callee("c1", "+6490000001", "Pacific/Auckland", "NZ")
    refused_by(ask("us-reg-f", "2026-06-01 19:59:59", callee), "us-reg-f/hours", "2026-06-01 20:00")
    assert ask("us-reg-f", "2026-06-01 20:00", callee).allowed


def test_a_zone_whose_midnight_is_skipped() -> None:
    # In Cairo clocks went from 24 April 2026 00:00 to 01:00: the day begins at 22:00 UTC.
    callee = Callee("c1", "+20200000001", "Africa/Cairo", "EG")
    talked = [past("2026-04-23 21:59:59", "conversation")]
    assert ask("pl-debt", "2026-04-24 12:00", callee, history=talked).allowed
    talked = [past("2026-04-23 22:00:00", "conversation")]
    assert not ask("pl-debt", "2026-04-24 12:00", callee, history=talked).allowed
