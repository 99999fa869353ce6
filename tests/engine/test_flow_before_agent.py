"""A campaign's flow before the agent: who they are is asked first, and only then an agent is sought."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acd.agents import Agent
from acd.queues import Queue
from calls.call import fold
from calls.control import ChannelEnded, KeyPressed, LegAnswered, LegRinging
from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from compliance.facts import Mode, Purpose
from dialer.accounting import with_attempt_counted
from dialer.attempt import Attempt
from dialer.lead import Lead, LeadNumber
from dialer.recycling import BestTime
from dialer.results import AttemptResult
from engine.call_log import CallLog
from engine.dialling.attempt_folding import attempt_after
from engine.dialling.campaign_dial import CampaignDial, received_of_campaign
from engine.dialling.flights import Flight, Flights
from engine.flows import FlowShelf
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.engine.fake_network import channel
from tests.engine.queue_stage import log_in
from tests.engine.stage import NODE, UNKNOWN, Stage

PERSON, OURS, CALL = "+48600000020", "+48220000010", "out1"
CHANNEL = f"{CALL}.callee"
VERIFY = """
flow: verify
languages: [en]
always: {agent: agents, trouble: bye}
use: {queues: [sales]}
takes: [name]
start: who
steps:
  who:
    menu:
      prompt: {en: "Is this {name}? For yes, press 1."}
      choices:
        1: {next: agents}
        2: {next: bye}
    otherwise: bye
  agents:
    queue: {name: sales, max_wait: 1m}
    next: bye
    timeout: bye
    closed: bye
    full: bye
    nobody: bye
  bye: {hangup: normal}
