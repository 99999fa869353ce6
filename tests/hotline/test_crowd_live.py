"""Forty SIP callers at once, and one agent who talks: nobody is lost or stuck, and all are in the history."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.hotline.test_queue_live import PASSWORDS, UNKNOWN, Floor, hear_each_other, kinds, one, tone
from tests.house import take_ports
from tests.phone import SipPhone
from tests.running import RunningHotline, until
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]
CALLERS, A_SECOND = 40, 20
FLOW = """
flow: line
languages: [en]
always: {agent: agents, trouble: bye}
use: {queues: [orders]}
start: agents
steps:
  agents:
    queue: {name: orders, max_wait: 2m}
    next: bye
    timeout: bye
    closed: bye
    full: bye
    nobody: bye
  bye: {hangup: normal}
"""


async def test_a_crowd_waits_for_one_agent(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "line.yaml").write_text(FLOW)
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    with take_ports() as ports, take_ports() as more:
        changes = {
            "flows": "flows",
            "numbers": {"100": "line"},
            "agents": {"anna": {"sip": {"password": PASSWORDS["anna"]}}},
            "queues": {"orders": {"agents": ["anna"], "ring": "20s", "wrap_up": "1s"}},
            "sip": {"port": ports.sip, "rtp": f"{more.first}-{more.first + 99}"},
        }
        hotline = RunningHotline(tmp_path, ports, changes)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(hotline.stop)
            await hotline.start()
            floor = Floor(hotline, ports, stack)
            anna = await floor.phone("anna")
            first = await floor.caller()
            await anna.until(lambda: anna.talking)
            crowd = asyncio.create_task(come(hotline, floor))
            await until(lambda: are_live(hotline, CALLERS + 1), "all are there", 15, hotline.log)
            await hear_each_other(first, anna)
            serving = asyncio.create_task(serve(anna))
            result = await crowd
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            assert result.ok, result.output
            await until(lambda: are_live(hotline, 0), "all have left", 10, hotline.log)
            # Nobody is stuck: the next one is served at once.
            last = await floor.caller(1)
            await anna.until(lambda: anna.talking)
            await hear_each_other(last, anna)
            anna.hang_up()
            rows = await call_rows(hotline)
    judge(rows)


async def come(hotline: RunningHotline, floor: Floor) -> Any:
    return await run_sipp(
        "crowd",
        folder=hotline.folder,
        sip_port=floor.ports.sip,
        local_port=floor.ports.spare(15),
        audio_port=floor.ports.spare(17),
        calls=CALLERS,
        rate=A_SECOND,
        limit_seconds=50,
    )


async def are_live(hotline: RunningHotline, number: int) -> bool:
    return await hotline.calls_in_progress() == number


async def serve(anna: SipPhone) -> None:
    """The first caller's talk is over, and so is each of those that follow after a moment."""
    while True:
        await anna.until(lambda: anna.talking, 40)
        await anna.party.say(tone(1000, 0.3))
        if anna.talking:
            anna.hang_up()


async def call_rows(hotline: RunningHotline) -> list[dict[str, Any]]:
    """Once they are all there; each talk has a row of its own beside."""
    found: list[dict[str, Any]] = []

    async def all_there() -> bool:
        found[:] = [row for row in await hotline.history() if row["channel"] == "call"]
        return len(found) >= CALLERS + 2

    await until(all_there, "each call has its row", 30, hotline.log)
    return found


def judge(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == CALLERS + 2, "each call is one row"
    assert all("trouble" not in kinds(row) for row in rows)
    assert all(kinds(row).count("queue_left") == 1 for row in rows)
    in_line = sorted(rows, key=lambda row: moment(row, "queued"))
    crowd = in_line[1:-1]
    positions = [one(row, "queued")["position"] for row in in_line]
    assert positions == [1, *range(1, CALLERS + 1), 1]
    served = [row for row in crowd if "agent_connected" in kinds(row)]
    assert 3 <= len(served) < CALLERS
    assert served == sorted(served, key=lambda row: moment(row, "agent_connected")), "as they came"
    for place, row in enumerate(crowd):
        if row in served:
            continue
        assert (row["outcome"], one(row, "queue_left")["outcome"]) == ("abandoned", "abandoned")
        later = [other for other in crowd[place:] if other in served]
        assert all(moment(row, "queue_left") < moment(other, "agent_connected") for other in later)


def moment(row: dict[str, Any], kind: str) -> datetime:
    return next(datetime.fromisoformat(event["at"]) for event in row["events"] if event["kind"] == kind)
