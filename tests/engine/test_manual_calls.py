"""An agent calls a customer: through the gate, their own telephone first, and never dialled twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from acd.agents import Agent, AgentState, AgentStatus
from acd.events import StatusChanged
from acd.talks import talk as asks
from acd.talks.talk import ActionRefused, Target, TargetKind
from calls.control import (
    ChannelEnded,
    ControlDropped,
    ControlLost,
    LegAnswered,
    LegRinging,
    PhoneChanged,
    RequestRefused,
)
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from compliance.facts import Mode, Purpose
from engine.desk.dialling import ManualOrder
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.flows import FlowShelf
from engine.gatekeeper import busy
from engine.placing.manual_placing import RING_SECONDS, ManualPlacing
from engine.placing.outbound import Lines
from engine.placing.own_calls import FIRST, OwnCallRules
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.engine.fake_network import channel
from tests.engine.outbound_stage import OURS, PERSON, REFUSED
from tests.engine.queue_stage import FLOW, ORDERS
from tests.engine.stage import UNKNOWN, Stage


def stage_with_browser(
    folder: Path, *, after: Stage | None = None, rules: OwnCallRules | None = None
) -> Stage:
    flows = {"front": load_flow(FLOW, "front.yaml")}
    shelf = FlowShelf(flows, {"100": "front"}, unknown=load_flow(UNKNOWN, "unknown.yaml"), region="PL")
    agents = [AgentLine(Agent("anna"), browser=True), AgentLine(Agent("jan"))]
    stage = Stage(folder, after=after, shelf=shelf, queues=[ORDERS], agents=agents, own_calls=rules)
    queues = stage.exchange.queues
    queues.desk_present("anna", True)
    stage.control.tell(PhoneChanged("anna", True))
    queues.tell(StatusChanged("anna", AgentStatus.TRAINING))
    return stage


def placing(stage: Stage, trunk: str | None = "carrier") -> ManualPlacing:
    lines = Lines(trunk=trunk, caller_id=OURS)
    return ManualPlacing(stage.exchange, stage.switchboard, stage.gate, lines)


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = stage_with_browser(tmp_path)
    yield stage
    await stage.switchboard.close()
    assert "background work failed" not in [entry["event"] for entry in logs]


ORDER = ManualOrder("m1", "anna", PERSON, Purpose.SERVICE)
CALLEE = "m1.callee"


async def dials(stage: Stage) -> str:
    """Anna hears that it rings; returns her leg."""
    await placing(stage).place(ORDER)
    await stage.until(lambda: bool(stage.control.asked("ring_phone")))
    leg = str(stage.control.asked("ring_phone")[0][0])
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: (leg, True) in stage.control.asked("ringback"))
    return leg


async def speaks(stage: Stage) -> str:
    """Anna and the customer talk."""
    leg = await dials(stage)
    stage.control.tell(LegRinging(CALLEE), LegAnswered(CALLEE))
    await stage.until(lambda: (CALLEE, 0) in stage.control.asked("guard"))
    return leg


async def test_the_agent_is_rung_then_the_customer_and_they_talk(stage: Stage) -> None:
    leg = await dials(stage)
    ((_, phone, shown, headers),) = stage.control.asked("ring_phone")
    assert (phone, shown) == ("anna", PERSON)
    assert isinstance(headers, dict)
    assert headers == {"X-Infolinia-Call": "m1", "X-Infolinia-Why": "manual", "X-Infolinia-Answer": "auto"}
    assert stage.control.asked("originate") == [(CALLEE, PERSON, OURS)]
    view = stage.switchboard.talk_of("m1")
    assert view is not None
    assert view.phase is asks.TalkPhase.DIALLING
    stage.control.tell(LegAnswered(CALLEE))
    await stage.until(lambda: (CALLEE, 0) in stage.control.asked("guard"))
    ((_, members),) = stage.control.asked("bridge")
    assert set(members) == {CALLEE, leg}  # type: ignore[call-overload]
    assert stage.control.asked("ringback") == [(leg, True), (leg, False)]
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.TALKING
    await asyncio.sleep(30)
    stage.control.tell(ChannelEnded(CALLEE, 16))
    row = await stage.over("m1")
    assert (row.outcome, row.agent, row.data["ended_by"]) == (Outcome.COMPLETED, "anna", "caller")
    assert (leg, 16) in stage.control.asked("hang_up")
    assert stage.one("m1", Kind.TALK_ENDED).data["talked_seconds"] == pytest.approx(30, abs=0.3)
    asked = stage.gate.asked[-1]
    assert (asked.mode, asked.subject) == (Mode.MANUAL, "call:m1")


async def test_hold_advice_and_transfer_of_a_customer_whom_we_called(stage: Stage) -> None:
    leg = await speaks(stage)
    await stage.switchboard.act("m1", "anna", asks.Hold())
    assert stage.control.asked("music") == [(CALLEE, True)]
    with pytest.raises(ActionRefused, match="no queue 'order'"):
        await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.QUEUE, "order")))
    stage.control.tell(PhoneChanged("jan", True))
    await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.AGENT, "jan")))
    jan = str(stage.control.asked("ring")[-1][0])
    stage.control.tell(LegAnswered(jan))
    await stage.until(lambda: (leg, 16) in stage.control.asked("hang_up"))
    stage.control.tell(ChannelEnded(jan, 16))
    row = await stage.over("m1")
    assert (row.agent, row.data["ended_by"]) == ("jan", "agent")
    assert (CALLEE, 16) in stage.control.asked("hang_up")


async def in_queue(stage: Stage, queue: str = "orders") -> None:
    await stage.until(lambda: stage.exchange.queues.waiting() == {queue: 1})
    await stage.until(lambda: stage.control.asked("music")[-1:] == [(CALLEE, True)])


async def test_a_customer_whom_we_called_is_given_to_a_queue(stage: Stage) -> None:
    leg = await speaks(stage)
    await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    await in_queue(stage)
    assert (leg, 16) in stage.control.asked("hang_up")
    assert stage.inbound("m1").guarded, "no engine, and the dialplan takes them back"
    stage.control.tell(PhoneChanged("jan", True))
    await stage.until(lambda: bool(stage.control.asked("ring")))
    jan = str(stage.control.asked("ring")[-1][0])
    stage.control.tell(LegAnswered(jan))
    await stage.until(lambda: len(stage.control.asked("bridge")) == 2)
    view = stage.switchboard.talk_of("m1")
    assert view is not None
    assert (view.agent, view.queue) == ("jan", "orders")
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.WRAP_UP
    stage.control.tell(ChannelEnded(jan, 16))
    row = await stage.over("m1")
    assert (row.agent, row.outcome) == ("jan", Outcome.TRANSFERRED)
    assert stage.control.words() == []
    assert stage.control.asked("originate") == [(CALLEE, PERSON, OURS)]


async def test_nobody_of_the_queue_has_time_for_them(stage: Stage) -> None:
    await speaks(stage)
    await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    await in_queue(stage)
    stage.exchange.queues.tell(StatusChanged("anna", AgentStatus.OFFLINE))
    row = await stage.over("m1", 900)
    assert stage.control.words()[-1] == "We are sorry, nobody can talk with you now. Goodbye."
    assert row.data["ended_by"] == "flow"


async def test_a_customer_whom_we_called_is_given_to_a_flow(stage: Stage) -> None:
    await speaks(stage)
    with pytest.raises(ActionRefused, match="no flow 'back'"):
        await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.FLOW, "back")))
    await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.FLOW, "front")))
    await in_queue(stage)
    assert stage.control.words() == ["Welcome."]
    stage.control.tell(ChannelEnded(CALLEE, 16))
    row = await stage.over("m1")
    assert stage.one("m1", Kind.FLOW_STARTED).data["flow"] == "front"
    assert (row.flow, row.data["ended_by"]) == ("front", "caller")


async def test_the_customer_of_a_lost_agent_is_told_so_and_comes_first_in_the_queue(tmp_path: Path) -> None:
    rules = OwnCallRules(wrap_up_seconds=5, lost_calls="orders")
    stage = stage_with_browser(tmp_path, rules=rules)
    leg = await speaks(stage)
    stage.control.tell(ChannelEnded(leg, 41))
    await stage.until(lambda: bool(stage.control.words()))
    assert stage.control.words() == [
        "We are sorry, the conversation was cut off. You are at the front of the queue, and the next free "
        "person will take your call."
    ]
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.WRAP_UP
    await in_queue(stage)
    ((waiting, _),) = stage.exchange.queues.waiting_in("orders")
    assert waiting.priority == FIRST
    await asyncio.sleep(6)
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.IDLE, "the wrap-up is a setting"
    stage.control.tell(ChannelEnded(CALLEE, 16))
    await stage.over("m1")
    await stage.switchboard.close()


async def test_the_customer_of_a_lost_agent_is_told_so_before_it_ends(stage: Stage) -> None:
    leg = await speaks(stage)
    stage.control.tell(ChannelEnded(leg, 44))
    row = await stage.over("m1")
    assert stage.control.words() == ["We are sorry, our colleague's line was cut off. Goodbye."]
    assert (row.outcome, row.agent) == (Outcome.COMPLETED, "anna")
    assert (CALLEE, 16) in stage.control.asked("hang_up")
    assert stage.one("m1", Kind.AGENT_LOST).data["agent"] == "anna"


@pytest.mark.parametrize("waits", [True, False])
async def test_a_customer_given_to_a_queue_waits_on_when_the_engine_dies(tmp_path: Path, waits: bool) -> None:
    before = stage_with_browser(tmp_path)
    await speaks(before)
    await before.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    await in_queue(before)
    await before.crash()
    before.exchange.queues.close()
    stage = stage_with_browser(tmp_path, after=before)
    if waits:
        await stage.connect(channel(CALLEE, dialled="s"))
        await in_queue(stage)
    else:
        await stage.connect()
    stage.control.tell(ChannelEnded(CALLEE, 16))
    row = await stage.over("m1")
    assert row.subject_id == "m1"
    assert stage.control.asked("originate") == []
    await stage.switchboard.close()


async def test_a_break_of_the_connection_changes_nothing_for_who_waits(stage: Stage) -> None:
    await speaks(stage)
    await stage.switchboard.act("m1", "anna", asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    await in_queue(stage)
    stage.control.tell(ControlDropped())
    await stage.connect(channel(CALLEE, dialled="s"))
    await in_queue(stage)
    assert stage.ledger.of_kind("m1", Kind.QUEUED), "as before"
    stage.control.tell(ChannelEnded(CALLEE, 16))
    assert (await stage.over("m1")).data["ended_by"] == "caller"


@pytest.mark.parametrize(
    ("cause", "outcome"), [(17, Outcome.BUSY), (19, Outcome.NO_ANSWER), (1, Outcome.UNALLOCATED)]
)
async def test_a_customer_who_does_not_answer(stage: Stage, cause: int, outcome: Outcome) -> None:
    leg = await dials(stage)
    stage.control.tell(LegRinging(CALLEE), ChannelEnded(CALLEE, cause))
    row = await stage.over("m1")
    assert row.outcome == outcome
    assert (leg, 16) in stage.control.asked("hang_up")


async def test_a_customer_who_talks_with_another_engine_is_busy(stage: Stage) -> None:
    stage.gate.refusal = busy(REFUSED, stage.clock.now())
    with pytest.raises(DeskRefused, match="wait for its end"):
        await placing(stage).place(ORDER)
    assert stage.control.requests == []


async def test_the_customer_has_the_whole_time_to_answer_from_the_first_ringing_on(stage: Stage) -> None:
    leg = await dials(stage)
    await asyncio.sleep(9)
    stage.control.tell(LegRinging(CALLEE))
    await asyncio.sleep(20)
    stage.control.tell(LegRinging(CALLEE))
    await asyncio.sleep(RING_SECONDS - 20.5)
    assert stage.control.asked("hang_up") == []
    await asyncio.sleep(1)
    row = await stage.over("m1")
    assert (row.outcome, row.data["cause"]) == (Outcome.NO_ANSWER, 19)
    assert (CALLEE, 16) in stage.control.asked("hang_up")
    assert (leg, 16) in stage.control.asked("hang_up")


async def test_an_agent_who_gives_up_while_it_rings(stage: Stage) -> None:
    await dials(stage)
    await stage.switchboard.act("m1", "anna", asks.HangUp())
    row = await stage.over("m1")
    assert (CALLEE, 16) in stage.control.asked("hang_up")
    assert row.data["ended_by"] == "agent"


async def test_a_page_that_does_not_answer_dials_nobody(stage: Stage) -> None:
    await placing(stage).place(ORDER)
    await stage.until(lambda: bool(stage.control.asked("ring_phone")))
    with pytest.raises(ActionRefused, match="not on the line yet"):
        await stage.switchboard.act("m1", "anna", asks.Hold())
    row = await stage.over("m1", 60)
    assert stage.control.asked("originate") == []
    assert row.outcome == Outcome.FAILED
    assert stage.one("m1", Kind.AGENT_MISSED).data["outcome"] == "no_answer"
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.IDLE


async def test_what_keeps_an_agent_from_calling(stage: Stage) -> None:
    with pytest.raises(DeskRefused, match="No trunk"):
        await placing(stage, None).place(ORDER)
    stage.gate.refusal = REFUSED
    with pytest.raises(ContactForbidden, match="night"):
        await placing(stage).place(ORDER)
    stage.gate.refusal = None
    stage.control.faults["ring_phone"] = RequestRefused("not registered")
    await placing(stage).place(ORDER)
    assert (await stage.over("m1")).outcome == Outcome.FAILED
    assert stage.control.asked("originate") == []
    assert stage.ledger.of_kind("m1", Kind.AGENT_MISSED) == [], "it did not even ring"
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.IDLE


async def test_a_customer_who_is_on_the_line_already(stage: Stage) -> None:
    await speaks(stage)
    with pytest.raises(DeskRefused, match="already"):
        await placing(stage).place(ManualOrder("m2", "jan", PERSON, Purpose.SERVICE))


async def test_a_request_that_was_lost_is_not_made_again(stage: Stage) -> None:
    stage.control.faults["originate"] = ControlLost("no answer within 3 s")
    await placing(stage).place(ORDER)
    await stage.until(lambda: bool(stage.control.asked("ring_phone")))
    leg = str(stage.control.asked("ring_phone")[0][0])
    stage.control.tell(LegAnswered(leg))
    await stage.over("m1")
    assert len(stage.control.asked("originate")) == 1
    assert {CALLEE, leg} <= {gone for gone, _ in stage.control.asked("hang_up")}


@pytest.mark.parametrize("answered", [True, False])
async def test_an_agents_call_goes_on_when_the_engine_dies(tmp_path: Path, answered: bool) -> None:
    before = stage_with_browser(tmp_path)
    leg = await (speaks(before) if answered else dials(before))
    await before.crash()
    before.exchange.queues.close()
    stage = stage_with_browser(tmp_path, after=before)
    await stage.connect(channel(CALLEE, dialled="s", answered=answered), channel(leg, dialled="s"))
    await stage.until(lambda: stage.switchboard.talk_of("m1") is not None)
    view = stage.switchboard.talk_of("m1")
    assert view is not None
    assert view.phase is (asks.TalkPhase.TALKING if answered else asks.TalkPhase.DIALLING)
    if not answered:
        stage.control.tell(LegAnswered(CALLEE))
        await stage.until(lambda: bool(stage.control.asked("bridge")))
    assert stage.control.asked("originate") == []
    stage.control.tell(ChannelEnded(leg, 16))
    assert (await stage.over("m1")).outcome == Outcome.COMPLETED
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.WRAP_UP
    await stage.switchboard.close()


async def test_of_a_call_whose_customer_was_not_dialled_yet_nothing_is_left(tmp_path: Path) -> None:
    before = stage_with_browser(tmp_path)
    await placing(before).place(ORDER)
    await before.until(lambda: bool(before.control.asked("ring_phone")))
    leg = str(before.control.asked("ring_phone")[0][0])
    await before.crash()
    before.exchange.queues.close()
    await asyncio.sleep(1)
    stage = stage_with_browser(tmp_path, after=before)
    await stage.connect(channel(leg, dialled="s"))
    assert (await stage.over("m1")).outcome == Outcome.LOST
    assert (leg, 16) in stage.control.asked("hang_up")
    assert stage.control.asked("originate") == []
    await stage.switchboard.close()
