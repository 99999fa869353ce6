"""A real Asterisk for a test: own folder, own ports, stopped by its process id."""

from __future__ import annotations

import fcntl
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asterisk.process import AsteriskProcess
from asterisk.settings import LOOPBACK_ADDRESS, AsteriskInstallation, AsteriskSettings
from infolinia.setup.inventory import Parts, find_parts

_BLOCK = 100  # ports a test takes
_RTP_OFFSET = 40


@dataclass(frozen=True, slots=True)
class Ports:
    """A test's own block of ports. Those from 5 to 39 of the block are the test's to use."""

    first: int

    @property
    def sip(self) -> int:
        return self.first

    @property
    def loopback(self) -> int:
        return self.first + 1

    @property
    def http(self) -> int:
        return self.first + 2

    @property
    def ami(self) -> int:
        return self.first + 3

    @property
    def media(self) -> int:
        return self.first + 4

    def spare(self, number: int) -> int:
        """0 to 34: for SIPp, its RTP, web servers."""
        assert 0 <= number < _RTP_OFFSET - 5
        return self.first + 5 + number


@contextmanager
def take_ports(start: int = 20000, stop: int = 21000) -> Iterator[Ports]:
    """A block that no other test process on this machine uses meanwhile."""
    folder = Path(tempfile.gettempdir()) / "infolinia-test-ports"
    folder.mkdir(exist_ok=True)
    for first in range(start, stop, _BLOCK):
        with (folder / str(first)).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            if not _are_free(Ports(first)):
                continue  # of a test whose process was ended: its Asterisk lives on
            yield Ports(first)
            return
    raise RuntimeError(f"all blocks of test ports from {start} to {stop} are taken")


def _are_free(ports: Ports) -> bool:
    """Those of a hotline."""
    datagram, stream = socket.SOCK_DGRAM, socket.SOCK_STREAM
    asked_for = [("127.0.0.1", ports.sip, datagram), (LOOPBACK_ADDRESS, ports.loopback, datagram)]
    served = (ports.http, ports.ami, ports.media, ports.spare(30))
    asked_for += [("127.0.0.1", port, stream) for port in served]
    for address, port, kind in asked_for:
        with socket.socket(socket.AF_INET, kind) as asked:
            if kind == stream:
                asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                asked.bind((address, port))
            except OSError:
                return False
    return True


def asterisk_installation(parts: Parts | None = None) -> AsteriskInstallation:
    parts = parts or find_parts()
    return AsteriskInstallation(
        argv=parts.asterisk_argv,
        module_dir=parts.asterisk_module_dir,
        data_dir=parts.asterisk_data_dir,
        sounds_dir=parts.sounds_dir,
        music_dir=parts.music_dir,
    )


def asterisk_settings(folder: Path, ports: Ports, **changes: Any) -> AsteriskSettings:
    values: dict[str, Any] = {
        "runtime_dir": folder / "ast",
        "sip_port": ports.sip,
        "loopback_port": ports.loopback,
        "http_port": ports.http,
        "ami_port": ports.ami,
        "media_port": ports.media,
        "caller_media_port": ports.spare(26),
        "rtp_start": ports.first + _RTP_OFFSET,
        "rtp_end": ports.first + _BLOCK - 1,
    }
    return AsteriskSettings(**{**values, **changes})


@asynccontextmanager
async def running_asterisk(folder: Path, ports: Ports, **changes: Any) -> AsyncIterator[AsteriskProcess]:
    """A started Asterisk; `changes` are fields of AsteriskSettings."""
    process = AsteriskProcess(asterisk_settings(folder, ports, **changes), asterisk_installation())
    await process.start()
    try:
        yield process
    finally:
        await process.stop()
