"""Asterisk as a process: adopted, restarted, refused, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk.folders import RuntimeFolderRefused, RuntimeFolders
from asterisk.lifetime import alive, end
from asterisk.process import AsteriskFailed, AsteriskProcess
from asterisk.settings import LOOPBACK_ADDRESS
from tests.house import Ports, asterisk_installation, asterisk_settings, running_asterisk
from tests.patience import patient

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]


async def wait_for(condition: Callable[[], bool], limit_seconds: float = 15.0) -> None:
    async with asyncio.timeout(patient(limit_seconds)):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("sip_port", socket.SOCK_DGRAM),
        ("loopback_port", socket.SOCK_DGRAM),
        ("http_port", socket.SOCK_STREAM),
        ("ami_port", socket.SOCK_STREAM),
    ],
)
async def test_a_taken_port_is_named_with_its_setting(
    tmp_path: Path, ports: Ports, setting: str, kind: socket.SocketKind
) -> None:
    settings = asterisk_settings(tmp_path, ports)
    port = getattr(settings, setting)
    with socket.socket(socket.AF_INET, kind) as squatter:
        address = LOOPBACK_ADDRESS if setting == "loopback_port" else "127.0.0.1"
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        squatter.bind((address, port))
        if kind == socket.SOCK_STREAM:
            squatter.listen()
        with pytest.raises(AsteriskFailed) as failure:
            await AsteriskProcess(settings, asterisk_installation()).start()
    assert f"{address}:{port}" in str(failure.value)
    assert f"set another `{setting}`" in str(failure.value)
    assert not RuntimeFolders(settings.runtime_dir).pid_file.exists()


async def test_a_port_taken_at_the_last_moment_is_told_too(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asterisk.process.taken_port", lambda settings: None)
    settings = asterisk_settings(tmp_path, ports)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
        squatter.bind(("127.0.0.1", ports.sip))
        with pytest.raises(AsteriskFailed, match="set another `sip_bind` or `sip_port`"):
            await AsteriskProcess(settings, asterisk_installation()).start()


async def test_a_module_that_does_not_load_is_told(tmp_path: Path, ports: Ports) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    installation = asterisk_installation()
    for module in installation.module_dir.iterdir():
        if module.name != "res_ari_bridges.so":
            (modules / module.name).symlink_to(module)
    process = AsteriskProcess(asterisk_settings(tmp_path, ports), replace(installation, module_dir=modules))
    with pytest.raises(AsteriskFailed, match=r"module res_ari_bridges\.so .*run `make setup`"):
        await process.start()
    assert process.pid is None


async def test_a_program_that_is_not_there_is_told(tmp_path: Path, ports: Ports) -> None:
    process = AsteriskProcess(
        asterisk_settings(tmp_path, ports), replace(asterisk_installation(), argv=("/nowhere/asterisk",))
    )
    with pytest.raises(AsteriskFailed, match="cannot be run"):
        await process.start()


async def test_a_second_engine_in_the_same_folder_is_refused(tmp_path: Path, ports: Ports) -> None:
    async with running_asterisk(tmp_path, ports) as first:
        second = AsteriskProcess(first.settings, asterisk_installation())
        with pytest.raises(RuntimeFolderRefused) as refusal:
            await second.start()
        assert str(os.getpid()) in str(refusal.value)
        assert "runtime_dir" in str(refusal.value)
        assert first.pid is not None
        assert alive(first.pid)


async def test_two_installations_run_side_by_side(tmp_path: Path, ports: Ports) -> None:
    settings = asterisk_settings(tmp_path, ports)
    other = replace(
        settings,
        runtime_dir=tmp_path / "other",
        app="other",
        sip_port=ports.spare(0),
        loopback_port=ports.spare(1),
        http_port=ports.spare(2),
        ami_port=ports.spare(3),
        media_port=ports.spare(4),
        rtp_start=ports.spare(10),
        rtp_end=ports.spare(33),
    )
    async with running_asterisk(tmp_path, ports) as first:
        second = AsteriskProcess(other, asterisk_installation())
        await second.start()
        try:
            assert first.pid != second.pid
            assert f"127.0.0.1:{other.sip_port}" in await second.console("pjsip show transports")
            assert f"127.0.0.1:{ports.sip}" in await first.console("pjsip show transports")
        finally:
            await second.stop()


async def test_asterisk_outlives_a_killed_engine_and_the_next_adopts_it(tmp_path: Path, ports: Ports) -> None:
    engine = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.asterisk.engine_that_crashes", str(tmp_path), str(ports.first)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert engine.stdout is not None
    pid = int(await asyncio.wait_for(engine.stdout.readline(), patient(30)))
    try:
        engine.kill()
        await engine.wait()
        assert alive(pid), "it has its own session"
        async with running_asterisk(tmp_path, ports) as adopting:
            assert adopting.adopted
            assert adopting.pid == pid
            assert adopting.booted_at is not None
            assert "Asterisk 2" in await adopting.console("core show version")
        assert not alive(pid), "stop ends an adopted one too"
    finally:
        await end(pid)


async def test_letting_go_leaves_it_running_and_a_changed_configuration_restarts_it(
    tmp_path: Path, ports: Ports
) -> None:
    first = AsteriskProcess(asterisk_settings(tmp_path, ports), asterisk_installation())
    await first.start()
    assert first.pid is not None
    try:
        await first.let_go()
        assert alive(first.pid)
        async with running_asterisk(tmp_path, ports, deadman_seconds=33) as second:
            assert not second.adopted
            assert second.pid != first.pid
            assert not alive(first.pid)
            assert "TIMEOUT(absolute)=33" in await second.console("dialplan show engine")
    finally:
        await end(first.pid)


async def test_a_stale_pid_file_is_not_believed(tmp_path: Path, ports: Ports) -> None:
    folders = RuntimeFolders(tmp_path / "ast")
    folders.run.mkdir(parents=True)
    folders.pid_file.write_text(f"{os.getpid()}\n")
    async with running_asterisk(tmp_path, ports) as started:
        assert not started.adopted
        assert started.pid != os.getpid()


async def test_it_is_started_again_when_it_dies(tmp_path: Path, ports: Ports) -> None:
    told: list[tuple[bool, str]] = []
    process = AsteriskProcess(
        asterisk_settings(tmp_path, ports),
        asterisk_installation(),
        on_change=lambda up, detail: told.append((up, detail)),
    )
    await process.start()
    first_pid, secrets = process.pid, process.secrets
    assert first_pid is not None
    try:
        os.kill(first_pid, signal.SIGKILL)
        await wait_for(lambda: len(told) == 3)
        assert [up for up, _ in told] == [True, False, True]
        assert process.pid not in (None, first_pid)
        assert process.secrets == secrets
        await process.console("core show version")
        second_pid = process.pid
        await process.stop()
        assert second_pid is not None
        assert not alive(second_pid)
    finally:
        await process.stop()  # idempotent
