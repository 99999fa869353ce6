"""What is asked of a reserved lead before it is dialled, and what the gate's refusal makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance.decision import Decision
from dialer.before_dialling import (
    ToDial,
    agent_away,
    before_dialling,
    never_dialled,
    person_busy,
    refused,
    skipped,
)
from dialer.debts.debt import Debt, DebtState
from dialer.lead import Lead, LeadNumber, LeadState, NumberState
from dialer.lead_plan import CallbackGivenUp, LeadPlan
from dialer.reasons import ReasonCode, sentence
from tests.dialer.leads_and_calls import HOME, MOBILE, MONDAY, callback, campaign, lead, rules
from tests.gate_cases import utc

NOW = MONDAY


def reserved(*numbers: str, **changed: object) -> Lead:
    return lead(*numbers, state=LeadState.RESERVED, reserved_by="n1", reserved_until=MONDAY, **changed)


def test_the_planned_number_is_dialled_and_the_first_one_where_none_is_planned() -> None:
    assert before_dialling(campaign(), reserved(MOBILE, HOME, next_number=HOME), NOW) == ToDial(HOME)
    assert before_dialling(campaign(), reserved(MOBILE, HOME), NOW) == ToDial(MOBILE)
    bad = (LeadNumber(MOBILE, state=NumberState.BAD), LeadNumber(HOME))
    assert before_dialling(campaign(), reserved(numbers=bad, next_number=MOBILE), NOW) == ToDial(HOME)


@pytest.mark.parametrize("wish", [None, callback("2026-11-23 07:00", "2026-11-23 18:00")])
def test_caps_that_were_lowered_hold_callbacks_too(wish: object) -> None:
    person = reserved(attempts=2, attempts_today=2, today=NOW.date(), callback=wish)
    full_day = before_dialling(campaign(retry=rules(day=2, gap=0)), person, NOW)
    assert isinstance(full_day, LeadPlan)
    assert (full_day.not_before, full_day.reason.code) == (utc("2026-11-23 23:00"), ReasonCode.DAY_CAP)
    done = before_dialling(campaign(retry=rules(lead=2)), person, NOW)
    assert isinstance(done, LeadPlan)
    assert (done.state, done.reason.code) == (LeadState.DONE, ReasonCode.LEAD_CAP)
    for plan in (full_day, done):
        # The window of today is over then.
        assert plan.events == (() if wish is None else (CallbackGivenUp("r1", plan.reason),))
        assert (plan.lead.reserved_by, plan.lead.reserved_until) == (None, None)


def test_calls_to_one_person_are_kept_apart_but_not_by_failures_of_the_network() -> None:
    calling = campaign(retry=rules(gap=900))
    person = reserved(attempts=1, last_at=utc("2026-11-23 07:50"))
    found = before_dialling(calling, person, NOW)
    assert isinstance(found, LeadPlan)
    assert sentence(found.reason) == (
        "Calls to one person are kept 15 minutes apart; the next is due 2026-11-23 08:05 UTC."
    )
    after_trouble = reserved(attempts=1, troubles=1, last_at=utc("2026-11-23 07:59"))
    assert before_dialling(calling, after_trouble, NOW) == ToDial(MOBILE)


@pytest.mark.parametrize(
    ("state", "lead_state", "code"),
    [
        (DebtState.PROMISED, LeadState.WAITING, ReasonCode.PROMISE),
        (DebtState.DISPUTED, LeadState.STOPPED, ReasonCode.DISPUTED),
        (DebtState.STOPPED, LeadState.STOPPED, ReasonCode.STOP_CONTACT),
        (DebtState.PAID, LeadState.DONE, ReasonCode.PAID),
        (DebtState.WITHDRAWN, LeadState.DONE, ReasonCode.WITHDRAWN),
    ],
)
def test_nobody_is_called_about_a_debt_that_is_not_open(
    state: DebtState, lead_state: LeadState, code: ReasonCode
) -> None:
    debt = Debt("d1", "c1", "R-1", 100_00, "PLN", date(2026, 10, 1), MONDAY, state=state)
    found = before_dialling(campaign(), reserved(debt="d1"), NOW, debt)
    assert isinstance(found, LeadPlan)
    assert (found.state, found.reason.code) == (lead_state, code)


def test_an_open_debt_is_called_about() -> None:
    debt = Debt("d1", "c1", "R-1", 100_00, "PLN", date(2026, 10, 1), MONDAY)
    assert before_dialling(campaign(), reserved(debt="d1"), NOW, debt) == ToDial(MOBILE)


@pytest.mark.parametrize(("now", "agent"), [("2026-11-23 09:10", "anna"), ("2026-11-23 09:20", None)])
def test_a_personal_callback_is_its_agents_for_a_while_and_then_anybodys(now: str, agent: str | None) -> None:
    wish = callback("2026-11-23 09:00", "2026-11-23 10:00", agent="anna", agent_until=utc("2026-11-23 09:15"))
    assert before_dialling(campaign(), reserved(callback=wish), utc(now)) == ToDial(MOBILE, agent)


def refusal(until: str | None) -> Decision:
    return Decision(
        False, "us-tsr/hours", "08:00 to 21:00 is allowed", None if until is None else utc(until), ()
    )


def test_the_gates_next_moment_is_waited_for() -> None:
    plan = refused(campaign(), reserved(), MOBILE, refusal("2026-11-24 07:00"), NOW)
    assert (plan.state, plan.not_before) == (LeadState.WAITING, utc("2026-11-24 07:00"))
    assert sentence(plan.reason) == (
        "Rule us-tsr/hours forbids it now: 08:00 to 21:00 is allowed; "
        "it may be called from 2026-11-24 07:00 UTC on."
    )


def test_the_gate_is_never_asked_in_a_circle() -> None:
    plan = refused(campaign(), reserved(), MOBILE, refusal("2026-11-23 08:00:01"), NOW)
    assert plan.not_before == NOW + timedelta(seconds=30)


def test_a_number_that_is_forbidden_for_ever_leaves_the_others() -> None:
    plan = refused(campaign(), reserved(MOBILE, HOME), MOBILE, refusal(None), NOW)
    assert (plan.state, plan.not_before, plan.number) == (LeadState.WAITING, NOW, HOME)
    last = refused(campaign(), reserved(numbers=plan.lead.numbers), HOME, refusal(None), NOW)
    assert (last.state, last.reason.code) == (LeadState.STOPPED, ReasonCode.GATE_FOREVER)
    assert sentence(last.reason) == "Rule us-tsr/hours forbids it: 08:00 to 21:00 is allowed."


@pytest.mark.parametrize("rule", ["gate/facts", "gate/fault"])
def test_facts_that_cannot_be_read_say_nothing_against_the_lead(rule: str) -> None:
    plan = refused(campaign(), reserved(), MOBILE, Decision(False, rule, "it took 5 s", None, ()), NOW)
    assert (plan.state, plan.not_before) == (LeadState.WAITING, NOW + timedelta(minutes=1))
    assert plan.lead.numbers[0].state is NumberState.OK


def test_held_leads_say_why() -> None:
    assert sentence(skipped(reserved(), "anna", "no notes yet.", NOW).reason) == (
        "anna skipped it: no notes yet; it is in turn again 2026-11-23 09:00 UTC."
    )
    assert skipped(reserved(skips=1), "anna", "", NOW).lead.skips == 2
    assert person_busy(reserved(), NOW).reason.code is ReasonCode.PERSON_BUSY
    wish = callback(agent="anna", agent_until=utc("2026-11-23 08:00:45"))
    away = agent_away(reserved(callback=wish), NOW)
    assert (away.not_before, away.reason.code) == (utc("2026-11-23 08:00:45"), ReasonCode.AGENT_AWAY)


@pytest.mark.parametrize("state", [LeadState.RESERVED, LeadState.DIALLING])
def test_what_was_never_dialled_is_as_before(state: LeadState) -> None:
    before = lead(state=state, attempts=2, not_before=MONDAY, next_number=MOBILE, reserved_by="n1")
    back = never_dialled(before).lead
    assert (back.state, back.attempts, back.not_before, back.next_number, back.reserved_by) == (
        LeadState.WAITING,
        2,
        MONDAY,
        MOBILE,
        None,
    )
