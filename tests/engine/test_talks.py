"""What agents do with a caller on the line, on a hotline of fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from acd.agents import AgentState
from acd.talks import talk as asks
from acd.talks.talk import ActionRefused, Target, TargetKind
from calls.control import ChannelEnded, LegAnswered
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from tests.engine.queue_stage import log_in, rung, stage_of, talks
from tests.engine.stage import Stage
from tests.engine.talk_stage import JAN, NUMBER, consults, layout, other_leg, together


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = stage_of(tmp_path)
    yield stage
    await stage.switchboard.close()
    assert "background work failed" not in [entry["event"] for entry in logs]


async def test_on_hold_the_caller_hears_music_and_the_agent_nothing(stage: Stage) -> None:
    call_id, leg = await talks(stage)
    await stage.switchboard.act(call_id, "anna", asks.Hold())
    assert layout(stage) == ({leg.replace(".leg.", ".talk."): {"caller"}}, True)
    assert stage.inbound(call_id).guarded, "a caller who hears music alone is not left so for good"
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.HOLD
    await asyncio.sleep(20)
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert (view.phase, view.agent, view.queue) == (asks.TalkPhase.HELD, "anna", "orders")
    assert view.held_seconds == pytest.approx(20, abs=0.2)
    with pytest.raises(ActionRefused, match="on hold while the customer is on hold"):
        await stage.switchboard.act(call_id, "anna", asks.Hold())
    await stage.switchboard.act(call_id, "anna", asks.Resume())
    assert together(stage) == [{"caller", leg}]
    assert not layout(stage)[1]
    assert stage.control.asked("guard")[-1] == ("caller", 0)
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.TALKING
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.over(call_id)
    assert stage.one(call_id, Kind.TALK_RESUMED).data["seconds"] == pytest.approx(20, abs=0.2)
    ended = stage.one(call_id, Kind.TALK_ENDED).data
    assert (ended["agent"], ended["by"]) == ("anna", "agent")
    assert ended["held_seconds"] == pytest.approx(20, abs=0.2)


async def test_keys_and_mute(stage: Stage) -> None:
    call_id, leg = await talks(stage)
    await stage.switchboard.act(call_id, "anna", asks.SendKeys("12#"))
    await stage.switchboard.act(call_id, "anna", asks.Mute(True))
    assert stage.control.asked("send_keys") == [("caller", "12#")]
    assert stage.control.asked("mute") == [(leg, True)]
    assert stage.one(call_id, Kind.KEYS_SENT).data == {"agent": "anna", "keys": "***"}
    with pytest.raises(ActionRefused, match="Only the keys"):
        await stage.switchboard.act(call_id, "anna", asks.SendKeys("12 call me"))
    with pytest.raises(ActionRefused, match="not in this talk"):
        await stage.switchboard.act(call_id, "jan", asks.HangUp())
    with pytest.raises(ActionRefused, match="over"):
        await stage.switchboard.act("another", "anna", asks.Hold())


async def test_advice_and_an_attended_transfer(stage: Stage) -> None:
    call_id, anna, jan = await consults(stage)
    assert layout(stage)[1]
    assert {"caller"} in together(stage)
    assert stage.exchange.queues.agent_views()["jan"].state is AgentState.TALKING
    await stage.switchboard.act(call_id, "anna", asks.CompleteTransfer())
    await stage.until(lambda: (anna, 16) in stage.control.asked("hang_up"))
    assert together(stage) == [{"caller", jan}]
    assert not layout(stage)[1]
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.agent == "jan"
    await asyncio.sleep(1)
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.WRAP_UP
    await stage.switchboard.act(call_id, "jan", asks.HangUp())
    row = await stage.over(call_id)
    assert (row.outcome, row.agent) == (Outcome.TRANSFERRED, "jan")
    assert stage.control.words()[-1] == "Thank you."
    parts = stage.ledger.of_kind(call_id, Kind.TALK_ENDED)
    assert [(p["agent"], p["by"]) for p in parts] == [("anna", "transfer"), ("jan", "agent")]
    assert stage.one(call_id, Kind.TRANSFERRED).data["how"] == "attended"


async def test_all_three_talk_and_the_agent_leaves_first(stage: Stage) -> None:
    call_id, anna, jan = await consults(stage)
    await stage.switchboard.act(call_id, "anna", asks.Conference())
    assert together(stage) == [{"caller", anna, jan}]
    stage.control.tell(ChannelEnded(anna, 16))
    await stage.until(lambda: len(stage.ledger.of_kind(call_id, Kind.TRANSFERRED)) == 1)
    assert together(stage) == [{"caller", jan}]
    stage.hang_up()
    await stage.over(call_id)
    assert (jan, 16) in stage.control.asked("hang_up")


async def test_the_third_leaves_the_conference(stage: Stage) -> None:
    call_id, anna, jan = await consults(stage)
    await stage.switchboard.act(call_id, "anna", asks.Conference())
    await stage.switchboard.act(call_id, "anna", asks.DropParty(jan))
    assert together(stage) == [{"caller", anna}]
    assert stage.exchange.queues.agent_views()["jan"].state is AgentState.IDLE
    assert (jan, 16) in stage.control.asked("hang_up")


@pytest.mark.parametrize("target", [JAN, NUMBER])
async def test_advice_that_does_not_come_leaves_the_caller_on_hold(stage: Stage, target: Target) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Consult(target))
    leg = other_leg(stage)
    assert stage.control.asked("ringback") == [(anna, True)]
    stage.control.tell(ChannelEnded(leg, 17))
    await stage.until(lambda: (anna, False) in stage.control.asked("ringback"))
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.phase is asks.TalkPhase.HELD
    assert stage.one(call_id, Kind.CONSULT_ENDED).data["outcome"] == "busy"
    await stage.switchboard.act(call_id, "anna", asks.Resume())
    assert together(stage) == [{"caller", anna}]


async def test_called_off_the_agent_is_back_with_the_caller(stage: Stage) -> None:
    call_id, anna, jan = await consults(stage)
    await stage.switchboard.act(call_id, "anna", asks.CancelConsult())
    assert together(stage) == [{"caller", anna}]
    assert not layout(stage)[1]
    assert (jan, 16) in stage.control.asked("hang_up")
    assert stage.exchange.queues.agent_views()["jan"].state is AgentState.IDLE


@pytest.mark.parametrize("target", [JAN, NUMBER])
async def test_an_unannounced_transfer(stage: Stage, target: Target) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Transfer(target))
    assert layout(stage)[1]
    leg = other_leg(stage)
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: (anna, 16) in stage.control.asked("hang_up"))
    assert together(stage) == [{"caller", leg}]
    assert not stage.inbound(call_id).guarded
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert stage.control.words()[-1] == "Thank you."
    assert row.agent == ("jan" if target is JAN else "anna")
    assert stage.one(call_id, Kind.TRANSFERRED).data["how"] == "blind"


async def test_an_unannounced_transfer_that_nobody_answers_comes_back(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Transfer(JAN))
    stage.control.tell(ChannelEnded(other_leg(stage), 19))
    await stage.until(lambda: together(stage) == [{"caller", anna}])
    assert stage.one(call_id, Kind.CONSULT_ENDED).data["outcome"] == "no_answer"


async def test_an_agent_who_leaves_while_it_rings_and_nobody_answers(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Transfer(JAN))
    jan = other_leg(stage)
    stage.control.tell(ChannelEnded(anna, 16))
    await stage.until(lambda: len(stage.ledger.of_kind(call_id, Kind.TALK_ENDED)) == 1)
    assert layout(stage)[1], "the caller is not dropped"
    stage.control.tell(ChannelEnded(jan, 19))
    await stage.until(lambda: any("front of the queue" in words for words in stage.control.words()))
    leg, agent = await rung(stage, 3)
    assert agent == "jan", "Anna wraps up"
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: together(stage) == [{"caller", leg}])


async def test_a_ringing_of_which_nothing_is_told_is_given_up(stage: Stage) -> None:
    call_id, _ = await talks(stage)
    await stage.switchboard.act(call_id, "anna", asks.Consult(NUMBER))
    leg = other_leg(stage)
    await asyncio.sleep(40)
    assert (leg, 16) in stage.control.asked("hang_up")
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.phase is asks.TalkPhase.HELD


async def test_given_to_a_queue(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    await stage.switchboard.act(call_id, "anna", asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    leg, agent = await rung(stage, 2)
    assert agent == "jan"
    assert layout(stage)[1]
    assert (anna, 16) in stage.control.asked("hang_up")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: together(stage) == [{"caller", leg}])
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.over(call_id)
    assert [d["outcome"] for d in stage.ledger.of_kind(call_id, Kind.QUEUE_LEFT)] == ["next", "next"]
    assert stage.control.words()[-1] == "Thank you."


async def test_given_to_a_flow(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    await stage.switchboard.act(call_id, "anna", asks.Transfer(Target(TargetKind.FLOW, "front")))
    await stage.until(lambda: stage.control.words().count("Welcome.") == 2)
    assert (anna, 16) in stage.control.asked("hang_up")
    assert together(stage) == []
    assert len(stage.ledger.of_kind(call_id, Kind.FLOW_STARTED)) == 2
    stage.hang_up()
    await stage.over(call_id)
