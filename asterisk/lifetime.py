"""A process by its id, child of ours or not: started in its own session, awaited, ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

STOP_LIMIT_SECONDS = 20.0  # Asterisk itself gives calls up to 15 s to end

_log = logging.getLogger(__name__)


def spawn(argv: tuple[str, ...], output: Path) -> int:
    """Start a process that outlives this one; its output goes to a file, as a pipe would break then."""
    return os.posix_spawnp(
        argv[0],
        argv,
        os.environ,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def alive(pid: int) -> bool:
    """Whether the process runs; reaps it when it was our child and has ended."""
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        state = _stat(pid)[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def runs_with(pid: int, argument: Path) -> bool:
    """Whether it is alive and was started with this argument: a pid alone proves nothing, pids come again."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return bytes(argument) in arguments and alive(pid)


async def ended(pid: int) -> None:
    """Return when the process has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    alive(pid)


async def end(pid: int) -> None:
    """Ask it to stop; after the limit kill its group."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(ended(pid), STOP_LIMIT_SECONDS)
        except TimeoutError:
            _log.warning("Process %d did not stop within %g s: it is killed.", pid, STOP_LIMIT_SECONDS)
            os.killpg(pid, signal.SIGKILL)
            await asyncio.wait_for(ended(pid), STOP_LIMIT_SECONDS)
    alive(pid)


def started_at(pid: int) -> datetime | None:
    """Aware UTC, to a hundredth of a second; None when it is gone."""
    try:
        ticks = int(_stat(pid)[19])
        boot_seconds = int(Path("/proc/stat").read_text(encoding="ascii").split("btime ")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return None
    return datetime.fromtimestamp(boot_seconds + ticks / os.sysconf("SC_CLK_TCK"), UTC)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(")")[2].split()
