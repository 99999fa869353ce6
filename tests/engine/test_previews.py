"""Leads that agents look at before they call: handed out one by one, called, skipped, or given back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acd.agents import AgentStatus
from acd.events import CallerJoined, StatusChanged
from acd.work import Waiting
from calls.control import ChannelEnded
from compliance.decision import Decision
from compliance.facts import Mode
from dialer.campaign import Campaign
from dialer.lead import LeadState
from dialer.preview import PreviewEnd, PreviewPolicy
from dialer.reasons import ReasonCode
from dialer.recycling import RetryRules
from dialer.results import AttemptResult
from engine.desk.previews import Preview
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.dialling.preview_board import PreviewBoard
from tests.engine.dialling_stage import Fate, Office, numbers, office, spring


def looked_at(preview_seconds: int = 60, **policy: Any) -> Campaign:
    return spring(
        mode=Mode.PREVIEW,
        preview_seconds=preview_seconds,
        preview=PreviewPolicy(**policy),
        retry=RetryRules(),
    )


def staffed(
    folder: Path, campaign: Campaign, count: int, *agents: str, after: Office | None = None
) -> Office:
    at = office(folder, agents=agents, after=after)
    at.means.previews.attend(lambda agent: True, lambda agent: None)
    if after is None:
        at.put(campaign, *numbers(count))
    at.log_in(*agents)
    at.start()
    return at


def board(at: Office) -> PreviewBoard:
    return at.means.previews


async def shown(at: Office, agent: str = "anna") -> Preview:
    await at.until(lambda: board(at).of(agent) is not None, 60)
    preview = board(at).of(agent)
    assert preview is not None
    return preview


async def test_nobody_is_called_before_an_agent_says_so_and_no_lead_is_anothers(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 3, "anna", "jan")
    first, second = await shown(at, "anna"), await shown(at, "jan")
    assert first.lead.id != second.lead.id
    assert (first.until - first.since).total_seconds() == 60
    await at.pass_by(30)
    assert at.public.dialled == []
    assert at.lead(3).state is LeadState.WAITING
    assert (at.dialler.explain("autumn") or {})["held"]["code"] == "preview"
    await at.stop()


async def test_a_call_is_the_agents_own_with_its_attempt_and_the_lead_planned(tmp_path: Path) -> None:
    at = staffed(tmp_path, replace(looked_at(), dispositions=("sale",)), 1, "anna")
    at.public.usual = Fate(rings=4, holds=20)
    preview = await shown(at)
    call_id = await board(at).call("anna", preview.lead.id)
    assert board(at).of("anna") is None
    assert at.lead(1).state is LeadState.DIALLING
    await at.until(lambda: at.lead(1).attempts == 1)
    attempt = at.books.attempts[call_id]
    assert (attempt.agent, attempt.mode, attempt.result) == ("anna", Mode.PREVIEW, AttemptResult.ANSWERED)
    assert attempt.conversation
    assert attempt.dialled_at is not None
    assert at.public.dialled == [preview.number]
    first = at.stage.ledger.log[call_id][0].data
    assert (first["campaign"], first["dispositions"]) == ("autumn", ["sale"])
    await at.stop()


async def test_who_does_not_answer_is_called_again_by_the_campaigns_rules(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 1, "anna")
    at.public.usual = Fate(rings=4, holds=None, cause=19)
    preview = await shown(at)
    await board(at).call("anna", preview.lead.id)
    await at.until(lambda: at.lead(1).attempts == 1)
    assert at.lead(1).last_outcome is AttemptResult.NO_ANSWER
    assert at.lead(1).state is LeadState.WAITING
    assert at.lead(1).not_before is not None
    await at.stop()


async def test_an_agent_who_gives_up_while_it_rings_has_burnt_no_network(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 1, "anna")
    at.public.usual = Fate(rings=60)
    preview = await shown(at)
    call_id = await board(at).call("anna", preview.lead.id)
    await at.until(lambda: at.books.attempts[call_id].ringing_at is not None, 60)
    leg = str(at.stage.control.asked("ring")[-1][0])
    at.stage.control.tell(ChannelEnded(leg, 16))
    await at.until(lambda: at.books.attempts[call_id].ended_at is not None, 60)
    assert at.books.attempts[call_id].result is AttemptResult.CANCELLED
    await at.stop()


async def test_a_skip_counts_and_the_lead_waits(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(skip_seconds=7200), 2, "anna")
    preview = await shown(at)
    before = at.stage.clock.now()
    with pytest.raises(DeskRefused, match="Say why"):
        await board(at).skip("anna", preview.lead.id, "  ")
    await board(at).skip("anna", preview.lead.id, "wrong  hour.")
    lead = at.books.leads[preview.lead.id]
    assert (lead.skips, lead.state, lead.attempts) == (1, LeadState.WAITING, 0)
    assert lead.reason.data["why"] == "wrong hour"
    assert lead.reason.data["agent"] == "anna"
    ((action, subject, data),) = [(one.action, one.subject, one.data) for one in at.books.notes]
    assert (action, subject) == ("lead.skipped", f"lead:{lead.id}")
    assert data == {"campaign": "autumn", "agent": "anna", "why": "wrong hour."}
    assert lead.not_before is not None
    assert timedelta(0) <= lead.not_before - before - timedelta(hours=2) < timedelta(seconds=5)
    following = await shown(at)
    assert following.lead.id != preview.lead.id
    assert at.public.dialled == []
    await at.stop()


async def test_who_lets_the_time_pass_pauses_and_the_lead_is_skipped(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(20), 2, "anna")
    preview = await shown(at)
    await at.until(lambda: at.books.leads[preview.lead.id].skips == 1, 30)
    seat = at.stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert seat.status is AgentStatus.MISSED
    await at.pass_by(30)
    assert board(at).of("anna") is None
    assert sum(lead.skips for lead in at.books.leads.values()) == 1
    await at.stop()


async def test_or_the_lead_is_called_where_the_campaign_says_so(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(20, end=PreviewEnd.CALL), 1, "anna")
    preview = await shown(at)
    await at.until(lambda: at.public.dialled == [preview.number], 30)
    await at.until(lambda: at.lead(1).attempts == 1)
    await at.stop()


async def test_what_the_gate_refuses_is_told_and_another_lead_comes(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 2, "anna")
    preview = await shown(at)
    until = at.stage.clock.now() + timedelta(hours=9)
    at.stage.gate.refusal = Decision(False, "pl-hours/day", "Nobody is called on Sundays", until, ())
    with pytest.raises(ContactForbidden, match="Sundays"):
        await board(at).call("anna", preview.lead.id)
    refused = at.books.leads[preview.lead.id]
    assert (refused.state, refused.reason.code) == (LeadState.WAITING, ReasonCode.GATE)
    assert (await shown(at)).lead.id != preview.lead.id
    assert at.public.dialled == []
    await at.stop()


@pytest.mark.parametrize("leaves", ["break", "desk", "caller", "pause"])
async def test_a_lead_goes_back_when_its_agent_is_at_other_things(tmp_path: Path, leaves: str) -> None:
    at = staffed(tmp_path, looked_at(), 1, "anna")
    preview = await shown(at)
    queues = at.stage.exchange.queues
    match leaves:
        case "break":
            queues.tell(StatusChanged("anna", AgentStatus.BREAK, "lunch"))
        case "desk":
            board(at).attend(lambda agent: False, lambda agent: None)
        case "caller":
            queues.tell(CallerJoined(Waiting("in1", "sales", at.stage.clock.now()), True))
        case "pause":
            campaign = at.books.campaigns["autumn"]
            at.books.campaigns["autumn"] = replace(campaign, state=type(campaign.state)("paused"))
    await at.until(lambda: at.lead(1).state is LeadState.WAITING, 60)
    assert board(at).of("anna") is None
    assert at.lead(1).skips == 0
    with pytest.raises(DeskRefused, match="not here any more"):
        await board(at).call("anna", preview.lead.id)
    assert at.public.dialled == []
    await at.stop()


async def test_a_lead_that_an_engine_died_with_comes_again(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(20), 1, "anna")
    await shown(at)
    await at.crash()
    later = staffed(tmp_path, looked_at(20), 1, "anna", after=at)
    await later.stage.connect()
    preview = await shown(later)
    assert preview.lead.id == "autumn-1"
    await later.stop()


async def test_an_engine_that_ends_gives_its_leads_back_at_once(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 2, "anna", "jan")
    await shown(at, "anna")
    await shown(at, "jan")
    await at.stop()
    assert {lead.state for lead in at.books.leads.values()} == {LeadState.WAITING}


async def test_a_lead_is_called_once_however_often_it_is_pressed(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 1, "anna")
    preview = await shown(at)
    done = await asyncio.gather(
        *(board(at).call("anna", preview.lead.id) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, str) for one in done) == 1
    await at.until(lambda: at.lead(1).attempts == 1)
    assert len(at.public.dialled) == 1
    await at.stop()


async def test_a_lead_that_was_changed_meanwhile_is_called_or_skipped_as_it_is_now(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 2, "anna")
    preview = await shown(at)
    lead = at.books.leads[preview.lead.id]
    at.books.leads[lead.id] = replace(lead, priority=9, version=lead.version + 1)
    await board(at).skip("anna", lead.id, "wrong hour")
    assert (at.books.leads[lead.id].state, at.books.leads[lead.id].priority) == (LeadState.WAITING, 9)
    following = await shown(at)
    lead = at.books.leads[following.lead.id]
    at.books.leads[lead.id] = replace(lead, priority=9, version=lead.version + 1)
    await board(at).call("anna", lead.id)
    await at.until(lambda: at.public.dialled == [following.number], 30)
    await at.stop()


async def test_a_lead_that_was_stopped_meanwhile_is_not_called(tmp_path: Path) -> None:
    at = staffed(tmp_path, looked_at(), 1, "anna")
    preview = await shown(at)
    lead = at.books.leads[preview.lead.id]
    at.books.leads[lead.id] = replace(lead, state=LeadState.STOPPED, version=lead.version + 1)
    with pytest.raises(DeskRefused, match="not here any more"):
        await board(at).call("anna", preview.lead.id)
    assert board(at).of("anna") is None
    assert at.public.dialled == []
    await at.stop()
