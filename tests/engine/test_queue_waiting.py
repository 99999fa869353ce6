"""A caller in a queue, on a hotline of fakes: agents are rung in turn, and the two talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any, cast

import pytest

from acd.agents import AgentStatus
from acd.events import StatusChanged
from acd.queues import Overflow, Queue
from calls.control import (
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    PhoneChanged,
    RequestRefused,
)
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.queues import Waited
from tests.engine.queue_stage import MUSIC_OFF, MUSIC_ON, PLACE, log_in, rung, stage_of, talks, waits
from tests.engine.stage import CALLER, Stage


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = stage_of(tmp_path)
    yield stage
    await stage.switchboard.close()
    assert "background work failed" not in [entry["event"] for entry in logs]


async def test_an_agent_answers_and_when_they_hang_up_the_flow_goes_on(stage: Stage) -> None:
    call_id, leg = await talks(stage)
    assert stage.control.asked("ring") == [(leg, "anna", CALLER)]
    ((bridge, members),) = stage.control.asked("bridge")
    assert members == ("caller", leg)
    assert stage.control.asked("music") in ([MUSIC_ON, MUSIC_OFF], [])
    assert not stage.inbound(call_id).guarded
    assert stage.exchange.queues.agents() == {"talking": 1, "offline": 1}
    await asyncio.sleep(60)
    stage.press("1")
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert stage.control.asked("destroy_bridge") == [(bridge,)]
    assert stage.control.words() == ["Welcome.", "Thank you."]
    assert (row.outcome, row.agent, row.data["ended_by"]) == (Outcome.COMPLETED, "anna", "agent")
    assert stage.one(call_id, Kind.QUEUED).data == {"queue": "orders", "position": 1}
    offered = stage.one(call_id, Kind.AGENT_OFFERED).data
    assert offered.items() >= {"queue": "orders", "agent": "anna", "leg": leg}.items()
    (chosen,) = cast(list[dict[str, object]], offered["considered"])
    assert (chosen["agent"], chosen["why"], offered["strategy"]) == ("anna", "chosen", "longest_idle")
    assert stage.one(call_id, Kind.AGENT_CONNECTED).data["agent"] == "anna"
    left = stage.one(call_id, Kind.QUEUE_LEFT).data
    assert left["outcome"] == "next"
    assert left["talked_seconds"] == pytest.approx(60, abs=0.2)
    assert [d["state"] for d in stage.ledger.of_kind(call_id, Kind.LEG_CHANGED)] == ["ringing", "up", "ended"]
    assert stage.exchange.queues.agents() == {"wrap_up": 1, "offline": 1}
    await asyncio.sleep(11)
    assert stage.exchange.queues.agents() == {"idle": 1, "offline": 1}


async def test_music_stops_for_what_is_said_and_comes_back(stage: Stage) -> None:
    log_in(stage, "anna")
    stage.control.tell(PhoneChanged("anna", True, in_use=True))
    call_id = await waits(stage)
    await stage.until(lambda: stage.control.words()[-1] == PLACE)
    await stage.until(lambda: len(stage.control.asked("music")) == 3)
    wanted = [r for r in stage.control.requests if r[0] in ("music", "play")]
    assert [r[0] if r[0] == "play" else r[2] for r in wanted[-4:]] == [True, False, "play", True]
    stage.hang_up()
    row = await stage.over(call_id)
    assert row.outcome == Outcome.ABANDONED
    left = stage.one(call_id, Kind.QUEUE_LEFT).data
    assert left["outcome"] == "abandoned"
    assert left["waited_seconds"] == pytest.approx(31.5, abs=1)
    assert stage.exchange.queues.waiting() == {}


@pytest.mark.parametrize(("cause", "outcome"), [(17, "busy"), (19, "no_answer"), (21, "refused")])
async def test_the_next_agent_is_tried(stage: Stage, cause: int, outcome: str) -> None:
    log_in(stage, "anna", "jan")
    call_id = await waits(stage)
    first, agent = await rung(stage)
    stage.control.tell(ChannelEnded(first, cause))
    second, other = await rung(stage, 2)
    assert (agent, other) == ("anna", "jan")
    assert first != second
    stage.control.tell(LegAnswered(second))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    assert stage.one(call_id, Kind.AGENT_MISSED).data["outcome"] == outcome
    stage.control.tell(ChannelEnded(second, 16))
    await stage.over(call_id)


async def test_a_telephone_that_cannot_be_rung_counts_as_missed(stage: Stage) -> None:
    log_in(stage, "anna")
    stage.control.faults["ring"] = RequestRefused("not registered")
    call_id = await waits(stage)
    await stage.until(lambda: bool(stage.ledger.of_kind(call_id, Kind.AGENT_MISSED)))
    assert stage.one(call_id, Kind.TROUBLE).data == {"what": "queue", "detail": "not registered"}
    stage.hang_up()
    await stage.over(call_id)


async def test_an_agent_who_lets_it_ring_is_no_longer_rung(stage: Stage) -> None:
    log_in(stage, "anna")
    call_id = await waits(stage)
    leg, _ = await rung(stage)
    await stage.until(lambda: (leg, 16) in stage.control.asked("hang_up"))
    assert stage.one(call_id, Kind.AGENT_MISSED).data["outcome"] == "no_answer"
    stage.control.tell(LegAnswered(leg))  # too late
    await asyncio.sleep(1)
    assert stage.control.asked("bridge") == []
    stage.hang_up()
    await stage.over(call_id)


async def test_an_agent_with_a_number_is_called_over_the_trunk(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, jan="+48220000021")
    call_id = await waits(stage)
    await stage.until(lambda: bool(stage.control.asked("originate")))
    ((leg, number, caller_id),) = stage.control.asked("originate")
    assert (number, caller_id) == ("+48220000021", CALLER)
    stage.control.tell(PhoneChanged("jan", False))  # of no telephone of his
    stage.control.tell(LegAnswered(str(leg)))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    stage.hang_up()
    row = await stage.over(call_id)
    assert (str(leg), 16) in stage.control.asked("hang_up")
    assert row.outcome == Outcome.COMPLETED
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["outcome"] == "next"
    await stage.switchboard.close()


async def test_a_caller_who_hangs_up_ends_the_ringing(stage: Stage) -> None:
    log_in(stage, "anna")
    call_id = await waits(stage)
    leg, _ = await rung(stage)
    stage.hang_up()
    await stage.over(call_id)
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert stage.exchange.queues.agents() == {"idle": 1, "offline": 1}


async def test_the_key_that_is_offered_leads_out_of_the_queue(stage: Stage) -> None:
    log_in(stage, "anna")
    stage.control.tell(PhoneChanged("anna", True, in_use=True))
    call_id = await waits(stage)
    await stage.until(lambda: "press one" in stage.control.words()[-1])
    stage.press("1")
    await stage.over(call_id)
    assert stage.control.words()[-1] == "Something else."
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["outcome"] == "left"
    assert stage.control.asked("music")[-1] == MUSIC_OFF


async def test_nobody_full_and_timeout(stage: Stage) -> None:
    nobody = await stage.arrive("nobody")
    await stage.over(nobody)
    assert stage.control.words()[-1] == "Nobody is here."
    log_in(stage, "anna")
    stage.control.tell(PhoneChanged("anna", True, in_use=True))
    for number in (1, 2):
        await waits(stage, f"caller{number}")
    full = await stage.arrive("full")
    await stage.over(full)
    assert stage.control.words()[-1] == "Too many wait."
    await stage.until(lambda: "Nobody had time." in stage.control.words(), 200)
    await stage.until(lambda: not stage.live.all())
    outcomes = [stage.ledger.of_kind(c, Kind.QUEUE_LEFT)[0]["outcome"] for c in stage.ledger.log]
    assert sorted(map(str, outcomes)) == ["full", "nobody", "timeout", "timeout"]


async def test_two_callers_and_one_agent_who_takes_them_in_order(stage: Stage) -> None:
    log_in(stage, "anna")
    first = await waits(stage, "one")
    leg, _ = await rung(stage)
    second = await waits(stage, "two")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    stage.control.tell(ChannelEnded(leg, 16))
    ended_at = stage.clock.monotonic()
    await stage.over(first)
    other, _ = await rung(stage, 2)
    assert stage.clock.monotonic() - ended_at == pytest.approx(10, abs=1), "after wrap-up"
    assert other.startswith(second)
    assert [d["position"] for d in stage.ledger.of_kind(second, Kind.QUEUED)] == [2]
    stage.hang_up("two")
    await stage.over(second)


async def test_an_agent_who_answers_stops_what_is_being_said(stage: Stage) -> None:
    log_in(stage, "anna")
    call_id = await waits(stage)
    first, _ = await rung(stage)
    stage.control.tell(ChannelEnded(first, 17))
    await stage.until(lambda: stage.control.words()[-1] == PLACE)
    leg, _ = await rung(stage, 2)
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    names = stage.control.names()
    assert "stop_playing" in names or stage.control.asked("music")[-1] == MUSIC_OFF
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.over(call_id)
    assert stage.control.words()[-1] == "Thank you."


@pytest.mark.parametrize("fault", [ChannelGone("it is gone"), RequestRefused("not in the application")])
async def test_two_who_cannot_be_connected_are_tried_anew(stage: Stage, fault: Exception) -> None:
    log_in(stage, "anna", "jan")
    call_id = await waits(stage)
    leg, _ = await rung(stage)
    stage.control.faults["bridge"] = fault
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: bool(stage.control.asked("bridge")))
    del stage.control.faults["bridge"]
    if isinstance(fault, ChannelGone):
        stage.control.tell(ChannelEnded(leg, 16))
    other, agent = await rung(stage, 2)
    assert agent == "jan"
    assert stage.control.asked("music")[-1] == MUSIC_ON, "nobody waits in silence"
    stage.control.tell(LegAnswered(other))
    await stage.until(lambda: ("caller", 0) in stage.control.asked("guard"))
    stage.control.tell(ChannelEnded(other, 16))
    await stage.over(call_id)
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["outcome"] == "next"


async def test_an_answer_to_an_offer_that_was_just_taken_back_is_none_to_the_next(stage: Stage) -> None:
    log_in(stage, "anna")
    await waits(stage)
    first, _ = await rung(stage)
    stage.control.tell(LegAnswered(first))
    for status in (AgentStatus.BREAK, AgentStatus.AVAILABLE):  # before the call's task has seen the answer
        stage.exchange.queues.tell(StatusChanged("anna", status))
    second, _ = await rung(stage, 2)
    stage.control.tell(LegAnswered(second))
    await stage.until(lambda: bool(stage.control.asked("bridge")), 10)
    assert stage.control.asked("bridge")[0][1] == ("caller", second)


async def test_a_queue_that_is_not_there_is_trouble_and_nobody(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    stage.exchange.queues._core._queues.clear()
    call_id = await stage.arrive()
    await stage.over(call_id)
    assert stage.control.words()[-1] == "Nobody is here."
    assert "no queue 'orders'" in str(stage.one(call_id, Kind.TROUBLE).data["detail"])
    await stage.switchboard.close()


async def test_an_engine_that_stops_loses_those_who_wait(stage: Stage) -> None:
    log_in(stage, "anna")
    call_id = await waits(stage)
    leg, _ = await rung(stage)
    await stage.switchboard.close()
    assert (await stage.over(call_id)).outcome == Outcome.LOST
    assert (leg, 16) in stage.control.asked("hang_up")
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["outcome"] == "lost"


async def test_who_is_sent_on_to_another_queue_is_not_unanswered_in_the_first(stage: Stage) -> None:
    left: list[tuple[str, Waited]] = []
    queues = stage.exchange.queues
    queues.on_left = lambda queue, seconds, waited: left.append((queue, waited))
    others = Queue("others", agents=frozenset({"jan"}))
    orders = Queue("orders", agents=frozenset({"anna"}), overflow=(Overflow("others", after_seconds=30),))
    queues.reconfigure([orders, others], [queues.line("anna"), queues.line("jan")])
    log_in(stage, "anna", "jan")
    queues.tell(StatusChanged("anna", AgentStatus.BREAK))
    call_id = await waits(stage)
    leg, agent = await rung(stage)
    assert agent == "jan"
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: ("caller", 0) in stage.control.asked("guard"))
    stage.hang_up()
    await stage.over(call_id)
    assert left == [("orders", Waited.OVERFLOWED), ("others", Waited.ANSWERED)]


async def test_whom_the_caller_knows_from_a_chat_is_rung_first(stage: Stage) -> None:
    object.__setattr__(stage.exchange, "known_agent", {"caller": "jan"}.get)
    log_in(stage, "anna", "jan")
    await stage.arrive()
    await stage.until(lambda: bool(stage.control.asked("ring")))
    assert stage.control.asked("ring")[0][1] == "jan"
