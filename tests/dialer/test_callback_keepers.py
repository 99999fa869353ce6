"""Requests of callbacks in callback campaigns: whose they are, what they make of a lead, and their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from compliance.facts import Requested
from dialer.callbacks import keeper, lead_callback, not_asked_any_more, requested_by, settled, taken
from dialer.campaign import Campaign, CampaignKind, CampaignState
from dialer.goals import Tally
from dialer.lead import Lead, LeadNumber, LeadState, NumberState
from dialer.lead_plan import CallbackGivenUp, CallbackKept, LeadPlan
from dialer.reasons import Reason, ReasonCode
from dialer.stopping import own_change
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.interaction import ContactPoint, PointKind
from tests.dialer.leads_and_calls import MOBILE, MONDAY, campaign
from tests.dialer.leads_and_calls import lead as lead_of

NOW = MONDAY
HOUR = timedelta(hours=1)


def request(**changed: Any) -> CallbackRequest:
    made = CallbackRequest(
        "r1",
        ContactPoint(PointKind.PHONE, MOBILE),
        "orders",
        CallbackSource.API,
        NOW,
        window_to=NOW + 4 * HOUR,
    )
    return replace(made, **changed)


def lead(**changed: Any) -> Lead:
    return lead_of(**{"state": LeadState.WAITING, **changed})


def keeps(name: str, **changed: Any) -> Campaign:
    made = campaign(kind=CampaignKind.CALLBACK, topics=(name,), queue=f"{name}-team")
    return replace(made, **{"id": name, "state": CampaignState.RUNNING, **changed})


def test_a_request_is_kept_by_one_campaign() -> None:
    sales = campaign(id="sales", state=CampaignState.RUNNING)
    all_of_them = [keeps("rest"), keeps("returns"), keeps("orders"), sales]

    def whose(**changed: Any) -> str | None:
        found = keeper(all_of_them, request(**changed), "rest")
        return None if found is None else found.id

    assert whose() == "orders"
    assert whose(campaign="sales") == "sales"
    assert whose(campaign="gone", topic="returns") == "returns"
    assert whose(topic="agent-anna", queue="returns-team") == "returns"
    assert whose(topic="else") == "rest"
    assert whose(state=CallbackState.KEPT) is None
    assert keeper(all_of_them, request(topic="else")) is None


@pytest.mark.parametrize(
    ("state", "whose"),
    [
        (CampaignState.DRAFT, "rest"),
        (CampaignState.RUNNING, "orders"),
        (CampaignState.PAUSED, "orders"),
        (CampaignState.FINISHED, "rest"),
    ],
)
def test_a_campaign_that_is_paused_keeps_what_is_its_own(state: CampaignState, whose: str) -> None:
    found = keeper([keeps("rest"), keeps("orders", state=state)], request(), "rest")
    assert found is not None
    assert found.id == whose


def test_of_several_the_more_important_one_keeps_it() -> None:
    first, second = keeps("orders"), keeps("later", topics=("orders",), created_at=NOW + HOUR)
    found = keeper([second, first], request())
    assert found == first
    assert keeper([first, replace(second, priority=1)], request()) == replace(second, priority=1)


def test_who_asks_anew_is_called_anew() -> None:
    tried = lead(
        state=LeadState.DONE,
        reason=Reason(ReasonCode.LEAD_CAP),
        attempts=6,
        attempts_today=1,
        today=NOW.date(),
    )
    wish = lead_callback(request())
    plan = taken(keeps("orders"), tried, wish, MOBILE, NOW)
    assert plan is not None
    assert (plan.state, plan.lead.attempts, plan.lead.attempts_today) == (LeadState.WAITING, 0, 1)
    assert plan.lead.callback == wish
    other = taken(campaign(), tried, wish, MOBILE, NOW)
    assert other is not None
    assert isinstance(other.events[0], CallbackGivenUp), "elsewhere its caps hold for all that is asked"


def test_who_wants_no_calls_is_not_called_because_a_callback_is_asked() -> None:
    stopped = lead(state=LeadState.STOPPED, reason=Reason(ReasonCode.STOP_CONTACT))
    plan = taken(keeps("orders"), stopped, lead_callback(request()), MOBILE, NOW)
    assert plan is not None
    assert plan.state is LeadState.STOPPED
    assert plan.events == (CallbackGivenUp("r1", stopped.reason),)


def test_they_are_called_at_the_number_that_they_asked_for() -> None:
    bad = lead(state=LeadState.DONE, numbers=(LeadNumber(MOBILE, state=NumberState.BAD),))
    plan = taken(keeps("orders"), bad, lead_callback(request()), MOBILE, NOW)
    assert plan is not None
    assert plan.lead.numbers[0].state is NumberState.OK
    other = taken(keeps("orders"), lead(), lead_callback(request()), "+48600000099", NOW)
    assert other is not None
    assert (other.lead.next_number, len(other.lead.numbers)) == ("+48600000099", 2)


def test_the_same_request_again_changes_nothing_and_a_moved_one_moves_the_lead() -> None:
    wish = lead_callback(request())
    waiting = lead(callback=wish, not_before=NOW + HOUR)
    assert taken(keeps("orders"), waiting, wish, MOBILE, NOW) is None
    moved = lead_callback(request(window_from=NOW + 2 * HOUR))
    plan = taken(keeps("orders"), waiting, moved, MOBILE, NOW)
    assert plan is not None
    assert plan.not_before == NOW + 2 * HOUR


def test_a_personal_one_falls_to_the_team_without_losing_its_turn() -> None:
    hers = lead_callback(request(), "anna")
    away = Reason(ReasonCode.AGENT_AWAY, {"agent": "anna"})
    waiting = lead(callback=hers, not_before=NOW + timedelta(minutes=1), reason=away)
    plan = taken(keeps("orders"), waiting, lead_callback(request()), MOBILE, NOW)
    assert plan is not None
    assert (plan.agent, plan.not_before) == (None, NOW)
    tried = lead(callback=hers, not_before=NOW + HOUR, reason=Reason(ReasonCode.RETRY))
    plan = taken(keeps("orders"), tried, lead_callback(request()), MOBILE, NOW)
    assert plan is not None
    assert plan.not_before == NOW + HOUR


def test_a_lead_whose_callback_is_over_is_over_in_a_callback_campaign_alone() -> None:
    given_up = LeadPlan(lead(), (CallbackGivenUp("r1", Reason(ReasonCode.GATE)),))
    over = settled(keeps("orders"), given_up)
    assert (over.state, over.reason.code, over.events) == (
        LeadState.DONE,
        ReasonCode.CALLBACK_OVER,
        given_up.events,
    )
    assert settled(campaign(), given_up) == given_up
    kept = LeadPlan(lead(), (CallbackKept("r1"),))
    assert settled(keeps("orders"), kept).state is LeadState.DONE
    assert settled(keeps("orders"), kept, said=True) == kept, "an agent's word holds"
    reserved = lead(state=LeadState.RESERVED, callback=lead_callback(request()), reserved_by="n1")
    ended = not_asked_any_more(keeps("orders"), reserved, NOW)
    assert ended is not None
    assert (ended.state, ended.lead.callback, ended.lead.reserved_by) == (LeadState.DONE, None, None)
    on = not_asked_any_more(campaign(), reserved, NOW)
    assert on is not None
    assert (on.state, on.lead.callback) == (LeadState.WAITING, None)
    assert not_asked_any_more(keeps("orders"), replace(reserved, state=LeadState.TALKING), NOW) is None


def test_the_gate_is_told_what_the_person_asked_for() -> None:
    def told(**changed: Any) -> Requested | None:
        return requested_by(lead(callback=lead_callback(request(**changed))))

    assert told() == Requested(NOW)
    chosen = {"window_from": NOW + HOUR, "window_to": NOW + 2 * HOUR, "person_chose": True}
    assert told(**chosen) == Requested(NOW, NOW + HOUR, NOW + 2 * HOUR)
    assert told(source=CallbackSource.MISSED) is None
    assert requested_by(lead()) is None


def test_a_callback_campaign_waits_for_people_who_ask() -> None:
    nobody = Tally(0, 0, 0)
    assert own_change(keeps("orders"), nobody, NOW) is None
    ended = own_change(campaign(state=CampaignState.RUNNING), nobody, NOW)
    assert ended is not None
