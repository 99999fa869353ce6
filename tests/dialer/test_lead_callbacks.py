"""Callbacks in a campaign: promised only where caps leave room, one of a person, in the callee's zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dialer.callbacks import asked, keeps, lead_callback, may_promise, window_passed, withdrawn
from dialer.choosing import chosen
from dialer.lead import LeadState
from dialer.lead_plan import CallbackGivenUp
from dialer.reasons import Reason, ReasonCode
from history.callback_windows import moment_of
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.interaction import ContactPoint, PointKind
from tests.dialer.leads_and_calls import HOUR, MOBILE, MONDAY, callback, campaign, lead, rules
from tests.gate_cases import utc

NOW = MONDAY


def test_a_callback_moves_a_waiting_lead_into_its_window() -> None:
    wish = callback("2026-11-23 14:00", "2026-11-23 16:00")
    plan = asked(campaign(), lead(state=LeadState.WAITING), wish, NOW)
    assert (plan.state, plan.not_before, plan.lead.callback) == (
        LeadState.WAITING,
        utc("2026-11-23 14:00"),
        wish,
    )


def test_a_lead_that_is_over_is_called_again_when_the_person_asks() -> None:
    done = lead(state=LeadState.DONE, reason=Reason(ReasonCode.DISPOSITION), attempts=1)
    plan = asked(campaign(), done, callback("2026-11-23 14:00", "2026-11-23 16:00"), NOW)
    assert (plan.state, plan.reason.code) == (LeadState.WAITING, ReasonCode.CALLBACK)


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (lead(state=LeadState.DONE, attempts=6), ReasonCode.LEAD_CAP),
        (lead(state=LeadState.WAITING, attempts=6), ReasonCode.LEAD_CAP),
        (
            lead(state=LeadState.STOPPED, reason=Reason(ReasonCode.STOP_CONTACT)),
            ReasonCode.STOP_CONTACT,
        ),
        (
            lead(state=LeadState.WAITING, attempts=2, attempts_today=2, today=NOW.date()),
            ReasonCode.DAY_CAP,
        ),
    ],
)
def test_what_caps_or_the_person_forbid_is_given_up_and_told(person: object, code: ReasonCode) -> None:
    wish = callback("2026-11-23 14:00", "2026-11-23 16:00")
    assert not isinstance(person, str)
    plan = asked(campaign(retry=rules(day=2)), person, wish, NOW)  # type: ignore[arg-type]
    assert plan.lead == person
    given_up = plan.events[0]
    assert isinstance(given_up, CallbackGivenUp)
    assert (given_up.request, given_up.reason.code) == ("r1", code)


def test_a_person_has_one_callback() -> None:
    first = callback("2026-11-23 14:00", "2026-11-23 16:00")
    second = callback("2026-11-24 14:00", "2026-11-24 16:00", request="r2")
    plan = asked(campaign(), lead(state=LeadState.WAITING, callback=first), second, NOW)
    assert plan.lead.callback == second
    assert [event.request for event in plan.events if isinstance(event, CallbackGivenUp)] == ["r1"]
    renewed = asked(campaign(), plan.lead, callback("2026-11-25 14:00", request="r2"), NOW)
    assert (renewed.not_before, renewed.events) == (utc("2026-11-25 14:00"), ())


def test_while_they_are_called_the_wish_waits_for_what_comes_of_it() -> None:
    wish = callback("2026-11-23 14:00", "2026-11-23 16:00")
    plan = asked(campaign(), lead(state=LeadState.TALKING), wish, NOW)
    assert (plan.state, plan.lead.callback) == (LeadState.TALKING, wish)


def test_agents_learn_beforehand_what_cannot_be_promised() -> None:
    calling = campaign(retry=rules(lead=3, day=2, gap=0))
    today, tomorrow = utc("2026-11-23 14:00"), utc("2026-11-24 09:00")
    two_today = lead(attempts=2, attempts_today=2, today=NOW.date())
    reason = may_promise(calling, two_today, today, today + timedelta(hours=2))
    assert reason is not None
    assert reason.code is ReasonCode.DAY_CAP
    assert may_promise(calling, two_today, tomorrow, tomorrow + timedelta(hours=2)) is None
    reason = may_promise(calling, lead(attempts=3), tomorrow, None)
    assert reason is not None
    assert reason.code is ReasonCode.LEAD_CAP


def request(begins: str | None, ends: str | None) -> CallbackRequest:
    return CallbackRequest(
        "r9",
        ContactPoint(PointKind.PHONE, MOBILE),
        "sales",
        CallbackSource.AGENT,
        MONDAY,
        window_from=None if begins is None else utc(begins),
        window_to=None if ends is None else utc(ends),
        person_chose=True,
    )


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, True),
        ({"topic": "complaints"}, False),
        ({"topic": "complaints", "campaign": "autumn"}, True),
        ({"campaign": "spring"}, False),
        ({"state": CallbackState.DIALLING}, True),
        ({"state": CallbackState.KEPT}, False),
    ],
)
def test_whose_a_request_is(changed: dict[str, Any], kept: bool) -> None:
    assert keeps(campaign(topics=("sales",)), replace(request(None, None), **changed)) is kept


@pytest.mark.parametrize(
    ("begins", "ends", "until"),
    [
        ("2026-11-24 09:00", "2026-11-24 12:00", "2026-11-24 09:30"),
        ("2026-11-24 09:00", "2026-11-24 09:20", "2026-11-24 09:10"),  # half is left to the others
        (None, None, "2026-11-23 08:30"),
    ],
)
def test_a_personal_callback_leaves_the_others_time(begins: str | None, ends: str | None, until: str) -> None:
    assert lead_callback(request(begins, ends), "anna").agent_until == utc(until)
    assert lead_callback(request(begins, ends)).agent_until is None


def test_a_window_of_the_callees_clock_survives_the_change_of_clocks() -> None:
    """Chosen on Friday before the night in which Warsaw's clocks go back, for Monday at ten of theirs."""
    warsaw = ZoneInfo("Europe/Warsaw")
    begins = moment_of("2026-10-26T10:00", warsaw, "from")
    ends = moment_of("2026-10-26T11:00", warsaw, "to")
    wish = callback(None, None, window_from=begins, window_to=ends)
    plan = asked(campaign(), lead(state=LeadState.WAITING), wish, utc("2026-10-23 08:00"))
    assert plan.not_before == utc("2026-10-26 09:00")


