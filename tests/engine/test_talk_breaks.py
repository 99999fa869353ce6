"""A talk that is held, or in which advice is asked, when the engine, Asterisk or the connection dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from acd.agents import AgentState
from acd.talks import talk as asks
from acd.talks.talk import Action, Target, TargetKind
from calls.control import CallArrived, ChannelEnded, ChannelGone, LegAnswered
from calls.events import CallEventKind as Kind
from tests.engine.fake_network import channel
from tests.engine.queue_stage import log_in, rung, stage_of, talks
from tests.engine.stage import CALLER, Stage

JAN = Target(TargetKind.AGENT, "jan")
NUMBER = Target(TargetKind.NUMBER, "+48220000020")


async def restarted(before: Stage) -> Stage:
    await before.crash()
    before.exchange.queues.close()
    await asyncio.sleep(5)
    return stage_of(before.folder, after=before)


async def in_phase(stage: Stage, *actions: Action, answered: bool = True) -> tuple[str, str, str]:
    """A talk in which Anna has done this: (call, her leg, the other's leg or "")."""
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    leg = ""
    for action in actions:
        await stage.switchboard.act(call_id, "anna", action)
        if isinstance(action, asks.Consult | asks.Transfer):
            rung_legs = [r for r in stage.control.requests if r[0] in ("ring", "originate")]
            leg = str(rung_legs[-1][1])
            if answered:
                stage.control.tell(LegAnswered(leg))
                await asyncio.sleep(0.5)
    return call_id, anna, leg


def phase_of(stage: Stage, call_id: str) -> asks.TalkPhase | None:
    view = stage.switchboard.talk_of(call_id)
    return None if view is None else view.phase


async def test_a_caller_on_hold_stays_there_when_the_engine_dies(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, _ = await in_phase(before, asks.Hold())
    stage = await restarted(before)
    stage.control.faults["take_out"] = ChannelGone("she is not in the room")  # since before, as it was done
    await stage.connect(channel("caller"), channel(anna, dialled="s"))
    log_in(stage, "anna")
    await stage.until(lambda: stage.control.names().count("music") == 1)
    main = anna.replace(".leg.", ".talk.")
    assert stage.control.asked("take_out") == [(anna, main)]
    assert stage.control.asked("music") == [("caller", True)]
    assert phase_of(stage, call_id) is asks.TalkPhase.HELD
    assert stage.inbound(call_id).guarded
    assert stage.exchange.queues.agent_views()["anna"].state is AgentState.HOLD
    await stage.switchboard.act(call_id, "anna", asks.Resume())
    assert stage.control.asked("move") == [(anna, main)]
    stage.control.tell(ChannelEnded(anna, 16))
    await stage.over(call_id)
    assert stage.one(call_id, Kind.TALK_ENDED).data["held_seconds"] == pytest.approx(5, abs=0.5)
    await stage.switchboard.close()


async def test_advice_goes_on_when_the_engine_dies(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, jan = await in_phase(before, asks.Consult(JAN))
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(anna, dialled="s"), channel(jan, dialled="s"))
    await stage.until(lambda: phase_of(stage, call_id) is asks.TalkPhase.CONSULTING)
    assert {view.name for view in stage.exchange.queues.agent_views().values() if view.work} == {
        "anna",
        "jan",
    }
    await stage.until(lambda: bool(stage.control.asked("music")))
    await stage.switchboard.act(call_id, "anna", asks.CompleteTransfer())
    assert stage.control.asked("move") == [(jan, anna.replace(".leg.", ".talk."))]
    assert (anna, 16) in stage.control.asked("hang_up")
    stage.control.tell(ChannelEnded(jan, 16))
    assert (await stage.over(call_id)).agent == "jan"
    await stage.switchboard.close()


async def test_a_supervisor_of_before_is_no_longer_on_the_line(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, _ = await in_phase(before)
    supervisor, ear = f"{call_id}.sup.9", f"{call_id}.snoop.10"
    stage = await restarted(before)
    await stage.connect(*(channel(leg, dialled="s") for leg in ("caller", anna, supervisor, ear)))
    await stage.until(lambda: stage.switchboard.talk_of(call_id) is not None)
    assert {leg for leg, _ in stage.control.asked("hang_up")} == {supervisor, ear}
    await stage.switchboard.close()


async def test_a_conference_goes_on_when_the_engine_dies(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, jan = await in_phase(before, asks.Consult(JAN), asks.Conference())
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(anna, dialled="s"), channel(jan, dialled="s"))
    await stage.until(lambda: stage.control.names() == ["guard"])
    assert phase_of(stage, call_id) is asks.TalkPhase.CONFERENCE
    await asyncio.sleep(10)
    assert stage.control.names() == ["guard"], "they are left in peace"
    stage.control.tell(ChannelEnded(anna, 16))
    await stage.until(lambda: len(stage.ledger.of_kind(call_id, Kind.TRANSFERRED)) == 1)
    stage.hang_up()
    await stage.over(call_id)
    await stage.switchboard.close()


async def test_who_was_still_rung_is_rung_no_more(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, jan = await in_phase(before, asks.Transfer(JAN), answered=False)
    stage = await restarted(before)
    await stage.connect(
        channel("caller"), channel(anna, dialled="s"), channel(jan, dialled="s", answered=False)
    )
    await stage.until(lambda: (jan, 16) in stage.control.asked("hang_up"))
    assert phase_of(stage, call_id) is asks.TalkPhase.TALKING
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    assert stage.control.asked("bridge")[-1][1] == ("caller", anna)
    assert stage.control.asked("music")[-1] == ("caller", False)
    await stage.switchboard.close()


async def test_who_answered_an_unannounced_transfer_meanwhile_has_the_caller(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, anna, jan = await in_phase(before, asks.Transfer(JAN), answered=False)
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(anna, dialled="s"), channel(jan, dialled="s"))
    await stage.until(lambda: (anna, 16) in stage.control.asked("hang_up"))
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.agent == "jan"
    await stage.switchboard.close()


@pytest.mark.parametrize(("number", "outside"), [(False, False), (True, True)], ids=["the agent", "a number"])
async def test_who_got_the_caller_keeps_them_when_the_engine_dies(
    tmp_path: Path, number: bool, outside: bool
) -> None:
    before = stage_of(tmp_path)
    call_id, _, leg = await in_phase(before, asks.Transfer(NUMBER if number else JAN))
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(leg, dialled="s"))
    await asyncio.sleep(10)
    assert stage.control.names() == ["guard"]
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.agent == ("" if outside else "jan")
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.over(call_id)
    assert stage.control.words() == ["Thank you."]
    await stage.switchboard.close()


async def test_an_agent_who_hung_up_while_the_caller_was_on_hold_and_no_engine_there(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, _, _ = await in_phase(before, asks.Hold())
    stage = await restarted(before)
    await stage.connect(channel("caller"))
    log_in(stage, "jan")
    leg, agent = await rung(stage)
    assert agent == "jan"
    assert leg.startswith(call_id)
    assert len(stage.control.words()) == 1, "they are told that it was interrupted"
    assert stage.one(call_id, Kind.AGENT_LOST).data["agent"] == "anna"
    await stage.switchboard.close()


async def test_a_caller_given_to_another_queue_keeps_that_place(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, _, _ = await in_phase(before, asks.Transfer(Target(TargetKind.QUEUE, "orders")))
    await before.until(lambda: len(before.ledger.of_kind(call_id, Kind.QUEUED)) == 2)
    stage = await restarted(before)
    log_in(stage, "jan")
    await stage.connect(channel("caller"))
    leg, _ = await rung(stage)
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    waited = stage.ledger.of_kind(call_id, Kind.AGENT_CONNECTED)[-1]["waited_seconds"]
    assert isinstance(waited, float)
    assert waited >= 5
    await stage.switchboard.close()


async def test_a_flow_that_an_agent_chose_is_the_one_that_goes_on(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, _, _ = await in_phase(before, asks.Transfer(Target(TargetKind.FLOW, "front")))
    await before.until(lambda: before.control.words().count("Welcome.") == 2)
    stage = await restarted(before)
    await stage.connect(channel("caller"))
    await stage.until(lambda: bool(stage.control.words()))
    stage.hang_up()
    await stage.over(call_id)
    await stage.switchboard.close()


@pytest.mark.parametrize(
    "actions", [(asks.Hold(),), (asks.Consult(JAN),), ()], ids=["held", "advice", "talk"]
)
async def test_a_call_that_asterisk_died_under_is_over(tmp_path: Path, actions: tuple[Action, ...]) -> None:
    stage = stage_of(tmp_path)
    call_id, _, _ = await in_phase(stage, *actions)
    await stage.connect(restarted=True)
    await stage.over(call_id)
    assert stage.one(call_id, Kind.TALK_ENDED).data["agent"] == "anna"
    await asyncio.sleep(15)
    assert stage.exchange.queues.agents() == {"idle": 2}
    await stage.switchboard.close()


async def test_a_held_caller_whom_the_dialplan_took_back_goes_to_the_front(tmp_path: Path) -> None:
    """Nobody renewed the dead-man: the engine stood still for too long."""
    stage = stage_of(tmp_path)
    call_id, anna, _ = await in_phase(stage, asks.Hold())
    stage.control.tell(CallArrived("caller", "caller", CALLER, "100", "trunk", answered=True))
    leg, agent = await rung(stage, 2)
    assert agent == "jan"
    assert leg.startswith(call_id)
    assert (anna, 16) in stage.control.asked("hang_up")
    await stage.switchboard.close()


def settled(stage: Stage, call_id: str) -> Callable[[], bool]:
    return lambda: stage.switchboard.talk_of(call_id) is not None


async def test_a_connection_that_was_cut_during_advice(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    call_id, anna, jan = await in_phase(stage, asks.Consult(JAN))
    stage.control.lost = True
    await asyncio.sleep(3)
    await stage.connect(channel("caller"), channel(anna, dialled="s"))
    await stage.until(settled(stage, call_id))
    await stage.until(lambda: phase_of(stage, call_id) is asks.TalkPhase.HELD)
    assert stage.one(call_id, Kind.CONSULT_ENDED).data["outcome"] == "ended"
    assert (jan, 16) in stage.control.asked("hang_up")
    await stage.switchboard.close()
