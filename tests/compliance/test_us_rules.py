"""us-tsr and us-reg-f. New York is at UTC-5, from 8 March to 1 November 2026 at UTC-4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance.facts import Requested
from tests.gate_cases import NEW_YORKER, ask, consent, past, refused_by, second_before, utc, verdict

FIXED_LINE = replace(NEW_YORKER, type="fixed")
UNKNOWN_LINE = replace(NEW_YORKER, type=None)

# (first second of 08:00, first second of 21:00, the next 08:00), all in UTC
DAYS = [
    ("2026-01-14 13:00", "2026-01-15 02:00", "2026-01-15 13:00"),  # winter
    ("2026-07-15 12:00", "2026-07-16 01:00", "2026-07-16 12:00"),  # summer
    ("2026-03-07 13:00", "2026-03-08 02:00", "2026-03-08 12:00"),  # the night loses an hour
    ("2026-03-08 12:00", "2026-03-09 01:00", "2026-03-09 12:00"),  # the day of the change
    ("2026-10-31 12:00", "2026-11-01 01:00", "2026-11-01 13:00"),  # the night gains an hour
    ("2026-11-01 13:00", "2026-11-02 02:00", "2026-11-02 13:00"),  # the day of the change
]


@pytest.mark.parametrize(("opens", "closes", "opens_next"), DAYS)
@pytest.mark.parametrize(("pack", "purpose"), [("us-tsr", "marketing"), ("us-reg-f", "collections")])
def test_calls_from_8_until_21_local_time(
    pack: str, purpose: str, opens: str, closes: str, opens_next: str
) -> None:
    refused_by(ask(pack, second_before(opens), NEW_YORKER, purpose=purpose), f"{pack}/hours", opens)
    assert ask(pack, opens, NEW_YORKER, purpose=purpose).allowed
    assert ask(pack, second_before(closes), NEW_YORKER, purpose=purpose).allowed
    refused_by(ask(pack, closes, NEW_YORKER, purpose=purpose), f"{pack}/hours", opens_next)


def test_hours_of_which_channels() -> None:
    night = "2026-01-14 08:00"
    for channel, tsr, reg_f in [
        ("call", "refuse", "refuse"),
        ("sms", "refuse", "refuse"),
        ("email", "not_applicable", "refuse"),
        ("push", "not_applicable", "refuse"),
        ("messenger", "not_applicable", "refuse"),
    ]:
        decision = ask("us-tsr us-reg-f", night, NEW_YORKER, channel=channel)
        assert verdict(decision, "us-tsr/hours") == tsr, channel
        assert verdict(decision, "us-reg-f/hours") == reg_f, channel


# --- us-tsr: written consent ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "channel", "mobile", "fixed"),
    [
        ("predictive", "call", "refuse", "not_applicable"),
        ("progressive", "call", "refuse", "not_applicable"),
        ("agentless", "call", "refuse", "refuse"),
        ("preview", "call", "not_applicable", "not_applicable"),
        ("manual", "call", "not_applicable", "not_applicable"),
        ("agentless", "sms", "refuse", "not_applicable"),
        ("agentless", "email", "not_applicable", "not_applicable"),
    ],
)
def test_written_consent(mode: str, channel: str, mobile: str, fixed: str) -> None:
    for callee, expected in [(NEW_YORKER, mobile), (UNKNOWN_LINE, mobile), (FIXED_LINE, fixed)]:
        given = {"purpose": "marketing", "mode": mode, "channel": channel}
        decision = ask("us-tsr", "2026-01-14 15:00", callee, **given)
        assert verdict(decision, "us-tsr/written-consent") == expected
        assert decision.allowed is (expected != "refuse")
        if expected == "refuse":
            refused_by(decision, "us-tsr/written-consent", None)
            agreed = ask(
                "us-tsr", "2026-01-14 15:00", callee, **given, consents=[consent("marketing", channel)]
            )
            assert agreed.allowed


def test_written_consent_is_about_marketing() -> None:
    decision = ask("us-tsr", "2026-01-14 15:00", NEW_YORKER, purpose="service", mode="predictive")
    assert verdict(decision, "us-tsr/written-consent") == "not_applicable"


# --- us-reg-f: seven calls in seven days ------------------------------------------------------------------

SIX = [f"2026-11-{day} 15:00" for day in (15, 16, 17, 18, 19, 20)]


def test_the_seventh_call_is_allowed_and_the_eighth_is_not() -> None:
    six = [past(text, debt="d1") for text in SIX]
    assert ask("us-reg-f", "2026-11-21 16:05", NEW_YORKER, debt="d1", history=six).allowed
    seven = [*six, past("2026-11-21 15:00", debt="d1")]
    decision = ask("us-reg-f", "2026-11-21 16:05", NEW_YORKER, debt="d1", history=seven)
    # The call of the 15th is out of the seven days that end on the 22nd.
    refused_by(decision, "us-reg-f/7-in-7", "2026-11-22 13:00")
    assert decision.reason == "7 calls placed in 7 days about this debt"
    assert ask("us-reg-f", "2026-11-22 13:00", NEW_YORKER, debt="d1", history=seven).allowed


def test_seven_days_begin_at_the_callees_midnight() -> None:
    # In UTC the first call is of the 15th, in New York of the 14th: 23:59:59 there.
    early = [past("2026-11-15 04:59:59"), *(past(text) for text in SIX)]
    assert ask("us-reg-f", "2026-11-21 16:00", NEW_YORKER, history=[*early[:1], *early[2:]]).allowed
    assert ask("us-reg-f", "2026-11-21 16:00", NEW_YORKER, history=early).allowed
    late = [past("2026-11-15 05:00:00"), *(past(text) for text in SIX)]
    refused_by(
        ask("us-reg-f", "2026-11-21 16:00", NEW_YORKER, history=late), "us-reg-f/7-in-7", "2026-11-22 13:00"
    )


def test_seven_days_over_the_change_of_clocks() -> None:
    # 2 to 8 March: midnight of the 2nd is at 05:00 UTC. What drops out of 3 to 9 March is the first.
    calls = [past("2026-03-02 05:00"), *(past(f"2026-03-0{day} 15:00") for day in (3, 4, 5, 6, 7, 8))]
    refused_by(
        ask("us-reg-f", "2026-03-08 16:00", NEW_YORKER, history=calls), "us-reg-f/7-in-7", "2026-03-09 12:00"
    )
    calls[0] = past("2026-03-02 04:59:59")
    assert ask("us-reg-f", "2026-03-08 16:00", NEW_YORKER, history=calls).allowed
    # 26 October to 1 November: midnight of the 26th is at 04:00 UTC.
    calls = [past("2026-10-26 04:00"), *(past(f"2026-10-{day} 15:00") for day in (27, 28, 29, 30, 31))]
    calls.append(past("2026-11-01 15:00"))
    refused_by(
        ask("us-reg-f", "2026-11-01 16:00", NEW_YORKER, history=calls), "us-reg-f/7-in-7", "2026-11-02 13:00"
    )


def test_many_calls_on_one_day_are_waited_for_until_all_but_six_dropped_out() -> None:
    calls = [past(f"2026-11-18 1{minute}:00") for minute in range(5)] + [past("2026-11-20 15:00")] * 4
    decision = ask("us-reg-f", "2026-11-20 16:00", NEW_YORKER, history=calls)
    refused_by(decision, "us-reg-f/7-in-7", "2026-11-25 13:00")
    assert decision.reason == "9 calls placed in 7 days about any debt"


def test_which_calls_are_counted() -> None:
    six = [past(text, debt="d1") for text in SIX]
    now = "2026-11-21 16:05"

    def allowed(row: object, debt: str | None = "d1") -> bool:
        return ask("us-reg-f", now, NEW_YORKER, debt=debt, history=[*six, row]).allowed

    assert allowed(past("2026-11-21 15:00", "failed", debt="d1"))  # it never reached the number
    assert allowed(past("2026-11-21 15:00", debt="d2"))  # another debt's
    assert allowed(past("2026-11-21 15:00", debt="d1", direction="inbound"))  # theirs
    assert allowed(past("2026-11-21 15:00", channel="sms", debt="d1"))  # a message
    assert allowed(past("2026-11-21 16:05:01", debt="d1"))  # not yet
    assert not allowed(past("2026-11-21 15:00", debt="d1"))
    assert not allowed(past("2026-11-21 15:00", "connection", debt="d1"))
    assert not allowed(past("2026-11-21 15:00"))  # nobody knows about which debt
    assert not allowed(past("2026-11-21 15:00", debt="d2"), debt=None)


def test_messages_are_not_counted_with_calls() -> None:
    seven = [past(text) for text in (*SIX, "2026-11-21 15:00")]
    decision = ask("us-reg-f", "2026-11-21 16:05", NEW_YORKER, channel="email", history=seven)
    assert decision.allowed
    assert verdict(decision, "us-reg-f/7-in-7") == "not_applicable"


# --- us-reg-f: seven days after a conversation ------------------------------------------------------------


@pytest.mark.parametrize("direction", ["outbound", "inbound"])
def test_silence_for_seven_days_of_which_the_conversations_is_the_first(direction: str) -> None:
    talked = [past("2026-11-10 18:00", "conversation", debt="d1", direction=direction)]
    for now in ("2026-11-10 19:00", "2026-11-13 16:00", "2026-11-16 16:00", "2026-11-17 01:59:59"):
        decision = ask("us-reg-f", now, NEW_YORKER, debt="d1", history=talked)
        refused_by(decision, "us-reg-f/after-conversation", "2026-11-17 13:00")
    assert ask("us-reg-f", "2026-11-17 13:00", NEW_YORKER, debt="d1", history=talked).allowed


def test_the_conversations_day_is_the_callees() -> None:
    # 23:30 of the 9th in New York: the days are 9 to 15 November.
    talked = [past("2026-11-10 04:30", "conversation")]
    refused_by(
        ask("us-reg-f", "2026-11-15 16:00", NEW_YORKER, history=talked),
        "us-reg-f/after-conversation",
        "2026-11-16 13:00",
    )
    assert ask("us-reg-f", "2026-11-16 13:00", NEW_YORKER, history=talked).allowed


def test_the_last_of_several_conversations_counts() -> None:
    talked = [past("2026-11-12 18:00", "conversation"), past("2026-11-10 18:00", "conversation")]
    for history in (talked, talked[::-1]):
        decision = ask("us-reg-f", "2026-11-13 16:00", NEW_YORKER, history=history)
        refused_by(decision, "us-reg-f/after-conversation", "2026-11-19 13:00")


def test_the_conversations_day_begins_with_its_first_second() -> None:
    # 00:00:00 of the 10th in New York: the days are 10 to 16 November.
    for text, allowed in [("2026-11-10 05:00:00", False), ("2026-11-10 04:59:59", True)]:
        talked = [past(text, "conversation")]
        assert ask("us-reg-f", "2026-11-16 16:00", NEW_YORKER, history=talked).allowed is allowed


def test_conversations_of_other_debts_and_channels_keep_nobody_silent() -> None:
    for row in (
        past("2026-11-10 18:00", "conversation", debt="d2"),
        past("2026-11-10 18:00", "connection", debt="d1"),
        past("2026-11-10 18:00", "conversation", "messenger", debt="d1"),
    ):
        assert ask("us-reg-f", "2026-11-11 16:00", NEW_YORKER, debt="d1", history=[row]).allowed
    unknown = [past("2026-11-10 18:00", "conversation")]
    assert not ask("us-reg-f", "2026-11-11 16:00", NEW_YORKER, debt="d1", history=unknown).allowed


# --- us-reg-f: consent widens for at most seven days ------------------------------------------------------

TOO_OFTEN = [past(text) for text in (*SIX, "2026-11-21 15:00")]
TALKED = [past("2026-11-20 15:00", "conversation")]


@pytest.mark.parametrize("history", [TOO_OFTEN, TALKED], ids=["7-in-7", "after-conversation"])
def test_consent_lifts_both_for_seven_days(history: list[object]) -> None:
    def allowed(**given: object) -> bool:
        return ask("us-reg-f", "2026-11-21 16:05", NEW_YORKER, history=history, **given).allowed

    # The days that hold 21 November begin on the 15th, at 05:00 UTC.
    assert allowed(consents=[consent("collections", given="2026-11-15 05:00")])
    assert not allowed(consents=[consent("collections", given="2026-11-15 04:59:59")])
    assert not allowed(consents=[consent("marketing", given="2026-11-20 12:00")])
    assert not allowed(consents=[consent("collections", "sms", given="2026-11-20 12:00")])
    assert not allowed(
        consents=[consent("collections", given="2026-11-20 12:00", withdrawn="2026-11-21 16:05")]
    )
    assert allowed(
        consents=[consent("collections", given="2026-11-20 12:00", withdrawn="2026-11-21 16:05:01")]
    )
    assert allowed(requested=Requested(utc("2026-11-15 05:00")))
    assert not allowed(requested=Requested(utc("2026-11-15 04:59:59")))
    assert not allowed(requested=Requested(utc("2026-11-21 16:05:01")))  # not yet asked


# --- effective dates --------------------------------------------------------------------------------------


def test_reg_f_is_in_force_from_30_november_2021() -> None:
    night = ask("us-reg-f", "2021-11-30 04:59:59", NEW_YORKER)  # still the 29th in New York
    assert night.allowed
    assert {each.verdict.value for each in night.checked[1:]} == {"not_in_force"}
    refused_by(ask("us-reg-f", "2021-11-30 05:00", NEW_YORKER), "us-reg-f/hours", "2021-11-30 13:00")