def test_a_callback_that_is_due_goes_before_all_others_and_not_before_its_time() -> None:
    waiting = {"state": LeadState.WAITING, "added_at": utc("2026-11-01 08:00")}
    wish = callback("2026-11-23 09:00", "2026-11-23 10:00")
    leads = [
        lead(id="new", **waiting),
        lead(id="important", priority=9, **waiting),
        lead(id="retry", attempts=1, not_before=utc("2026-11-23 07:00"), **waiting),
        lead(id="later", attempts=1, not_before=utc("2026-11-23 09:30"), **waiting),
        lead(id="callback", callback=wish, not_before=utc("2026-11-23 09:00"), **waiting),
        lead(id="taken", state=LeadState.RESERVED, reserved_until=utc("2026-11-23 12:00")),
        lead(id="expired", state=LeadState.RESERVED, reserved_until=utc("2026-11-23 08:00"), attempts=1),
        lead(id="over", state=LeadState.DONE),
    ]
    assert [one.id for one in chosen(leads, utc("2026-11-23 08:59"), 9)] == [
        "important",
        "retry",
        "expired",
        "new",
    ]
    assert [one.id for one in chosen(leads, utc("2026-11-23 09:00"), 2)] == ["callback", "important"]


def test_a_window_that_passed_ends_the_callback_and_not_the_lead() -> None:
    wish = callback("2026-11-23 09:00", "2026-11-23 10:00")
    person = lead(state=LeadState.WAITING, callback=wish)
    assert window_passed(person, utc("2026-11-23 09:59:59")) is None
    assert window_passed(lead(state=LeadState.DIALLING, callback=wish), utc("2026-11-23 11:00")) is None
    plan = window_passed(person, utc("2026-11-23 10:00"))
    assert plan is not None
    assert (plan.state, plan.lead.callback) == (LeadState.WAITING, None)
    assert [type(event) for event in plan.events] == [CallbackGivenUp]
    assert withdrawn(person).lead.callback is None


def test_the_gap_puts_a_callback_off_within_its_window() -> None:
    calling = campaign(retry=rules(gap=HOUR))
    person = lead(state=LeadState.WAITING, attempts=1, last_at=utc("2026-11-23 08:30"))
    plan = asked(calling, person, callback("2026-11-23 09:00", "2026-11-23 10:00"), NOW)
    assert plan.not_before == utc("2026-11-23 09:30")
