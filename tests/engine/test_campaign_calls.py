"""A campaign's calls: the person first, then an agent in time, or the message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from acd.agents import AgentState
from calls.call import fold
from calls.control import ChannelEnded, LegAnswered, LegRinging
from calls.events import CallEventKind as Kind
from dialer.attempt import Verdict
from dialer.results import AttemptResult
from engine.dialling.campaign_dial import CampaignDial
from tests.engine.campaign_stage import (
    CALL,
    CHANNEL,
    DETECTS,
    OURS,
    PERSON,
    answers,
    dials,
    over,
    staffed,
    stage_of,
    talking,
)
from tests.engine.fake_network import channel
from tests.engine.queue_stage import log_in


async def test_who_answers_gets_the_agent_who_has_been_idle_longest(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    assert {CHANNEL, leg} in [set(members) for _, members in stage.control.asked("bridge")]  # type: ignore[call-overload]
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert (seat.state, seat.work) == (AgentState.TALKING, CALL)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, ended.agent, ended.conversation) == (AttemptResult.ANSWERED, "anna", True)
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert seat.state is AgentState.WRAP_UP


async def test_without_an_agent_in_time_the_message_is_heard(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    ended = await over(stage)
    assert "Nobody is free." in stage.control.words()
    assert (ended.result, ended.abandoned, ended.message_played) == (AttemptResult.ABANDONED, True, True)
    (none,) = stage.ledger.of_kind(CALL, Kind.NO_AGENT)
    assert none == {"queue": "sales", "waited_seconds": pytest.approx(2.0, abs=0.05)}


async def test_an_agent_who_comes_free_in_time_gets_them(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    staffed(stage, "jan")
    await stage.until(lambda: bool(stage.control.asked("ring")))
    assert stage.control.asked("ring")[-1][1] == "jan"


async def test_a_telephone_that_does_not_answer_in_time_is_let_go(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    staffed(stage, "anna")
    await answers(stage)
    ended = await over(stage)
    assert ended.result is AttemptResult.ABANDONED
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert seat.work is None
    assert stage.crew.free("anna")


async def test_who_hangs_up_before_an_agent_is_due_is_not_abandoned(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, ended.abandoned) == (AttemptResult.ANSWERED, False)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (17, AttemptResult.BUSY),
        (1, AttemptResult.UNALLOCATED),
        (0, AttemptResult.NO_ANSWER),
        (21, AttemptResult.REFUSED),
        (34, AttemptResult.CONGESTION),
        (22, AttemptResult.CHANGED),
    ],
)
async def test_what_the_network_says(tmp_path: Path, cause: int, result: AttemptResult) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL), ChannelEnded(CHANNEL, cause))
    ended = await over(stage)
    assert ended.result is result
    assert ended.dialled_at is not None
    assert ended.ringing_at is not None
    assert ended.answered_at is None


async def test_the_time_to_answer_begins_when_it_rings(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage, CampaignDial("spring", PERSON, OURS, 2, "sales"))
    await asyncio.sleep(3.0)  # the network seeks them
    stage.control.tell(LegRinging(CHANNEL))
    ended = await over(stage)
    assert stage.control.asked("hang_up")
    assert ended.result is AttemptResult.NO_ANSWER
    assert ended.ringing_at is not None
    assert ended.ended_at is not None
    assert 1.9 < (ended.ended_at - ended.ringing_at).total_seconds() < 2.5


async def test_a_call_that_is_not_needed_any_more_is_cancelled(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL))
    await stage.switchboard.hang_up(CALL, "engine")
    assert (await over(stage)).result is AttemptResult.CANCELLED


async def test_a_machine_is_hung_up_on_and_takes_no_agent(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    staffed(stage, "anna")
    await answers(stage, CampaignDial("spring", PERSON, OURS, 25, "sales", machine=DETECTS))
    ended = await over(stage)
    assert (ended.result, ended.verdict) == (AttemptResult.MACHINE, Verdict.MACHINE)
    assert not stage.control.asked("ring")


async def test_a_trunk_that_refuses_burns_nothing(tmp_path: Path) -> None:
    from calls.control import RequestRefused

    stage = stage_of(tmp_path)
    stage.control.faults["originate"] = RequestRefused("no such trunk")
    await dials(stage)
    ended = await over(stage)
    assert ended.result is AttemptResult.FAILED


async def test_an_engine_that_died_in_a_talk_leaves_it_going_on(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    log_in(later, "anna")
    await later.connect(channel(CHANNEL), channel(leg))
    await later.until(lambda: later.switchboard.talk_of(CALL) is not None)
    assert not later.control.asked("originate")
    assert not later.control.asked("hang_up")
    later.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(later)
    assert (ended.result, ended.agent) == (AttemptResult.ANSWERED, "anna")


async def test_an_engine_that_died_behind_a_talk_seeks_no_other_agent(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    stage.control.tell(ChannelEnded(leg, 16))
    await over(stage)
    await stage.crash()
    written = stage.ledger.log[CALL]
    del written[stage.ledger.kinds(CALL).index(Kind.TALK_ENDED) + 1 :]
    stage.ledger.calls[CALL] = fold(written)
    later = stage_of(tmp_path, after=stage)
    staffed(later, "anna", "jan")
    await later.connect(channel(CHANNEL))
    await later.until(lambda: Kind.ENDED in later.ledger.kinds(CALL))
    assert (CHANNEL, 16) in later.control.asked("hang_up")
    assert not later.control.asked("ring")


async def test_an_engine_that_died_while_it_rang_dials_nobody_again(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL))
    await stage.until(lambda: len(stage.ledger.kinds(CALL)) == 3)
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    staffed(later, "anna")
    await later.connect(channel(CHANNEL, answered=False))
    later.control.tell(LegAnswered(CHANNEL))
    await later.until(lambda: bool(later.control.asked("ring")))
    assert not later.control.asked("originate")
