"""Asterisk or the engine dies, or the engine is away: the history is true all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from asterisk.process import AsteriskProcess
from infolinia.configuration import load_configuration
from tests.house import asterisk_installation, take_ports
from tests.patience import patient
from tests.running import WITH_PATIENT_CALLERS, RunningHotline, running, until
from tests.sipp import SippResult, run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]


def call(hotline: RunningHotline, scenario: str = "caller", **changes: object) -> asyncio.Task[SippResult]:
    """A SIPp caller in the background."""
    ports = hotline.ports
    arguments: dict[str, object] = {
        "folder": hotline.folder,
        "sip_port": ports.sip,
        "local_port": ports.spare(0),
        "audio_port": ports.spare(2),
        **changes,
    }
    return asyncio.create_task(run_sipp(scenario, **arguments))  # type: ignore[arg-type]


async def test_asterisk_is_killed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline:
            caller = call(hotline, stay_seconds=60, limit_seconds=70)

            async def in_call() -> bool:
                return await hotline.calls_in_progress() == 1

            await until(in_call, "the call is in progress", 15, hotline.log)
            before = hotline.asterisk_pid
            os.kill(before, signal.SIGKILL)

            async def not_ready() -> bool:
                return (await hotline.probe("readyz"))[0] == 503

            await until(not_ready, "/readyz says that Asterisk is away", 10, hotline.log)
            assert (await hotline.probe("healthz"))[0] == 200
            (row,) = await hotline.rows(1)
            assert row["outcome"] == "lost"
            assert row["data"]["ended_by"] == "network"
            await until(hotline.ready, "Asterisk is back and the hotline ready", 30, hotline.log)
            assert hotline.asterisk_pid != before
            caller.cancel()
            await asyncio.gather(caller, return_exceptions=True)
            again = await call(hotline, local_port=ports.spare(10), stay_seconds=1.5)
            assert again.ok, again.output
            rows = await hotline.rows(2)
            assert [row["outcome"] for row in rows] == ["abandoned", "lost"]


async def test_a_call_while_the_engine_is_down_is_in_the_history_afterwards(tmp_path: Path) -> None:
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports)
        try:
            await hotline.start()
            hotline.kill()
            await hotline.ended()
            result = await call(hotline, stay_seconds=25, limit_seconds=60, caller="48220000012")
            assert result.ok, result.output
            await hotline.start()
            (row,) = await hotline.rows(1)
        finally:
            await hotline.stop()
    assert row["to"] == "100"
    assert row["contact_points"] == [{"kind": "phone", "value": "+48220000012"}]
    assert "reconciled" in [event["kind"] for event in row["events"]]
    assert row["outcome"] in ("abandoned", "voicemail")
    assert 20 < row["duration_seconds"] < patient(40)


async def hang_up_all(hotline: RunningHotline) -> None:
    """By Asterisk itself, as of a caller who has had enough."""
    settings = load_configuration(hotline.config).asterisk_settings()
    await AsteriskProcess(settings, asterisk_installation()).console("channel request hangup all")


async def test_the_engine_is_killed_and_the_caller_goes_on_with_the_next_one(tmp_path: Path) -> None:
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, program=WITH_PATIENT_CALLERS)
        try:
            await hotline.start()
            caller = call(hotline, "patient", limit_seconds=90)

            async def in_call() -> bool:
                return await hotline.calls_in_progress() == 1

            await until(in_call, "the call is in progress", 15, hotline.log)
            await until(hotline.wrote_events, "its first events are in the database", 10, hotline.log)
            began = time.monotonic()
            hotline.kill()
            await hotline.ended()
            await hotline.start()
            await until(in_call, "the next engine has taken the call", 15, hotline.log)
            seconds = time.monotonic() - began
            await hang_up_all(hotline)
            result = await caller
            assert result.ok, result.output
            (row,) = await hotline.rows(1)
        finally:
            await hotline.stop()
    events = [event["kind"] for event in row["events"]]
    assert "resumed" in events
    assert events.count("received") == 1
    assert row["duration_seconds"] >= int(seconds)
