"""Ctrl-C and SIGTERM, during the start and during calls: it ends soon, calls are written, nothing is left."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from infolinia.setup.inventory import find_parts
from tests.commands import processes_with
from tests.house import take_ports
from tests.patience import patient
from tests.running import COMMAND, RunningHotline, until
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]


@pytest.mark.parametrize(
    ("moment", "how"), [("v/lock", signal.SIGINT), ("v/asterisk/run/asterisk.pid", signal.SIGTERM)]
)
async def test_a_start_is_broken_off(tmp_path: Path, moment: str, how: signal.Signals) -> None:
    with take_ports(28000, 29000) as ports:
        hotline = RunningHotline(tmp_path, ports)
        try:
            await hotline.start(ready=False)
            assert hotline.process is not None

            async def reached() -> bool:
                return (tmp_path / moment).exists()

            await until(reached, f"{moment} is there", 30, hotline.log)
            hotline.process.send_signal(how)
            assert await hotline.ended() == 0, hotline.log()
            assert hotline.log() == "Stopped before it was up.\n"
            assert not processes_with(tmp_path)
        finally:
            await hotline.stop()


async def test_ctrl_c_while_the_program_loads_is_quiet(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "history"), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )

    async def loading() -> bool:
        return "/numpy/" in Path(f"/proc/{process.pid}/maps").read_text()  # noqa: ASYNC240 - not on a disk

    await until(loading, "the program loads", 20)
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.communicate(), patient(10)) == (b"", b"")
    assert process.returncode == -signal.SIGINT


async def test_without_a_model_callers_go_by_keys_and_sigterm_writes_their_calls(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "models").mkdir(parents=True)
    record = json.loads((find_parts().models_dir.parent / "parts.json").read_text())
    (cache / "parts.json").write_text(json.dumps({**record, "models_dir": str(cache / "models")}))
    with take_ports(28000, 29000) as ports:
        hotline = RunningHotline(tmp_path, ports, environment={"INFOLINIA_CACHE": str(cache)})
        try:
            await hotline.start()
            _, body = await hotline.probe("readyz")
            assert body["ready"]
            (recognition,) = [c for c in body["conditions"] if c["name"] == "recognition"]
            assert not recognition["ok"]
            assert recognition["detail"] == "Keys only: no model"
            await hotline.run("call", "--script", "press 2; press 2; hang up")
            (row,) = await hotline.rows(1)
            assert row["path"][:3] == ["language", "main", "hours"]
            callers = asyncio.create_task(
                run_sipp(
                    "caller",
                    folder=tmp_path,
                    sip_port=ports.sip,
                    local_port=ports.spare(0),
                    audio_port=ports.spare(2),
                    calls=2,
                    rate=2,
                    stay_seconds=60,
                    limit_seconds=70,
                )
            )

            async def in_call() -> bool:
                return await hotline.calls_in_progress() == 2

            await until(in_call, "two calls are in progress", 15, hotline.log)
            assert hotline.process is not None
            hotline.process.send_signal(signal.SIGTERM)
            assert await hotline.ended() == 0, hotline.log()
            assert "Traceback" not in hotline.log()
            assert "trouble" not in hotline.log()  # a prompt that a hang-up cuts short is none
            assert not processes_with(tmp_path / "v")
            callers.cancel()
            await asyncio.gather(callers, return_exceptions=True)
            rows = await hotline.history()
        finally:
            await hotline.stop()
    assert len(rows) == 3
    for row in rows[:2]:
        assert row["data"]["ended_by"] == "engine"
        assert row["events"][-1]["kind"] == "ended"
