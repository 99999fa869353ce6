"""Two hundred callers and nobody to serve them, in virtual time: each hears something, and nobody is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acd.agents import Agent
from calls.control import CallArrived, ChannelEnded, LegAnswered, LegRinging, PhoneChanged
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.flows import FlowShelf
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.engine.queue_stage import FLOW, ORDERS, rung
from tests.engine.stage import CALLER, UNKNOWN, Stage

CALLERS = 200
# Without what is said meanwhile, which has tests of its own.
PLAIN = FLOW.replace("      announce: {position: 30s}\n", "").replace("3m", "1m")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    shelf = FlowShelf(
        {"front": load_flow(PLAIN, "front.yaml")},
        {"100": "front"},
        unknown=load_flow(UNKNOWN, "unknown.yaml"),
        region="PL",
    )
    # One agent is signed in, so that callers wait, and their telephone is in use for something else.
    stage = Stage(
        tmp_path,
        shelf=shelf,
        queues=[replace(ORDERS, capacity=CALLERS)],
        agents=[AgentLine(Agent("anna")), AgentLine(Agent("jan"))],
    )
    stage.control.tell(PhoneChanged("anna", True, in_use=True))
    yield stage
    await stage.switchboard.close()


def arrive(stage: Stage) -> None:
    for number in range(CALLERS):
        channel = f"caller-{number}"
        stage.control.tell(CallArrived(channel, channel, CALLER, "100", "trunk"))


def kinds(stage: Stage) -> Counter[Kind]:
    return Counter(event.kind for log in stage.ledger.log.values() for event in log)


async def test_all_wait_with_music_and_are_told_when_nobody_had_time(stage: Stage) -> None:
    arrive(stage)
    await stage.until(lambda: stage.exchange.queues.waiting() == {"orders": CALLERS})
    await stage.until(lambda: len(stage.ledger.interactions) == CALLERS, 400)
    assert kinds(stage)[Kind.QUEUE_LEFT] == CALLERS
    assert stage.control.words().count("Nobody had time.") == CALLERS
    assert stage.exchange.queues.waiting() == {}
    assert stage.switchboard.served() == frozenset()
    assert kinds(stage)[Kind.TROUBLE] == 0


async def test_half_of_them_hang_up_and_the_rest_are_served_in_turn(stage: Stage) -> None:
    arrive(stage)
    await stage.until(lambda: stage.exchange.queues.waiting() == {"orders": CALLERS})
    for number in range(0, CALLERS, 2):
        stage.hang_up(f"caller-{number}")
    await stage.until(lambda: stage.exchange.queues.waiting() == {"orders": CALLERS // 2})
    stage.control.tell(PhoneChanged("jan", True))
    for served in range(1, 4):
        await stage.until(lambda: stage.exchange.queues.agents()["offered"] == 1)
        leg, _ = await rung(stage, served)
        stage.control.tell(LegRinging(leg), LegAnswered(leg))
        await stage.until(lambda: stage.exchange.queues.agents()["talking"] == 1)
        await asyncio.sleep(5)
        stage.control.tell(ChannelEnded(leg, 16))
        await stage.until(lambda: stage.exchange.queues.agents()["talking"] == 0)
    assert kinds(stage)[Kind.AGENT_CONNECTED] == 3
    await stage.until(lambda: len(stage.ledger.interactions) >= CALLERS, 400)
    outcomes = Counter(
        row.outcome for row in stage.ledger.interactions if row.channel.value in ("call", "voicemail")
    )
    assert outcomes[Outcome.ABANDONED] >= CALLERS // 2
    assert sum(outcomes.values()) == CALLERS, "each call is one row"
    assert stage.switchboard.served() == frozenset()
    assert set(stage.exchange.queues.agents()) <= {"idle", "offline", "wrap_up"}
