"""Small disks of a program's own: file systems of few MB that can really be full, seen by nobody else."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MEGABYTES = 4
_MOUNT = (
    'size=$1; shift; while [ "$1" != -- ]; do '
    '(umask 077; mkdir -p "$1") && mount -t tmpfs -o "size=$size,mode=700" tmpfs "$1" || exit 97; shift; '
    'done; shift; exec "$@"'
)
_FILLER = "filler"


def on_small_disks(*folders: str, command: str) -> tuple[str, ...]:
    """`command` as the start of a program's arguments, with a small disk on each folder below its own.

    The test is skipped where the kernel gives this user no file systems of their own.
    """
    for apart in (("unshare", "-m"), ("unshare", "-Urm")):
        if shutil.which("unshare") is None:
            break
        tried = subprocess.run(
            [*apart, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, timeout=10, check=False
        )
        if tried.returncode == 0:
            return (*apart, "sh", "-c", _MOUNT, "sh", f"{MEGABYTES}m", *folders, "--", command)
    pytest.skip("the kernel lets this user mount no file system, not even in a namespace of their own")


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """The disk on `folder`, as the process `pid` has it."""

    pid: int
    folder: Path

    @property
    def path(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.folder}")

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free

    def fill(self) -> None:
        """To the last byte."""
        with (self.path / _FILLER).open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        assert self.free_bytes == 0

    def make_room(self) -> None:
        (self.path / _FILLER).unlink()
