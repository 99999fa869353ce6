"""What becomes of a lead when its debt or promise changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import Instalment, Promise, check, settled
from dialer.lead import BUSY, LeadState
from dialer.promised_leads import BROKEN_PRIORITY, after_debt, promised
from dialer.reasons import Reason, ReasonCode, sentence
from tests.dialer.leads_and_calls import MONDAY, callback, lead
from tests.gate_cases import utc

DEBT = Debt("d1", "c1", "R-1", 100_00, "PLN", date(2026, 10, 1), MONDAY)
PROMISE = Promise(
    "p1",
    "d1",
    "c1",
    "PLN",
    (Instalment(50_00, date(2026, 11, 30)), Instalment(50_00, date(2026, 12, 31))),
    MONDAY,
    counts_from=date(2026, 11, 23),
    time_zone="Europe/Warsaw",
)
UNTIL = utc("2026-12-02 23:00")
WAITS = lead(state=LeadState.WAITING, debt="d1", not_before=UNTIL, reason=promised("2026-11-30", UNTIL))


def test_a_broken_promise_returns_to_the_list() -> None:
    now = utc("2026-12-03 08:00")
    broken = settled(PROMISE, [], now)
    plan = after_debt(WAITS, DEBT, now, broken, check(broken, [], now))
    assert plan is not None
    assert (plan.state, plan.not_before, plan.lead.priority) == (LeadState.WAITING, now, BROKEN_PRIORITY)
    told = "The promise to pay by 2026-12-31 was broken: it goes before others."
    assert sentence(plan.reason) == told
    urgent = after_debt(replace(WAITS, priority=90), DEBT, now, broken, check(broken, [], now))
    assert urgent is not None
    assert urgent.lead.priority == 90


def test_a_standing_promise_holds_the_lead_until_its_next_day() -> None:
    now = utc("2026-11-24 08:00")
    waiting = lead(state=LeadState.WAITING, debt="d1")
    owed = replace(DEBT, state=DebtState.PROMISED)
    plan = after_debt(waiting, owed, now, PROMISE, check(PROMISE, [], now))
    assert plan is not None
    assert plan.not_before == UNTIL
    assert sentence(plan.reason) == (
        "The person has promised to pay by 2026-11-30; it waits until 2026-12-02 23:00 UTC."
    )
    assert after_debt(plan.lead, owed, now, PROMISE, check(PROMISE, [], now)) is None


@pytest.mark.parametrize(
    ("state", "lead_state", "code"),
    [
        (DebtState.PAID, LeadState.DONE, ReasonCode.PAID),
        (DebtState.WITHDRAWN, LeadState.DONE, ReasonCode.WITHDRAWN),
        (DebtState.DISPUTED, LeadState.STOPPED, ReasonCode.DISPUTED),
        (DebtState.STOPPED, LeadState.STOPPED, ReasonCode.STOP_CONTACT),
    ],
)
def test_a_debt_that_is_settled_or_disputed_ends_the_lead(
    state: DebtState, lead_state: LeadState, code: ReasonCode
) -> None:
    plan = after_debt(replace(WAITS, callback=callback()), replace(DEBT, state=state), MONDAY)
    assert plan is not None
    assert (plan.state, plan.reason.code, len(plan.events)) == (lead_state, code, 1)
    assert after_debt(plan.lead, replace(DEBT, state=state), MONDAY) is None


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (ReasonCode.PAID, LeadState.WAITING),
        (ReasonCode.DISPUTED, LeadState.WAITING),
        (ReasonCode.STOP_CONTACT, None),  # the person's own wish
        (ReasonCode.LEAD_CAP, None),
    ],
)
def test_a_debt_that_is_owed_again_brings_back_what_it_ended(
    code: ReasonCode, state: LeadState | None
) -> None:
    plan = after_debt(lead(state=LeadState.STOPPED, reason=Reason(code)), DEBT, MONDAY)
    assert (None if plan is None else plan.state) == state


@pytest.mark.parametrize("state", sorted(BUSY))
def test_a_lead_that_is_being_called_is_left_alone(state: LeadState) -> None:
    assert after_debt(lead(state=state), replace(DEBT, state=DebtState.PAID), MONDAY) is None


def test_a_lead_that_waits_for_something_else_stays_as_it_is() -> None:
    assert after_debt(lead(state=LeadState.WAITING, not_before=UNTIL), DEBT, MONDAY) is None
