"""A caller in a queue, when the connection, Asterisk or the engine dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from calls.control import ChannelEnded
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from tests.engine.fake_network import channel
from tests.engine.queue_stage import log_in, rung, stage_of, talks, waits
from tests.engine.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = stage_of(tmp_path)
    yield stage
    await stage.switchboard.close()
    assert "background work failed" not in [entry["event"] for entry in logs]


async def restarted(before: Stage) -> Stage:
    await before.crash()
    before.exchange.queues.close()
    await asyncio.sleep(5)
    return stage_of(before.folder, after=before)


async def test_two_who_talk_go_on_when_the_engine_dies(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, leg = await talks(before)
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(leg, dialled="s"))
    log_in(stage, "anna", "jan")
    await asyncio.sleep(30)
    assert stage.control.names() == ["guard"]
    assert stage.exchange.queues.agents() == {"talking": 1, "idle": 1}
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert (row.outcome, stage.control.words()) == (Outcome.COMPLETED, ["Thank you."])
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["talked_seconds"] == pytest.approx(35, abs=0.3)
    assert stage.control.asked("destroy_bridge") == [before.control.asked("bridge")[0][:1]]
    await stage.switchboard.close()


async def test_an_agent_who_hung_up_while_nobody_heard_it(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    call_id, _ = await talks(before)
    stage = await restarted(before)
    await stage.connect(channel("caller"))
    await stage.over(call_id)
    assert stage.control.words() == ["Thank you."]
    assert stage.one(call_id, Kind.QUEUE_LEFT).data["outcome"] == "next"
    await stage.switchboard.close()


async def test_a_caller_who_waits_keeps_the_place_when_the_engine_dies(tmp_path: Path) -> None:
    before = stage_of(tmp_path)
    log_in(before, "anna")
    call_id = await waits(before)
    leg, _ = await rung(before)
    await asyncio.sleep(2)
    stage = await restarted(before)
    log_in(stage, "jan")
    newcomer = await waits(stage, "newcomer")
    await stage.until(lambda: len(stage.control.asked("ring")) == 1)
    stage.control.tell(ChannelEnded(str(stage.control.asked("ring")[0][0]), 17))  # Jan is busy
    await stage.connect(channel("caller"), channel("newcomer"), channel(leg, dialled="s", answered=False))
    await stage.until(lambda: call_id in {str(r[0]).partition(".")[0] for r in stage.control.asked("ring")})
    assert (leg, 16) in stage.control.asked("hang_up"), "the earlier engine's leg"
    assert len(stage.ledger.of_kind(call_id, Kind.QUEUED)) == 1
    began = stage.one(call_id, Kind.QUEUED).at
    stage.hang_up()
    await stage.over(call_id)
    left = stage.one(call_id, Kind.QUEUE_LEFT)
    assert left.data["waited_seconds"] == pytest.approx((left.at - began).total_seconds(), abs=0.1)
    stage.hang_up("newcomer")
    await stage.over(newcomer)
    await stage.switchboard.close()


async def test_a_cut_connection_leaves_talkers_in_peace_and_those_who_wait_in_place(stage: Stage) -> None:
    talker, leg = await talks(stage)
    waiter = await waits(stage, "two")
    stage.control.requests.clear()
    await stage.connect(channel("caller"), channel(leg, dialled="s"), channel("two"))
    await stage.until(lambda: ("two", True) in stage.control.asked("music"))
    assert ("caller", 0) in stage.control.asked("guard")
    assert stage.control.asked("hang_up") == []
    assert stage.exchange.queues.waiting() == {"orders": 1}
    assert len(stage.ledger.of_kind(waiter, Kind.QUEUED)) == 1
    assert stage.ledger.of_kind(waiter, Kind.QUEUE_LEFT) == []
    stage.control.tell(ChannelEnded(leg, 16))
    await stage.over(talker)
    other, _ = await rung(stage)
    assert other.startswith(waiter)
    stage.hang_up("two")
    await stage.over(waiter)


async def test_a_call_that_asterisk_died_under_leaves_the_queue(stage: Stage) -> None:
    call_id, _ = await talks(stage)
    waiter = await waits(stage, "two")
    await stage.connect(restarted=True)
    assert (await stage.over(call_id)).outcome == Outcome.LOST
    assert (await stage.over(waiter)).outcome == Outcome.LOST
    assert stage.one(waiter, Kind.QUEUE_LEFT).data["outcome"] == "lost"
    assert stage.exchange.queues.waiting() == {}
    await asyncio.sleep(15)
    assert stage.exchange.queues.agents() == {"idle": 1, "offline": 1}
