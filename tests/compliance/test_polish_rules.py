"""pl-pke and pl-debt. Warsaw is at UTC+1, from 29 March to 25 October 2026 at UTC+2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gate_cases import VARSOVIAN, ask, consent, past, refused_by, second_before, verdict

CHANNELS = ["call", "sms", "email", "push", "messenger"]
MODES = ["preview", "progressive", "predictive", "agentless", "manual"]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("mode", MODES)
def test_marketing_needs_a_consent_by_that_very_channel(channel: str, mode: str) -> None:
    given = {"purpose": "marketing", "channel": channel, "mode": mode}
    refused_by(ask("pl-pke", "2026-06-02 12:00", VARSOVIAN, **given), "pl-pke/consent", None)
    others = [consent("marketing", other) for other in CHANNELS if other != channel]
    assert not ask("pl-pke", "2026-06-02 12:00", VARSOVIAN, **given, consents=others).allowed
    own = [consent("marketing", channel)]
    assert ask("pl-pke", "2026-06-02 12:00", VARSOVIAN, **given, consents=own).allowed


def test_nothing_but_marketing_needs_it() -> None:
    for purpose in ("collections", "service", "information"):
        decision = ask("pl-pke", "2026-06-02 12:00", VARSOVIAN, purpose=purpose, mode="agentless")
        assert verdict(decision, "pl-pke/consent") == "not_applicable"
        assert decision.allowed


def test_a_consent_counts_from_its_second_and_ends_at_the_withdrawals() -> None:
    def allowed(now: str, *consents: object) -> bool:
        return ask("pl-pke", now, VARSOVIAN, purpose="marketing", consents=consents).allowed

    agreed = consent("marketing", given="2026-06-02 12:00")
    assert not allowed("2026-06-02 11:59:59", agreed)
    assert allowed("2026-06-02 12:00:00", agreed)
    ended = consent("marketing", given="2026-06-02 12:00", withdrawn="2026-06-03 09:00")
    assert allowed("2026-06-03 08:59:59", ended)
    assert not allowed("2026-06-03 09:00:00", ended)
    # It ends what was given before it, whatever its source, and nothing that is given later.
    older, newer = (
        consent("marketing", given="2026-05-01 12:00"),
        consent("marketing", given="2026-06-03 09:00:01"),
    )
    assert not allowed("2026-06-04 09:00", ended, older)
    assert allowed("2026-06-04 09:00", ended, newer)
    at_once = consent("marketing", given="2026-06-03 09:00")
    assert not allowed("2026-06-04 09:00", ended, at_once)
    other = consent("service", given="2026-06-02 12:00", withdrawn="2026-06-03 09:00")
    assert allowed("2026-06-04 09:00", other, older)


def test_pke_is_in_force_from_10_november_2024() -> None:
    assert ask("pl-pke", "2024-11-09 22:59:59", VARSOVIAN, purpose="marketing").allowed
    refused_by(
        ask("pl-pke", "2024-11-09 23:00:00", VARSOVIAN, purpose="marketing"),  # midnight in Warsaw
        "pl-pke/consent",
        None,
    )


# --- pl-debt ----------------------------------------------------------------------------------------------

# (first allowed second, first refused one, the next allowed one), in UTC
DAYS = [
    ("2026-01-14 05:00", "2026-01-14 21:00", "2026-01-15 05:00"),  # Wednesday 06 to 22
    ("2026-07-15 04:00", "2026-07-15 20:00", "2026-07-16 04:00"),  # in summer
    ("2026-01-16 05:00", "2026-01-16 21:00", "2026-01-17 07:00"),  # Friday, then Saturday from 08
    ("2026-01-17 07:00", "2026-01-17 19:00", "2026-01-18 07:00"),  # Saturday 08 to 20
    ("2026-01-18 07:00", "2026-01-18 19:00", "2026-01-19 05:00"),  # Sunday, then Monday from 06
    ("2026-11-11 07:00", "2026-11-11 19:00", "2026-11-12 05:00"),  # Independence Day, a Wednesday
    ("2026-06-03 04:00", "2026-06-03 20:00", "2026-06-04 06:00"),  # the eve of Corpus Christi
    ("2026-03-28 07:00", "2026-03-28 19:00", "2026-03-29 06:00"),  # the night loses an hour
    ("2026-03-29 06:00", "2026-03-29 18:00", "2026-03-30 04:00"),  # the day of the change
    ("2026-10-24 06:00", "2026-10-24 18:00", "2026-10-25 07:00"),  # the night gains an hour
    ("2026-10-25 07:00", "2026-10-25 19:00", "2026-10-26 05:00"),  # the day of the change
]


@pytest.mark.parametrize(("opens", "closes", "opens_next"), DAYS)
@pytest.mark.parametrize("channel", ["call", "email"])
def test_hours_of_working_days_and_of_rest_days(
    opens: str, closes: str, opens_next: str, channel: str
) -> None:
    refused_by(ask("pl-debt", second_before(opens), VARSOVIAN, channel=channel), "pl-debt/hours", opens)
    assert ask("pl-debt", opens, VARSOVIAN, channel=channel).allowed
    assert ask("pl-debt", second_before(closes), VARSOVIAN, channel=channel).allowed
    refused_by(ask("pl-debt", closes, VARSOVIAN, channel=channel), "pl-debt/hours", opens_next)


def test_polish_holidays_count_wherever_the_callee_is_from() -> None:
    # Independence Day: 19:30 is allowed, 20:30 on a rest day is not.
    for country in (None, "DE", "XX"):
        callee = replace(VARSOVIAN, country=country)
        assert ask("pl-debt", "2026-11-11 18:30", callee).allowed
        assert not ask("pl-debt", "2026-11-11 19:30", callee).allowed
    # The callee's own count too: Tuesday 26 October 2027 is a holiday in Austria, and 20:30 in Warsaw.
    assert not ask("pl-debt", "2027-10-26 18:30", replace(VARSOVIAN, country="AT")).allowed
    assert ask("pl-debt", "2027-10-26 18:30", VARSOVIAN).allowed
    # And those of their part of a country: Tuesday 31 October 2028 is one in Brandenburg, not in Berlin.
    for region, allowed in [("BB", False), ("BE", True), ("nowhere", True), (None, True)]:
        german = replace(VARSOVIAN, country="DE", region=region, timezone="Europe/Berlin")
        assert ask("pl-debt", "2028-10-31 19:30", german).allowed is allowed, region


def test_one_conversation_a_day() -> None:
    talked = [past("2026-01-14 05:30", "conversation")]
    refused_by(
        ask("pl-debt", "2026-01-14 20:00", VARSOVIAN, history=talked),
        "pl-debt/conversations-a-day",
        "2026-01-15 05:00",
    )
    # 23:30 UTC of the 13th is 00:30 of the 14th in Warsaw, and 22:59:59 is still of the 13th.
    assert not ask(
        "pl-debt", "2026-01-14 06:00", VARSOVIAN, history=[past("2026-01-13 23:30", "conversation")]
    ).allowed
    assert ask(
        "pl-debt", "2026-01-14 06:00", VARSOVIAN, history=[past("2026-01-13 22:59:59", "conversation")]
    ).allowed


def test_only_conversations_of_ours_count() -> None:
    for row in (
        past("2026-01-14 06:30", "connection"),
        past("2026-01-14 06:30", "conversation", direction="inbound"),
        past("2026-01-14 06:30", "conversation", "messenger"),
    ):
        assert ask("pl-debt", "2026-01-14 12:00", VARSOVIAN, history=[row] * 5).allowed


def test_three_conversations_a_week_from_monday_to_sunday() -> None:
    # Monday 12 January begins at 23:00 UTC of the 11th.
    two = [past("2026-01-11 23:00", "conversation"), past("2026-01-13 12:00", "conversation")]
    assert ask("pl-debt", "2026-01-18 12:00", VARSOVIAN, history=two).allowed
    three = [*two, past("2026-01-14 12:00", "conversation")]
    refused_by(
        ask("pl-debt", "2026-01-18 18:59:59", VARSOVIAN, history=three),  # Sunday, one second before 20:00
        "pl-debt/conversations-a-week",
        "2026-01-19 05:00",
    )
    three[0] = past("2026-01-11 22:59:59", "conversation")  # Sunday's last second
    assert ask("pl-debt", "2026-01-18 12:00", VARSOVIAN, history=three).allowed
