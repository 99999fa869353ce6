"""What may become of leads, campaigns and debts: tables that say yes or no to everything."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from dialer import campaign as campaigns
from dialer import lead as leads
from dialer.campaign import CampaignMove, CampaignState, Cause, Change, WrongChange, changed
from dialer.debts import debt as debts
from dialer.lead import LeadMove, LeadState, WrongMove, moved
from dialer.reasons import Reason, ReasonCode, sentence
from tests.dialer.leads_and_calls import MONDAY, campaign


@pytest.mark.parametrize(("state", "move"), [*product(LeadState, LeadMove)])
def test_every_move_of_a_lead_is_one_or_is_refused_with_a_sentence(state: LeadState, move: LeadMove) -> None:
    after = leads.TRANSITIONS.get((state, move))
    if after is not None:
        assert moved(state, move) is after
        return
    with pytest.raises(WrongMove, match=rf"^A lead that is {state} cannot {move}; what it can is .+\.$"):
        moved(state, move)


def test_a_lead_that_is_somebodys_comes_free_and_one_that_is_over_comes_back() -> None:
    for state in leads.BUSY:
        ends = {leads.TRANSITIONS[at, move] for at, move in leads.TRANSITIONS if at is state}
        assert ends & {LeadState.WAITING, LeadState.WRAP_UP}
    for state in leads.OVER:
        assert moved(state, LeadMove.REOPEN) is LeadState.WAITING


@pytest.mark.parametrize(("state", "move"), [*product(CampaignState, CampaignMove)])
def test_every_change_of_a_campaign(state: CampaignState, move: CampaignMove) -> None:
    change = Change(move, MONDAY + timedelta(hours=1), "person:1", note="because")
    before = campaign(state=state)
    after = campaigns.TRANSITIONS.get((state, move))
    if after is None:
        with pytest.raises(WrongChange, match=rf"^Campaign 'autumn' is {state}; what it can is .+\.$"):
            changed(before, change)
        return
    now = changed(before, change)
    assert (now.state, now.state_by, now.state_note, now.version) == (after, "person:1", "because", 2)
    assert now.state_since == now.updated_at == change.at
    assert (now.finished_at is not None) == (after is CampaignState.FINISHED)


def test_the_system_stops_campaigns_and_starts_none() -> None:
    stopped = changed(campaign(), Change(CampaignMove.PAUSE, MONDAY, "system", Cause.ALL_REFUSED))
    assert stopped.state_cause is Cause.ALL_REFUSED
    with pytest.raises(WrongChange, match="Only a person can resume a campaign"):
        changed(stopped, Change(CampaignMove.RESUME, MONDAY, "system", Cause.GOAL))


@pytest.mark.parametrize(("state", "move"), [*product(debts.DebtState, debts.DebtMove)])
def test_every_move_of_a_debt(state: debts.DebtState, move: debts.DebtMove) -> None:
    debt = debts.Debt("d1", "c1", "R-1", 100_00, "PLN", MONDAY.date(), MONDAY, state=state)
    after = debts.TRANSITIONS.get((state, move))
    if after is None:
        with pytest.raises(debts.WrongDebtMove, match=rf"^Debt 'R-1' is {state}; what it can is .+\.$"):
            debts.moved(debt, move, MONDAY, "person:1")
    else:
        now = debts.moved(debt, move, MONDAY, "person:1")
        assert (now.state, now.since, now.by, now.version) == (after, MONDAY, "person:1", 2)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence_that_needs_no_data(code: ReasonCode) -> None:
    words = sentence(Reason(code))
    assert words.endswith(".")
    assert "{" not in words
