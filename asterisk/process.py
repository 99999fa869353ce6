"""Asterisk's process: found or started, watched, started again when it dies, stopped on request.

It outlives a crashed engine, so that calls stay up: it has its own session, and the next engine adopts it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from asterisk.folders import RuntimeFolders, Secrets, hold_folder, load_secrets
from asterisk.ports import taken_port
from asterisk.rendering import render, rendered, write_rendered
from asterisk.settings import AsteriskInstallation, AsteriskSettings
from asterisk.startlog import start_errors

BOOT_LIMIT_SECONDS = 30.0
STOP_LIMIT_SECONDS = 20.0  # Asterisk itself gives calls up to 15 s to end
_CONSOLE_LIMIT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0  # a run this long ends the back-off

_log = logging.getLogger(__name__)


class AsteriskFailed(Exception):
    """Asterisk did not start; the text is one sentence that says why and the remedy."""


class AsteriskProcess:
    """The one Asterisk of a runtime folder.

    `on_change(up, detail)` is told when it dies and when it is up again, for health and the log.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        installation: AsteriskInstallation,
        *,
        on_change: Callable[[bool, str], None] | None = None,
        boot_limit_seconds: float = BOOT_LIMIT_SECONDS,
    ) -> None:
        self.settings = settings
        self.folders = RuntimeFolders(settings.runtime_dir.absolute())
        self.pid: int | None = None
        self.adopted = False
        self._installation = installation
        self._on_change = on_change or (lambda up, detail: None)
        self._boot_limit_seconds = boot_limit_seconds
        self._secrets: Secrets | None = None
        self._lock: IO[str] | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def secrets(self) -> Secrets:
        """Known once started."""
        if self._secrets is None:
            raise RuntimeError("Asterisk was not started")
        return self._secrets

    @property
    def booted_at(self) -> datetime | None:
        """When the running Asterisk was started, as the kernel says; None when it is not running."""
        return None if self.pid is None else _started_at(self.pid)

    async def start(self) -> None:
        """Take the runtime folder and bring Asterisk up, or adopt the one that still runs in it.

        Raises RuntimeFolderRefused, SettingsRefused or AsteriskFailed; nothing is left running then.
        """
        files = render(self.settings, self._installation, Secrets("", "", ""))  # refuse before touching anything
        self.folders.make(self._installation)
        self._lock = hold_folder(self.folders)
        try:
            self._secrets = load_secrets(self.folders)
            files = render(self.settings, self._installation, self._secrets)
            running = self._find_running()
            if running is not None and rendered(self.folders) != files:
                _log.warning("Asterisk (process %d) runs with an older configuration: it is restarted.", running)
                await _end(running)
                running = None
            if running is None:
                write_rendered(files, self.folders)
                await self._spawn()
            else:
                self.pid = running
                await self._wait_until_booted()
            self.adopted = running is not None
        except BaseException:
            self.release()
            raise
        self._on_change(True, "adopted" if self.adopted else "started")
        self._watch = asyncio.create_task(self._keep_up(), name="asterisk-watch")

    async def stop(self) -> None:
        """End Asterisk and the calls in it. Idempotent."""
        pid, self.pid = self.pid, None
        await self._end_watch()
        if pid is not None:
            await _end(pid)
        self.release()

    async def let_go(self) -> None:
        """Stop watching and leave Asterisk and its calls running, for the next engine to adopt."""
        await self._end_watch()
        self.release()

    def release(self) -> None:
        """Give the runtime folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def console(self, command: str) -> str:
        """What Asterisk's console answers. Raises AsteriskFailed when it does not within the limit."""
        argv = (*self._installation.argv, "-C", str(self.folders.main_config), "-rx", command)
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _CONSOLE_LIMIT_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        text = output.decode(errors="replace")
        if process.returncode != 0:
            raise AsteriskFailed(f"Asterisk's console did not answer {command!r}: {text.strip()}")
        return text

    # --- finding and starting -------------------------------------------------------------------------

    def _find_running(self) -> int | None:
        """The Asterisk that still runs in this folder. A pid file alone proves nothing: pids come again."""
        try:
            pid = int(self.folders.pid_file.read_text(encoding="ascii"))
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = bytes(self.folders.main_config) in arguments and b"-rx" not in arguments
        return pid if ours and _alive(pid) else None

    async def _spawn(self) -> None:
        taken = taken_port(self.settings)
        if taken is not None:
            raise AsteriskFailed(taken)
        for leftover in (self.folders.control_socket, self.folders.pid_file):
            leftover.unlink(missing_ok=True)
        if self.folders.message_log.exists():
            self.folders.message_log.replace(self.folders.message_log.with_suffix(".1"))
        argv = (*self._installation.argv, "-f", "-C", str(self.folders.main_config))
        out = str(self.folders.output_log)
        try:
            # Output goes to a file: a pipe would break when the engine dies and Asterisk lives on.
            self.pid = os.posix_spawnp(
                argv[0],
                argv,
                os.environ,
                setsid=True,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
            )
        except OSError as error:
            raise AsteriskFailed(f"Asterisk cannot be run ({argv[0]}: {error.strerror}): run `make setup`.") from error
        try:
            await self._wait_until_booted()
        except BaseException:
            pid, self.pid = self.pid, None
            await _end(pid)
            raise

    async def _wait_until_booted(self) -> None:
        assert self.pid is not None
        try:
            async with asyncio.timeout(self._boot_limit_seconds):
                while not self.folders.control_socket.exists():
                    if not _alive(self.pid):
                        raise AsteriskFailed(self._why(f"Asterisk ended while starting; see {self.folders.output_log}."))
                    await asyncio.sleep(_POLL_SECONDS)
                await self.console("core waitfullybooted")
        except TimeoutError:
            slow = f"Asterisk was not ready after {self._boot_limit_seconds:g} s; see {self.folders.message_log}."
            raise AsteriskFailed(self._why(slow)) from None
        errors = start_errors(self.folders)
        if errors:
            raise AsteriskFailed(errors[0])

    def _why(self, otherwise: str) -> str:
        errors = start_errors(self.folders)
        return errors[0] if errors else otherwise

    # --- watching -------------------------------------------------------------------------------------

    async def _keep_up(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            if self.pid is not None:
                since = loop.time()
                await _ended(self.pid)
                _log.error("Asterisk (process %d) has died: it is started again.", self.pid)
                self.pid = None
                if loop.time() - since > _STEADY_SECONDS:
                    pause = _FIRST_PAUSE_SECONDS
                self._on_change(False, "Asterisk has died and is started again")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            try:
                await self._spawn()
            except AsteriskFailed as failure:
                _log.error("%s Next try in %g s.", failure, pause)
                self._on_change(False, str(failure))
            else:
                self.adopted = False
                self._on_change(True, "started again")

    async def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None


def _alive(pid: int) -> bool:
    """Whether the process runs; reaps it when it was our child and has ended."""
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


async def _ended(pid: int) -> None:
    """Return when the process has ended, child or not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    _alive(pid)


async def _end(pid: int) -> None:
    """Ask it to stop, then kill its group."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(_ended(pid), STOP_LIMIT_SECONDS)
        except TimeoutError:
            _log.warning("Asterisk (process %d) did not stop within %g s: it is killed.", pid, STOP_LIMIT_SECONDS)
            os.killpg(pid, signal.SIGKILL)
            await asyncio.wait_for(_ended(pid), STOP_LIMIT_SECONDS)
    _alive(pid)


def _started_at(pid: int) -> datetime | None:
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        boot = Path("/proc/stat").read_text(encoding="ascii").split("btime ")[1].split()[0]
    except (OSError, IndexError, ValueError):
        return None
    return datetime.fromtimestamp(int(boot) + ticks / os.sysconf("SC_CLK_TCK"), UTC)
