"""What on this machine stands in the way of a hotline: one sentence each, and nothing is left running."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asterisk.process import AsteriskProcess
from infolinia.assembly.asterisk import installation_of
from infolinia.configuration import load_configuration
from infolinia.setup.inventory import find_parts
from tests.commands import Program, loaded_program, processes_with
from tests.house import Ports, take_ports
from tests.running import RunningHotline, running, until
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def ports() -> Iterator[Ports]:
    with take_ports(28000, 29000) as ports:
        yield ports


def neighbour(folder: Path, ports: Ports, **shared: Any) -> RunningHotline:
    """Another hotline, none of whose ports are those of the first, but for the `shared` settings."""
    sip: dict[str, Any] = {"port": ports.spare(10), "rtp": f"{ports.first + 40}-{ports.first + 99}"}
    asterisk = {
        "http_port": ports.spare(11),
        "ami_port": ports.spare(12),
        "loopback_port": ports.spare(13),
        "media_port": ports.spare(14),
        "caller_media_port": ports.spare(15),
    }
    changes = {"sip": sip, "asterisk": asterisk, "web": {"port": ports.spare(20)}}
    for section, values in shared.items():
        changes[section] = {**changes[section], **values}
    folder.mkdir(exist_ok=True)
    hotline = RunningHotline(folder, ports, changes)
    hotline.write_config()
    return hotline


async def test_taken_ports_a_second_instance_and_strangers(
    program: Program, tmp_path: Path, ports: Ports
) -> None:
    async with running(tmp_path, ports) as hotline:
        assert hotline.process is not None
        told = program.run(tmp_path, "run", "--config", str(hotline.config)).sentence
        assert told == (
            f"A hotline already runs in {tmp_path}/v (process {hotline.process.pid}): "
            "stop it or set another `state`."
        )
        other = tmp_path / "other"
        for section, setting, port in (
            ("web", "port", ports.spare(30)),
            ("asterisk", "media_port", ports.media),
            ("asterisk", "http_port", ports.http),
            ("asterisk", "ami_port", ports.ami),
            ("asterisk", "loopback_port", ports.loopback),
            ("sip", "port", ports.sip),
        ):
            refused = neighbour(other, ports, **{section: {setting: port}})
            told = program.run(other, "run", "--config", str(refused.config)).sentence
            assert f":{port} is taken by another program: stop that program or set" in told
            assert told.endswith(f"another `{section}.{setting}`.")
        assert not processes_with(other)
        await _strangers_are_refused_and_counted(hotline)
        await _unknown_number_is_announced(hotline)
        log = hotline.log()
        assert "protocol version" not in log
        assert "The database answers" not in log
    assert not processes_with(tmp_path)


async def _strangers_are_refused_and_counted(hotline: RunningHotline) -> None:
    ports = hotline.ports
    result = await run_sipp(
        "refused",
        folder=hotline.folder,
        sip_port=ports.sip,
        local_port=ports.spare(0),
        audio_port=ports.spare(2),
        local_ip="127.0.0.2",
        calls=3,
        rate=10,
    )
    assert result.ok, result.output

    async def counted() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"{hotline.web}/metrics") as response:
            lines = (await response.text()).splitlines()
        counts = [line for line in lines if line.startswith("infolinia_sip_refused_total{")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in counts) == 3

    await until(counted, "three refused requests are counted", 10, hotline.log)
    _, body = await hotline.probe("readyz")
    (told,) = [c["detail"] for c in body["conditions"] if c["name"] == "SIP refused"]
    assert told == "3 since the start, last from 127.0.0.2"
    assert await hotline.history() == []


async def _unknown_number_is_announced(hotline: RunningHotline) -> None:
    code, transcript, _ = await hotline.run("call", "999")
    assert code == 0
    assert "hotline" in transcript
    (row,) = await hotline.rows(1)
    assert (row["to"], row["outcome"], row["flow"]) == ("999", "unknown_number", "unknown-number")
    assert "999" in hotline.log()


@pytest.mark.parametrize(
    ("file", "secret", "told"),
    [
        ("ari.conf", "ari_password", "refuses the ARI user infolinia: it was started with another password"),
        ("manager.conf", "ami_password", "refuses the AMI user infolinia (Authentication failed)"),
    ],
)
async def test_an_asterisk_with_another_password(
    program: Program, tmp_path: Path, ports: Ports, file: str, secret: str, told: str
) -> None:
    """The files hold a new password, the Asterisk that is adopted the old one."""
    hotline = neighbour(tmp_path, ports)
    asterisk = AsteriskProcess(
        load_configuration(hotline.config).asterisk_settings(), installation_of(find_parts())
    )
    await asterisk.start()
    try:
        await asterisk.let_go()
        old = getattr(asterisk.secrets, secret)
        for path in (asterisk.folders.root / "secrets.json", asterisk.folders.etc / file):
            path.write_text(path.read_text().replace(old, "x" * 20))
        sentence = program.run(tmp_path, "run", "--config", str(hotline.config)).sentence
        assert told in sentence
        assert "stop that Asterisk, then start again" in sentence
        assert not processes_with(tmp_path)
    finally:
        await asterisk.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """48 MB in the place of the state folder."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    state = tmp_path / "v"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(state)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield state
    subprocess.run(["umount", str(state)], check=True)


async def test_a_full_disk(program: Program, tmp_path: Path, ports: Ports, small_disk: Path) -> None:
    filler = small_disk / "filler"
    hotline = RunningHotline(tmp_path, ports)
    try:
        hotline.write_config()
        filler.write_bytes(bytes(40 << 20))
        told = program.run(tmp_path, "run", "--config", str(hotline.config)).sentence
        assert told == (
            f"The disk of the state folder {small_disk} is full (8 MB are free, 16 MB are needed): "
            "make room or set another `state`."
        )
        filler.unlink()
        await hotline.start()
        _fill(filler)
        result = await run_sipp(
            "caller",
            folder=tmp_path,
            sip_port=ports.sip,
            local_port=ports.spare(0),
            audio_port=ports.spare(2),
        )
        assert result.ok, result.output

        async def database_fails() -> bool:
            told = [
                c["detail"] for c in await _conditions(hotline) if c["name"] == "database" and not c["ok"]
            ]
            return any("The database is away (database or disk is full)" in detail for detail in told)

        await until(database_fails, "/readyz says that the disk is full", 10, hotline.log)
        assert "takes nothing (No space left on device)" in json.dumps(await _conditions(hotline))
        filler.unlink()
        (row,) = await hotline.rows(1)
        assert row["outcome"] == "abandoned"
    finally:
        await hotline.stop()


async def _conditions(hotline: RunningHotline) -> list[dict[str, Any]]:
    _, body = await hotline.probe("readyz")
    conditions: list[dict[str, Any]] = body.get("conditions", [])
    return conditions


def _fill(filler: Path) -> None:
    """Until not a byte more goes onto the disk."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
