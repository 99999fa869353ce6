"""uk-ofcom: 72 hours after an abandoned call, and the same day after a machine."""

from __future__ import annotations

import pytest

from tests.gate_cases import LONDONER, ask, past, refused_by, verdict

ABANDONED = [past("2026-06-01 14:30:15", "connection", abandoned=True)]
MACHINE = [past("2026-06-01 10:00", "connection")]


@pytest.mark.parametrize("mode", ["progressive", "predictive", "agentless"])
def test_no_call_for_72_hours_after_an_abandoned_one(mode: str) -> None:
    given = {"purpose": "marketing", "mode": mode, "history": ABANDONED}
    refused_by(
        ask("uk-ofcom", "2026-06-04 14:30:14", LONDONER, **given),
        "uk-ofcom/72h-after-abandoned",
        "2026-06-04 14:30:15",
    )
    assert ask("uk-ofcom", "2026-06-04 14:30:15", LONDONER, **given).allowed


def test_72_hours_are_hours_when_the_clocks_change() -> None:
    # British clocks go forward on 29 March 2026.
    history = [past("2026-03-27 12:00", "connection", abandoned=True)]
    given = {"purpose": "marketing", "mode": "predictive", "history": history}
    assert not ask("uk-ofcom", "2026-03-30 11:59:59", LONDONER, **given).allowed
    assert ask("uk-ofcom", "2026-03-30 12:00", LONDONER, **given).allowed


@pytest.mark.parametrize("mode", ["preview", "manual"])
@pytest.mark.parametrize("history", [ABANDONED, MACHINE])
def test_an_agent_is_guaranteed(mode: str, history: list[object]) -> None:
    decision = ask("uk-ofcom", "2026-06-01 15:00", LONDONER, mode=mode, history=history)
    assert decision.allowed


def test_the_last_abandoned_call_counts() -> None:
    history = [*ABANDONED, past("2026-06-02 09:00", "connection", abandoned=True)]
    decision = ask("uk-ofcom", "2026-06-04 20:00", LONDONER, mode="progressive", history=history)
    refused_by(decision, "uk-ofcom/72h-after-abandoned", "2026-06-05 09:00")


def test_not_on_the_same_local_day_after_a_machine() -> None:
    # London is at UTC+1: the day of the call ends at 23:00 UTC.
    given = {"mode": "progressive", "history": MACHINE}
    refused_by(
        ask("uk-ofcom", "2026-06-01 22:59:59", LONDONER, **given),
        "uk-ofcom/same-day-after-machine",
        "2026-06-01 23:00",
    )
    assert ask("uk-ofcom", "2026-06-01 23:00", LONDONER, **given).allowed


def test_the_day_of_a_machine_begins_with_its_first_second() -> None:
    for text, allowed in [("2026-05-31 23:00:00", False), ("2026-05-31 22:59:59", True)]:
        history = [past(text, "connection")]
        assert (
            ask("uk-ofcom", "2026-06-01 12:00", LONDONER, mode="progressive", history=history).allowed
            is allowed
        )


@pytest.mark.parametrize("kind", ["failed", "attempt", "conversation"])
def test_what_is_no_machine(kind: str) -> None:
    history = [past("2026-06-01 10:00", kind)]
    assert ask("uk-ofcom", "2026-06-01 11:00", LONDONER, mode="progressive", history=history).allowed


def test_inbound_calls_lock_nothing() -> None:
    history = [
        past("2026-06-01 10:00", "connection", direction="inbound"),
        past("2026-06-01 10:00", "connection", direction="inbound", abandoned=True),
    ]
    assert ask("uk-ofcom", "2026-06-01 11:00", LONDONER, mode="progressive", history=history).allowed


def test_messages_are_not_redials() -> None:
    decision = ask(
        "uk-ofcom", "2026-06-01 15:00", LONDONER, channel="sms", mode="agentless", history=ABANDONED
    )
    assert decision.allowed
    assert verdict(decision, "uk-ofcom/72h-after-abandoned") == "not_applicable"


def test_in_force_from_1_march_2017() -> None:
    history = [past("2017-02-28 20:00", "connection", abandoned=True)]
    before = ask("uk-ofcom", "2017-02-28 23:59:59", LONDONER, mode="predictive", history=history)
    assert before.allowed
    assert verdict(before, "uk-ofcom/72h-after-abandoned") == "not_in_force"
    refused_by(
        ask("uk-ofcom", "2017-03-01 00:00", LONDONER, mode="predictive", history=history),
        "uk-ofcom/72h-after-abandoned",
        "2017-03-03 20:00",
    )
