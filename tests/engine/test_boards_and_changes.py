"""What boards are told, whose desk can be rung, and another configuration while callers wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acd.agents import Agent, AgentStatus
from acd.events import StatusChanged
from acd.queues import Overflow, Queue
from acd.shift import MISSED_PAUSE_SECONDS
from acd.views import BoardNews
from calls.control import ChannelEnded, PhoneChanged
from calls.events import CallEventKind as Kind
from engine.queues import AgentLine
from engine.talks.recall import place_in_log
from tests.engine.queue_stage import ORDERS, log_in, rung, stage_of, talks, waits
from tests.engine.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = stage_of(tmp_path)
    yield stage
    await stage.switchboard.close()


async def test_boards_are_told_of_agents_at_once_and_of_queues_soon(stage: Stage) -> None:
    queues, news = stage.exchange.queues, list[BoardNews]()
    stop = queues.watch(news.append)
    log_in(stage, "anna")
    await stage.until(lambda: bool(news))
    assert [(n.agent.name, n.agent.status) for n in news if n.agent] == [("anna", "available")]
    await asyncio.sleep(0.3)
    assert [(n.queue.name, n.queue.free) for n in news if n.queue] == [("orders", 1)]
    queues.reconfigure([ORDERS], [AgentLine(Agent("jan"))])
    assert [n.agent_gone for n in news if n.agent_gone] == ["anna"]
    stop()
    count = len(news)
    queues.tell(StatusChanged("jan", AgentStatus.BREAK))
    await asyncio.sleep(0.3)
    assert len(news) == count


async def test_a_browser_rings_while_its_telephone_is_registered_and_its_desk_open(stage: Stage) -> None:
    queues = stage.exchange.queues
    log_in(stage, "jan")
    stage.control.tell(PhoneChanged("jan", True, True))
    stage.control.tell(PhoneChanged("ewa", True))  # from before an engine's restart: she is not known yet
    queues.seat(AgentLine(Agent("ewa"), browser=True))
    queues.tell(StatusChanged("ewa", AgentStatus.AVAILABLE))
    await waits(stage)
    assert not stage.control.asked("ring")
    queues.desk_present("ewa", True)
    await stage.until(lambda: bool(stage.control.asked("ring_phone")))
    leg, agent = stage.control.asked("ring_phone")[-1][:2]
    assert agent == "ewa"
    queues.desk_present("ewa", False)
    await stage.until(lambda: (leg, 16) in stage.control.asked("hang_up"))
    view = queues.agent_views()["ewa"]
    assert (view.reachable, view.status) == (False, AgentStatus.AVAILABLE)


async def test_a_telephone_on_the_table_rings_whether_its_agents_desk_is_open_or_not(stage: Stage) -> None:
    queues = stage.exchange.queues
    log_in(stage, "anna")
    for there in (True, False):
        queues.desk_present("anna", there)
        assert queues.agent_views()["anna"].reachable
    queues.seat(AgentLine(Agent("ewa"), browser=True))
    queues.desk_present("ewa", False)
    queues.reconfigure([ORDERS], [AgentLine(Agent("ewa"), "+48220000021")])
    view = queues.agent_views()["ewa"]
    assert (view.reachable, view.status) == (True, AgentStatus.AVAILABLE)


async def test_a_caller_goes_on_waiting_when_the_configuration_changes(stage: Stage) -> None:
    log_in(stage, "anna")
    stage.control.tell(PhoneChanged("anna", True, True))
    await waits(stage)
    changed = replace(ORDERS, skills={"pl": 2})
    stage.exchange.queues.reconfigure([changed], [AgentLine(Agent("ewa", {"pl": 3}), "+48220000021")])
    assert "orders" in stage.exchange.queues
    await stage.until(lambda: bool(stage.control.asked("originate")))


async def test_who_overflows_keeps_the_place_over_a_restart(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    queues = stage.exchange.queues
    first = replace(ORDERS, agents=frozenset({"anna"}), overflow=(Overflow("more", after_seconds=30),))
    queues.reconfigure(
        [first, Queue("more", frozenset({"jan"}))], [AgentLine(Agent("anna")), AgentLine(Agent("jan"))]
    )
    for agent in ("anna", "jan"):
        stage.control.tell(PhoneChanged(agent, True, True))
    call_id = await waits(stage)
    since = next(e.at for e in stage.ledger.log[call_id] if e.kind is Kind.QUEUED)
    await asyncio.sleep(31)
    assert queues.waiting() == {"more": 1}
    kinds = [(e.kind, e.data.get("queue")) for e in stage.ledger.log[call_id] if e.kind.startswith("queue")]
    assert kinds == [(Kind.QUEUED, "orders"), (Kind.QUEUE_LEFT, "orders"), (Kind.QUEUED, "more")]
    place = place_in_log(stage.ledger.log[call_id])
    assert place is not None
    assert (place.queue, place.since) == ("more", since)
    stage.control.tell(PhoneChanged("jan", True))
    assert (await rung(stage))[1] == "jan"
    await stage.switchboard.close()


async def test_a_telephone_that_rang_in_vain_is_left_in_peace_though_it_says_that_it_is_free(
    stage: Stage,
) -> None:
    log_in(stage, "anna")
    await waits(stage)
    leg, _ = await rung(stage)
    stage.control.tell(PhoneChanged("anna", True, in_use=True), ChannelEnded(leg, 19))
    await stage.until(lambda: stage.exchange.queues.agents()["idle"] == 1)
    stage.control.tell(PhoneChanged("anna", True))
    await asyncio.sleep(MISSED_PAUSE_SECONDS - 2)
    assert len(stage.control.asked("ring")) == 1
    await rung(stage, 2)


async def test_a_telephone_that_is_configured_again_is_as_it_was(stage: Stage) -> None:
    queues = stage.exchange.queues
    log_in(stage, "anna")
    await stage.until(lambda: queues.agents()["idle"] == 1)
    anna, jan = AgentLine(Agent("anna")), AgentLine(Agent("jan"))
    queues.reconfigure([ORDERS], [jan])
    queues.reconfigure([ORDERS], [anna, jan])
    await waits(stage)
    assert (await rung(stage))[1] == "anna"


async def test_who_loses_their_agent_when_the_queue_is_gone_goes_on_in_the_flow(stage: Stage) -> None:
    call_id, leg = await talks(stage)
    stage.exchange.queues.reconfigure([Queue("others")], [AgentLine(Agent("anna"))])
    stage.control.tell(ChannelEnded(leg, 44))
    await stage.over(call_id)
    assert "Nobody is here." in stage.control.words()
