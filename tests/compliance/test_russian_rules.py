"""ru-230fz, ru-38fz and ru-41fz. Moscow is at UTC+3 all year; its days begin at 21:00 UTC."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.facts import Requested
from tests.gate_cases import MUSCOVITE, ask, consent, past, refused_by, second_before, utc, verdict

OMSK = replace(MUSCOVITE, number="+73810000001", timezone="Asia/Omsk")

# (first allowed second, first refused one, the next allowed one), in UTC
DAYS = [
    ("2026-06-02 05:00", "2026-06-02 19:00", "2026-06-03 05:00"),  # Tuesday 08 to 22
    ("2026-06-05 05:00", "2026-06-05 19:00", "2026-06-06 06:00"),  # Friday, then Saturday from 09
    ("2026-06-06 06:00", "2026-06-06 17:00", "2026-06-07 06:00"),  # Saturday 09 to 20
    ("2026-06-07 06:00", "2026-06-07 17:00", "2026-06-08 05:00"),  # Sunday, then Monday from 08
    ("2026-06-12 06:00", "2026-06-12 17:00", "2026-06-13 06:00"),  # Russia Day, a Friday
    ("2026-11-04 06:00", "2026-11-04 17:00", "2026-11-05 05:00"),  # Unity Day, a Wednesday
]


@pytest.mark.parametrize(("opens", "closes", "opens_next"), DAYS)
@pytest.mark.parametrize("channel", ["call", "sms"])
def test_hours_of_working_days_and_of_rest_days(
    opens: str, closes: str, opens_next: str, channel: str
) -> None:
    refused_by(ask("ru-230fz", second_before(opens), MUSCOVITE, channel=channel), "ru-230fz/hours", opens)
    assert ask("ru-230fz", opens, MUSCOVITE, channel=channel).allowed
    assert ask("ru-230fz", second_before(closes), MUSCOVITE, channel=channel).allowed
    refused_by(ask("ru-230fz", closes, MUSCOVITE, channel=channel), "ru-230fz/hours", opens_next)


def test_hours_are_the_debtors() -> None:
    # 08:00 in Omsk (UTC+6) is 05:00 in Moscow.
    assert ask("ru-230fz", "2026-06-02 02:00", OMSK).allowed
    assert not ask("ru-230fz", "2026-06-02 02:00", MUSCOVITE).allowed


# --- conversations: 1 a day, 2 a week, 8 a month ----------------------------------------------------------


def test_one_conversation_a_day() -> None:
    talked = [past("2026-06-01 21:00", "conversation")]  # the first second of 2 June in Moscow
    refused_by(
        ask("ru-230fz", "2026-06-02 18:59:59", MUSCOVITE, history=talked),
        "ru-230fz/conversations-a-day",
        "2026-06-03 05:00",
    )
    assert ask(
        "ru-230fz", "2026-06-02 12:00", MUSCOVITE, history=[past("2026-06-01 20:59:59", "conversation")]
    ).allowed


def test_two_conversations_a_week_from_monday_to_sunday() -> None:
    # Monday 8 June 2026 begins at 21:00 UTC of the 7th.
    one = [past("2026-06-07 21:00", "conversation")]
    assert ask("ru-230fz", "2026-06-14 12:00", MUSCOVITE, history=one).allowed
    two = [*one, past("2026-06-10 12:00", "conversation")]
    refused_by(
        ask("ru-230fz", "2026-06-14 16:59:59", MUSCOVITE, history=two),  # Sunday
        "ru-230fz/conversations-a-week",
        "2026-06-15 05:00",
    )
    assert ask("ru-230fz", "2026-06-15 05:00", MUSCOVITE, history=two).allowed
    two[0] = past("2026-06-07 20:59:59", "conversation")
    assert ask("ru-230fz", "2026-06-14 12:00", MUSCOVITE, history=two).allowed


def test_eight_conversations_a_month() -> None:
    # July 2026: two in each week; the month begins at 21:00 UTC of 30 June.
    days = [
        "06-30 21:00",
        "07-03 12:00",
        "07-06 12:00",
        "07-08 12:00",
        "07-13 12:00",
        "07-15 12:00",
        "07-20 12:00",
    ]
    seven = [past(f"2026-{day}", "conversation") for day in days]
    assert ask("ru-230fz", "2026-07-28 12:00", MUSCOVITE, history=seven).allowed
    eight = [*seven, past("2026-07-22 12:00", "conversation")]
    refused_by(
        ask("ru-230fz", "2026-07-31 18:59:59", MUSCOVITE, history=eight),
        "ru-230fz/conversations-a-month",
        "2026-08-01 06:00",  # a Saturday
    )
    eight[0] = past("2026-06-30 20:59:59", "conversation")  # the last second of June
    assert ask("ru-230fz", "2026-07-28 12:00", MUSCOVITE, history=eight).allowed


def test_february_ends_the_month_too() -> None:
    eight = [past(f"2026-02-{day:02} 12:00", "conversation") for day in (2, 3, 9, 10, 16, 17, 18, 19)]
    refused_by(
        ask("ru-230fz", "2026-02-28 12:00", MUSCOVITE, history=eight),
        "ru-230fz/conversations-a-month",
        "2026-03-01 06:00",  # a Sunday
    )


def test_only_our_conversations_count_whatever_their_debt() -> None:
    for row in (
        past("2026-06-02 06:00", "connection"),
        past("2026-06-02 06:00", "attempt"),
        past("2026-06-02 06:00", "conversation", direction="inbound"),
        past("2026-06-02 06:00", "conversation", "messenger"),
    ):
        assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, history=[row]).allowed
    other_debt = [past("2026-06-02 06:00", "conversation", debt="d2")]
    assert not ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, debt="d1", history=other_debt).allowed


# --- messages: 2 a day, 4 a week, 16 a month --------------------------------------------------------------


def test_two_messages_a_day_on_all_channels_together() -> None:
    one = [past("2026-06-01 21:00", channel="sms")]
    assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, channel="messenger", history=one).allowed
    two = [*one, past("2026-06-02 06:00", channel="email")]
    refused_by(
        ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, channel="messenger", history=two),
        "ru-230fz/messages-a-day",
        "2026-06-03 05:00",
    )
    two[0] = past("2026-06-01 20:59:59", channel="sms")
    assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, channel="messenger", history=two).allowed


def test_four_messages_a_week() -> None:
    three = [past(f"2026-06-{day} 12:00", channel="sms") for day in ("08", "09", "10")]
    assert ask("ru-230fz", "2026-06-14 12:00", MUSCOVITE, channel="sms", history=three).allowed
    four = [*three, past("2026-06-11 12:00", channel="push")]
    refused_by(
        ask("ru-230fz", "2026-06-14 12:00", MUSCOVITE, channel="sms", history=four),
        "ru-230fz/messages-a-week",
        "2026-06-15 05:00",
    )


def test_sixteen_messages_a_month() -> None:
    # Four in each of the weeks from 1, 8, 15 and 22 June 2026.
    days = [day for monday in (1, 8, 15, 22) for day in range(monday, monday + 4)]
    sixteen = [past(f"2026-06-{day:02} 12:00", channel="sms") for day in days]
    assert ask("ru-230fz", "2026-06-30 12:00", MUSCOVITE, channel="sms", history=sixteen[1:]).allowed
    refused_by(
        ask("ru-230fz", "2026-06-30 12:00", MUSCOVITE, channel="sms", history=sixteen),
        "ru-230fz/messages-a-month",
        "2026-07-01 05:00",
    )


def test_calls_and_messages_are_counted_apart() -> None:
    talked = [past("2026-06-02 06:00", "conversation")]
    written = [past("2026-06-02 06:00", channel="sms")] * 2
    assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, channel="sms", history=talked).allowed
    assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, history=written).allowed


def test_failed_messages_and_theirs_do_not_count() -> None:
    for row in (
        past("2026-06-02 06:00", "failed", "sms"),
        past("2026-06-02 06:00", channel="sms", direction="inbound"),
    ):
        assert ask("ru-230fz", "2026-06-02 12:00", MUSCOVITE, channel="sms", history=[row] * 20).allowed


def test_230fz_is_in_force_from_1_january_2017() -> None:
    assert ask("ru-230fz", "2016-12-31 20:59:59", MUSCOVITE).allowed
    refused_by(ask("ru-230fz", "2016-12-31 21:00", MUSCOVITE), "ru-230fz/hours", "2017-01-01 06:00")


# --- ru-38fz: advertising ---------------------------------------------------------------------------------


def test_advertising_needs_a_consent() -> None:
    for channel in ("call", "sms", "email", "push", "messenger"):
        given = {"purpose": "marketing", "channel": channel, "mode": "manual"}
        refused_by(ask("ru-38fz", "2026-06-02 12:00", MUSCOVITE, **given), "ru-38fz/consent", None)
        agreed = [consent("marketing", channel)]
        assert ask("ru-38fz", "2026-06-02 12:00", MUSCOVITE, **given, consents=agreed).allowed
    assert ask("ru-38fz", "2026-06-02 12:00", MUSCOVITE, purpose="information", mode="agentless").allowed


@pytest.mark.parametrize(
    ("mode", "allowed"),
    [
        ("predictive", False),
        ("progressive", False),
        ("agentless", False),
        ("preview", True),
        ("manual", True),
    ],
)
@pytest.mark.parametrize("channel", ["call", "sms"])
def test_advertising_that_no_person_chose_is_banned_even_with_a_consent(
    mode: str, allowed: bool, channel: str
) -> None:
    decision = ask(
        "ru-38fz",
        "2026-06-02 12:00",
        MUSCOVITE,
        purpose="marketing",
        channel=channel,
        mode=mode,
        consents=[consent("marketing", channel)],
    )
    assert decision.allowed is allowed
    if not allowed:
        refused_by(decision, "ru-38fz/mode", None)


# --- ru-41fz: automatic and mass calls --------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["marketing", "collections", "service", "information"])
@pytest.mark.parametrize(
    ("mode", "needed"),
    [("predictive", True), ("progressive", True), ("agentless", True), ("preview", False), ("manual", False)],
)
def test_automatic_calls_need_a_consent_for_any_purpose(purpose: str, mode: str, needed: bool) -> None:
    given = {"purpose": purpose, "mode": mode}
    now = "2026-06-02 12:00"
    decision = ask("ru-41fz", now, MUSCOVITE, **given)
    assert decision.allowed is not needed
    if needed:
        refused_by(decision, "ru-41fz/consent", None)
    assert ask("ru-41fz", now, MUSCOVITE, **given, consents=[consent(purpose)]).allowed
    assert ask("ru-41fz", now, MUSCOVITE, **given, requested=Requested(utc("2026-06-02 11:00"))).allowed
    other = [consent("marketing" if purpose != "marketing" else "service")]
    assert ask("ru-41fz", now, MUSCOVITE, **given, consents=other).allowed is not needed


def test_41fz_is_about_calls_and_in_force_from_1_september_2025() -> None:
    message = ask("ru-41fz", "2026-06-02 12:00", MUSCOVITE, channel="sms", mode="agentless")
    assert verdict(message, "ru-41fz/consent") == "not_applicable"
    given = {"purpose": "information", "mode": "agentless"}
    before = ask("ru-41fz", "2025-08-31 20:59:59", MUSCOVITE, **given)
    assert before.allowed
    assert verdict(before, "ru-41fz/consent") == "not_in_force"
    refused_by(ask("ru-41fz", "2025-08-31 21:00", MUSCOVITE, **given), "ru-41fz/consent", None)
