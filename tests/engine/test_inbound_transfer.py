"""A caller being connected to another number."""

from __future__ import annotations

import asyncio

import pytest

from calls.control import ChannelEnded, ChannelGone, LegAnswered, LegRinging, RequestRefused
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from tests.engine.stage import CALLER, Stage


async def test_two_people_talk_and_the_call_goes_on_when_the_other_hangs_up(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    assert stage.control.asked("originate") == [(leg, "200", CALLER)]
    stage.control.tell(LegRinging(leg), LegAnswered(leg))
    await stage.until(lambda: ("caller", 0) in stage.control.asked("guard"))
    assert stage.control.asked("music") == [("caller", True), ("caller", False)]
    ((bridge, members),) = stage.control.asked("bridge")
    assert members == ("caller", leg)
    assert not stage.inbound(call_id).guarded
    stage.control.requests.clear()
    await asyncio.sleep(60)
    assert stage.control.asked("guard") == []
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert stage.control.asked("destroy_bridge") == [(bridge,)]
    assert stage.control.words()[-1] == "Goodbye."
    assert (row.outcome, row.data["ended_by"]) == (Outcome.TRANSFERRED, "flow")
    end = stage.one(call_id, Kind.TRANSFER_ENDED).data
    assert (end["number"], end["outcome"]) == ("200", Outcome.COMPLETED)
    assert end["seconds"] == pytest.approx(60, abs=0.2)
    states = [data["state"] for data in stage.ledger.of_kind(call_id, Kind.LEG_CHANGED)]
    assert states == ["ringing", "up", "ended"]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [(17, Outcome.BUSY), (19, Outcome.NO_ANSWER), (21, Outcome.REFUSED), (1, Outcome.UNALLOCATED)],
)
async def test_an_unanswered_transfer_leads_on(stage: Stage, cause: int, outcome: Outcome) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegRinging(leg), ChannelEnded(leg, cause))
    await stage.until(lambda: stage.control.words()[-1] == "Nobody answers.")
    assert stage.one(call_id, Kind.TRANSFER_ENDED).data["outcome"] == outcome
    assert stage.control.asked("music")[-1] == ("caller", False)
    assert stage.control.asked("bridge") == []


async def test_a_caller_who_hangs_up_while_it_rings_ends_the_ringing(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegRinging(leg))
    stage.hang_up()
    await stage.over(call_id)
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert stage.one(call_id, Kind.TRANSFER_ENDED).data["outcome"] == Outcome.ABANDONED


async def test_a_caller_who_hangs_up_while_both_talk_ends_the_talk(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.inbound(call_id).guarded)
    stage.hang_up()
    row = await stage.over(call_id)
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert len(stage.control.asked("destroy_bridge")) == 1
    assert (row.outcome, row.data["ended_by"]) == (Outcome.TRANSFERRED, "caller")


async def test_a_leg_that_answers_as_its_caller_hangs_up_is_not_left_alone(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.ends_on_hang_up = False
    stage.hang_up()
    stage.control.tell(LegAnswered(leg))
    await stage.over(call_id)
    assert stage.control.asked("bridge") == []
    stage.control.requests.clear()
    stage.control.tell(LegAnswered(leg))  # told after the call had been forgotten
    await stage.until(lambda: stage.control.asked("hang_up") == [(leg, 16)])


async def test_a_number_that_cannot_be_rung_is_a_failed_transfer(stage: Stage) -> None:
    stage.control.faults["originate"] = RequestRefused("no such trunk")
    call_id, _ = await stage.in_transfer()
    await stage.until(lambda: stage.control.words()[-1] == "Nobody answers.")
    assert stage.one(call_id, Kind.TROUBLE).data["detail"] == "no such trunk"
    assert stage.one(call_id, Kind.TRANSFER_ENDED).data["outcome"] == Outcome.FAILED


async def test_a_leg_that_is_gone_before_it_is_bridged_does_not_end_the_caller(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.faults["bridge"] = ChannelGone(f"{leg} is gone")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    assert stage.inbound(call_id).guarded
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.until(lambda: stage.control.words()[-1] == "Nobody answers.")
    assert len(stage.control.asked("destroy_bridge")) == 1


async def test_a_bridge_that_is_refused_ends_the_leg_and_the_caller_goes_on(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.faults["bridge"] = RequestRefused("not in the application")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: stage.control.words()[-1] == "Nobody answers.")
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert stage.inbound(call_id).guarded


async def test_keys_of_either_side_mean_nothing_during_a_talk(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.inbound(call_id).guarded)
    stage.press("1")
    stage.press("9", leg)
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert row.heard == ("0",)


async def test_a_second_transfer_of_a_call_has_a_leg_of_its_own(stage: Stage) -> None:
    call_id, first = await stage.in_transfer()
    stage.control.tell(ChannelEnded(first, 17))
    # The message after it is never reported as ended, so the flow's way out is taken: the agent again.
    await stage.until(lambda: len(stage.control.asked("originate")) == 2, 300)
    second = str(stage.control.asked("originate")[-1][0])
    assert first.startswith(f"{call_id}.leg.")
    assert second.startswith(f"{call_id}.leg.")
    assert second != first
