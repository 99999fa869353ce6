"""Who leaves a talk, is lost, or cannot be reached, on a hotline of fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from acd.talks import talk as asks
from acd.talks.talk import ActionRefused, Target, TargetKind
from calls.control import ChannelEnded, ControlLost, LegAnswered, RequestRefused
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.queues import Waited
from engine.recording.talks import NOTHING_RECORDED
from tests.engine.queue_stage import log_in, rung, stage_of, talks
from tests.engine.stage import Stage
from tests.engine.talk_stage import JAN, NUMBER, consults, layout, other_leg, together


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = stage_of(tmp_path)
    yield stage
    await stage.switchboard.close()
    assert "background work failed" not in [entry["event"] for entry in logs]


@pytest.mark.parametrize("cause", [41, 44, 0])
async def test_a_caller_whose_agent_is_lost_goes_to_the_front_and_is_told(stage: Stage, cause: int) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    stage.control.tell(ChannelEnded(anna, cause))
    await stage.until(lambda: any("front of the queue" in words for words in stage.control.words()))
    assert stage.one(call_id, Kind.AGENT_LOST).data == {"queue": "orders", "agent": "anna", "cause": cause}
    leg, agent = await rung(stage, 2)
    assert agent == "jan"
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: together(stage) == [{"caller", leg}])
    assert stage.ledger.of_kind(call_id, Kind.QUEUE_LEFT) == []
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert row.agent == "jan"


async def test_a_lost_caller_goes_before_those_who_waited_long(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    other = await stage.arrive("other")
    await asyncio.sleep(150)  # longer than the rest of what the first would have waited
    stage.control.tell(ChannelEnded(anna, 44))
    await stage.until(lambda: len(stage.ledger.of_kind(call_id, Kind.AGENT_LOST)) == 1)
    await asyncio.sleep(1)
    log_in(stage, "jan")
    leg, _ = await rung(stage, 2)
    assert leg.startswith(call_id)
    assert stage.serves(other)


@pytest.mark.parametrize("phase", ["held", "ringing", "consulting", "conference"])
async def test_a_caller_who_hangs_up_ends_it_for_all(stage: Stage, phase: str) -> None:
    if phase in ("consulting", "conference"):
        call_id, anna, jan = await consults(stage)
        if phase == "conference":
            await stage.switchboard.act(call_id, "anna", asks.Conference())
        legs = {anna, jan}
    else:
        call_id, anna = await talks(stage)
        log_in(stage, "jan")
        action = asks.Hold() if phase == "held" else asks.Consult(JAN)
        await stage.switchboard.act(call_id, "anna", action)
        legs = {anna} if phase == "held" else {anna, other_leg(stage)}
    stage.hang_up()
    row = await stage.over(call_id)
    assert row.outcome == Outcome.COMPLETED
    assert {leg for leg, _ in stage.control.asked("hang_up")} == legs
    await asyncio.sleep(1)
    assert together(stage) == []
    assert stage.one(call_id, Kind.TALK_ENDED).data["by"] == "customer"
    assert stage.exchange.queues.agents() == {"wrap_up": 1, "idle": 1}


async def test_an_agent_who_hangs_up_while_asking_has_given_the_caller_away(stage: Stage) -> None:
    call_id, anna, jan = await consults(stage)
    stage.control.tell(ChannelEnded(anna, 16))
    await stage.until(lambda: together(stage) == [{"caller", jan}])
    assert stage.one(call_id, Kind.TRANSFERRED).data["how"] == "attended"


async def test_an_agent_lost_while_asking_a_number_has_given_nothing_away(stage: Stage) -> None:
    call_id, anna, number = await consults(stage, NUMBER)
    stage.control.tell(ChannelEnded(anna, 44))
    await stage.until(lambda: any("front of the queue" in words for words in stage.control.words()))
    assert (number, 16) in stage.control.asked("hang_up")
    assert stage.ledger.of_kind(call_id, Kind.TRANSFERRED) == []


async def test_who_is_asked_may_only_go(stage: Stage) -> None:
    call_id, _, jan = await consults(stage)
    with pytest.raises(ActionRefused, match="anna leads this talk"):
        await stage.switchboard.act(call_id, "jan", asks.Conference())
    await stage.switchboard.act(call_id, "jan", asks.HangUp())
    assert (jan, 16) in stage.control.asked("hang_up")
    view = stage.switchboard.talk_of(call_id)
    assert view is not None
    assert view.phase is asks.TalkPhase.HELD


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Target(TargetKind.AGENT, "anna"), "busy"),
        (Target(TargetKind.AGENT, "jan"), "not signed in"),
        (Target(TargetKind.AGENT, "nobody"), "no agent"),
        (Target(TargetKind.QUEUE, "nothing"), "no queue"),
        (Target(TargetKind.FLOW, "nothing"), "no flow"),
        (Target(TargetKind.NUMBER, "call me"), "not a telephone number"),
    ],
)
async def test_whom_a_call_cannot_be_given_to(stage: Stage, target: Target, why: str) -> None:
    call_id, anna = await talks(stage)
    with pytest.raises(ActionRefused, match=why):
        await stage.switchboard.act(call_id, "anna", asks.Transfer(target))
    assert together(stage) == [{"caller", anna}]


async def test_a_telephone_that_cannot_be_rung(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    log_in(stage, "jan")
    stage.control.faults["ring"] = RequestRefused("not registered")
    with pytest.raises(ActionRefused, match="could not be rung"):
        await stage.switchboard.act(call_id, "anna", asks.Transfer(JAN))
    await stage.until(lambda: together(stage) == [{"caller", anna}])


@pytest.mark.parametrize("request_name", ["take_out", "music"])
async def test_asterisk_that_does_not_answer_is_asked_again(stage: Stage, request_name: str) -> None:
    call_id, anna = await talks(stage)
    stage.control.faults[request_name] = ControlLost("no answer within 3 s")
    with pytest.raises(ActionRefused, match="did not answer in time"):
        await stage.switchboard.act(call_id, "anna", asks.Hold())
    del stage.control.faults[request_name]
    await asyncio.sleep(2)
    assert together(stage) == [{"caller"}]
    assert layout(stage)[1]
    await stage.switchboard.act(call_id, "anna", asks.Resume())
    assert together(stage) == [{"caller", anna}]


@pytest.mark.parametrize("request_name", ["destroy_bridge", "hang_up"])
async def test_a_talk_that_ends_while_asterisk_does_not_answer(stage: Stage, request_name: str) -> None:
    call_id, anna = await talks(stage)
    stage.control.faults[request_name] = ControlLost("no answer within 3 s")
    with pytest.raises(ActionRefused, match="did not answer in time"):
        await stage.switchboard.act(call_id, "anna", asks.HangUp())
    del stage.control.faults[request_name]
    await stage.over(call_id)
    about = {anna, anna.replace(".leg.", ".talk.")}
    assert len([asked for asked in stage.control.asked(request_name) if asked[0] in about]) >= 2
    assert together(stage) == []
    assert stage.control.words()[-1] == "Thank you."
    assert len(stage.ledger.of_kind(call_id, Kind.TALK_ENDED)) == 1


async def test_a_supervisor_stays_with_the_agent(stage: Stage) -> None:
    call_id, anna = await talks(stage)
    supervisor = f"{call_id}.sup.1"
    await stage.switchboard.act(call_id, "anna", asks.Join(supervisor, "ewa"))
    assert together(stage) == [{"caller", anna, supervisor}]
    await stage.switchboard.act(call_id, "anna", asks.Hold())
    assert together(stage) == [{"caller"}, {anna, supervisor}]
    await stage.switchboard.act(call_id, "anna", asks.Resume())
    assert together(stage) == [{"caller", anna, supervisor}]
    await stage.switchboard.act(call_id, "anna", asks.Leave(supervisor))
    assert together(stage) == [{"caller", anna}]


async def test_an_agent_is_told_that_the_recording_goes_on_though_it_was_to_pause(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, _ = await talks(stage)
    monkeypatch.setattr(type(NOTHING_RECORDED.of_call()), "state", "on")  # one that cannot be paused
    with pytest.raises(ActionRefused, match="goes on"):
        await stage.switchboard.act(call_id, "anna", asks.PauseRecording(True))
    await stage.switchboard.act(call_id, "anna", asks.PauseRecording(False))


async def test_who_gives_up_after_having_lost_an_agent_had_been_answered_in_time(stage: Stage) -> None:
    left: list[tuple[str, float, Waited]] = []
    stage.exchange.queues.on_left = lambda *told: left.append(told)
    call_id, leg = await talks(stage)
    await asyncio.sleep(100)
    stage.control.tell(ChannelEnded(leg, 44))
    await stage.until(lambda: stage.exchange.queues.waiting() == {"orders": 1})
    stage.hang_up()
    await stage.over(call_id)
    ((queue, seconds, answered),) = left
    assert (queue, answered) == ("orders", Waited.ANSWERED)
    assert seconds < 5