"""
NOBODY = """
flow: nobody-free
languages: [en]
always: {agent: bye, trouble: bye}
start: sorry
steps:
  sorry: {say: {text: {en: "Nobody is free."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
DIAL = CampaignDial(
    "spring",
    PERSON,
    OURS,
    25,
    "sales",
    message="nobody-free",
    language="en",
    flow="verify",
    variables={"name": "Jan"},
    before_agent=True,
)


def stage_of(folder: Path, after: Stage | None = None) -> Stage:
    flows = {
        name: load_flow(text, f"{name}.yaml") for name, text in (("verify", VERIFY), ("nobody-free", NOBODY))
    }
    stage = Stage(
        folder,
        after=after,
        shelf=FlowShelf(flows, {}, unknown=load_flow(UNKNOWN, "unknown.yaml"), region="PL"),
        queues=[Queue("sales", wrap_up_seconds=5.0)],
        agents=[AgentLine(Agent("anna"))],
    )
    stage.crew.start()
    return stage


def staffed(stage: Stage) -> None:
    log_in(stage, "anna")
    stage.crew.assign({"anna": "spring"})


async def rings(stage: Stage) -> CallLog:
    call_log = stage.exchange.call_log(CALL)
    first = received_of_campaign(
        CALL, DIAL, purpose=Purpose.COLLECTIONS, mode=Mode.PROGRESSIVE, debt=None, node=NODE
    )
    await call_log.begin(first)
    stage.switchboard.dial(call_log, DIAL)
    await stage.until(lambda: bool(stage.control.asked("originate")))
    return call_log


async def asked_who_they_are(stage: Stage) -> CallLog:
    call_log = await rings(stage)
    stage.control.tell(LegRinging(CHANNEL), LegAnswered(CHANNEL))
    await stage.until(lambda: "Is this Jan? For yes, press 1." in stage.control.words())
    return call_log


async def agent_answers(stage: Stage) -> str:
    await stage.until(lambda: bool(stage.control.asked("ring")))
    leg = str(stage.control.asked("ring")[-1][0])
    stage.control.tell(LegRinging(leg), LegAnswered(leg))
    await stage.until(lambda: Kind.AGENT_CONNECTED in stage.ledger.kinds(CALL))
    return leg


def attempt(stage: Stage) -> Attempt:
    begun = Attempt(CALL, "lead", "spring", "contact", PERSON, OURS, Mode.PROGRESSIVE, stage.clock.now())
    return attempt_after(begun, stage.ledger.log[CALL])


async def over(stage: Stage) -> Attempt:
    await stage.until(lambda: Kind.ENDED in stage.ledger.kinds(CALL))
    return attempt(stage)


async def test_who_says_that_it_is_them_gets_the_campaigns_agent(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    staffed(stage)
    await asked_who_they_are(stage)
    assert not stage.control.asked("ring")
    stage.control.tell(KeyPressed(CHANNEL, "1"))
    leg = await agent_answers(stage)
    assert {CHANNEL, leg} in [set(members) for _, members in stage.control.asked("bridge")]  # type: ignore[call-overload]
    assert Kind.QUEUED not in stage.ledger.kinds(CALL)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, ended.agent, ended.abandoned) == (AttemptResult.ANSWERED, "anna", False)


async def test_somebody_else_takes_no_agent_and_is_not_abandoned(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    staffed(stage)
    await asked_who_they_are(stage)
    stage.control.tell(KeyPressed(CHANNEL, "2"))
    ended = await over(stage)
    assert (ended.result, ended.abandoned, ended.conversation) == (AttemptResult.ANSWERED, False, True)
    assert not stage.control.asked("ring")
    assert stage.crew.free("anna")


def test_what_a_flow_finds_of_who_they_are_is_on_the_attempt_and_its_lead() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    begun = Attempt(CALL, "lead", "spring", "contact", PERSON, OURS, Mode.PROGRESSIVE, at, answered_at=at)
    assert begun.verified is None
    found = {"by": "debt", "passed": False}
    ended = {"by": "flow", "cause": 16, "outcome": "completed"}
    told = (CallEvent(CALL, 3, at, Kind.IDENTITY_CHECKED, found), CallEvent(CALL, 4, at, Kind.ENDED, ended))
    after = attempt_after(begun, told)
    assert after.verified is False
    lead = Lead("lead", "spring", "contact", (LeadNumber(PERSON),), at)
    counted = with_attempt_counted(lead, after, BestTime(), UTC)
    assert counted.last_verified is False
    unasked = with_attempt_counted(counted, replace(after, verified=None), BestTime(), UTC)
    assert unasked.last_verified is False


async def test_with_nobody_free_in_time_they_hear_the_message(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await asked_who_they_are(stage)
    stage.control.tell(KeyPressed(CHANNEL, "1"))
    ended = await over(stage)
    assert "Nobody is free." in stage.control.words()
    assert (ended.result, ended.abandoned) == (AttemptResult.ANSWERED, True)


async def test_the_pacer_sees_whoever_waits_for_an_agent_and_nobody_before(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    call_log = await asked_who_they_are(stage)
    flights = Flights(lambda moment: moment.timestamp())
    flights.add(Flight(replace(attempt(stage), ended_at=None), call_log))
    (view,), _ = flights.look(0.0)
    assert view.stage == "detecting"
    stage.control.tell(KeyPressed(CHANNEL, "1"))
    await stage.until(lambda: _given(call_log.events) is not None)
    (view,), _ = flights.look(0.0)
    given = _given(call_log.events)
    assert given is not None
    assert (view.stage, view.since) == ("waiting", given.at.timestamp())


def _given(events: list[CallEvent]) -> CallEvent | None:
    return next((one for one in events if one.data.get("verb") == "queue"), None)


@pytest.mark.parametrize("talks", [False, True])
async def test_an_engine_that_dies_goes_on_where_they_were(tmp_path: Path, talks: bool) -> None:
    stage = stage_of(tmp_path)
    staffed(stage)
    await asked_who_they_are(stage)
    leg = ""
    if talks:
        stage.control.tell(KeyPressed(CHANNEL, "1"))
        leg = await agent_answers(stage)
    await stage.crash()
    stage.ledger.calls[CALL] = fold(stage.ledger.log[CALL])
    later = stage_of(tmp_path, after=stage)
    staffed(later)
    await later.connect(*[channel(one) for one in (CHANNEL, leg) if one])
    if talks:
        await later.until(lambda: later.switchboard.talk_of(CALL) is not None)
        assert not later.control.asked("ring")
    else:
        await later.until(lambda: "Is this Jan? For yes, press 1." in later.control.words())
        later.control.tell(KeyPressed(CHANNEL, "1"))
        await agent_answers(later)
    assert not later.control.asked("originate")
    later.control.tell(ChannelEnded(CHANNEL, 16))
    assert (await over(later)).agent == "anna"


async def test_a_flow_that_is_taken_away_while_it_rings_is_heard_all_the_same(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await rings(stage)
    stage.exchange.flows.replace({}, stage.exchange.flows.unknown)
    stage.control.tell(LegRinging(CHANNEL), LegAnswered(CHANNEL))
    await stage.until(lambda: "Is this Jan? For yes, press 1." in stage.control.words())
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    await over(stage)


async def test_a_flow_that_is_gone_after_a_restart_leaves_nobody_in_silence(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    await rings(before)
    await before.crash()
    stage = stage_of(tmp_path, after=before)
    stage.exchange.flows.replace({}, stage.exchange.flows.unknown)
    staffed(stage)
    await stage.connect(channel(CHANNEL, dialled="", answered=True))
    await agent_answers(stage)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    assert (await over(stage)).agent == "anna"
