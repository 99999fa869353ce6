"""Asterisk's process: found or started, watched, started again when it dies, stopped on request.

It outlives a crashed engine, so that calls stay up: it has its own session, and the next engine adopts it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import IO

from asterisk.cel import make_cel_table
from asterisk.folders import RuntimeFolders, Secrets, hold_folder, load_secrets
from asterisk.lifetime import alive, end, ended, runs_with, spawn, started_at
from asterisk.ports import taken_port
from asterisk.rendering import render, rendered, write_rendered
from asterisk.settings import AsteriskInstallation, AsteriskSettings, Phone, check_settings
from asterisk.startlog import start_errors
from asterisk.tidying import TIDY_EVERY_SECONDS, tidy

BOOT_LIMIT_SECONDS = 30.0
_CONSOLE_LIMIT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0  # a run this long ends the back-off

_log = logging.getLogger(__name__)


class AsteriskFailed(Exception):
    """Asterisk did not start or answer; the text is one sentence that says why and the remedy."""


class AsteriskProcess:
    """The one Asterisk of a runtime folder.

    `on_change(up, detail)` is told when it is up, when it dies, and why it does not come up again.
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
        return None if self.pid is None else started_at(self.pid)

    def check_ports(self) -> None:
        """Raises AsteriskFailed when another program holds a port that a start would need."""
        taken = None if self._find_running() is not None else taken_port(self.settings)
        if taken is not None:
            raise AsteriskFailed(taken)

    async def start(self) -> None:
        """Take the runtime folder and bring Asterisk up, or adopt the one that still runs in it.

        Raises SettingsRefused, RuntimeFolderRefused or AsteriskFailed; a new Asterisk is ended again then.
        """
        check_settings(self.settings)  # before anything is touched
        self.folders.make(self._installation)
        self._lock = hold_folder(self.folders)
        try:
            self._secrets = load_secrets(self.folders)
            files = render(self.settings, self._installation, self._secrets)
            running = self._find_running()
            if running is not None and rendered(self.folders) != files:
                _log.warning("Asterisk (process %d) has an older configuration: it is restarted.", running)
                await end(running)
                running = None
            if running is None:
                self._write(files)
                await self._spawn()
            else:
                await self._wait_until_booted(running)
                self.pid = running
            self.adopted = running is not None
        except BaseException:
            self._release()
            raise
        self._on_change(True, "adopted" if self.adopted else "started")
        self._watch = asyncio.create_task(self._keep_up(), name="asterisk-watch")

    async def stop(self) -> None:
        """End Asterisk and the calls in it. Idempotent."""
        try:
            await self._end_watch()
        finally:
            pid, self.pid = self.pid, None
            if pid is not None:
                await end(pid)
            self._release()

    async def let_go(self) -> None:
        """Stop watching and leave Asterisk and its calls running, for the next engine to adopt."""
        await self._end_watch()
        self._release()

    async def change_phones(self, phones: tuple[Phone, ...]) -> None:
        """Other SIP telephones from now on; calls go on. Raises SettingsRefused or AsteriskFailed.

        One that is down has them when it is up again.
        """
        settings = replace(self.settings, phones=phones)
        check_settings(settings)
        self._write(render(settings, self._installation, self.secrets))
        if self.pid is not None:
            await self.console("module reload res_pjsip.so")
        self.settings = settings

    async def console(self, command: str) -> str:
        """What Asterisk's console answers. Raises AsteriskFailed when it does not within the limit."""
        process = await asyncio.create_subprocess_exec(
            *(*self._installation.argv, "-C", str(self.folders.main_config), "-rx", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _CONSOLE_LIMIT_SECONDS)
        except TimeoutError:
            raise AsteriskFailed(
                f"Asterisk's console did not answer {command!r} within {_CONSOLE_LIMIT_SECONDS:g} s."
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        text = output.decode(errors="replace")
        if process.returncode != 0:
            raise AsteriskFailed(f"Asterisk's console did not answer {command!r}: {text.strip()}")
        return text

    def _find_running(self) -> int | None:
        """The Asterisk that still runs in this folder."""
        try:
            pid = int(self.folders.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if runs_with(pid, self.folders.main_config) else None

    def _write(self, files: dict[str, str]) -> None:
        try:
            write_rendered(files, self.folders)
            make_cel_table(self.folders.cel_db)
        except OSError as error:
            raise AsteriskFailed(
                f"The runtime folder {self.folders.root} cannot be written ({error.strerror}): "
                "free space or set another `runtime_dir`."
            ) from error
        except sqlite3.Error as error:
            raise AsteriskFailed(
                f"Asterisk's call log {self.folders.cel_db} cannot be used ({error}): "
                "move it away, a new one is made."
            ) from error

    async def _spawn(self) -> None:
        self.check_ports()
        argv = (*self._installation.argv, "-f", "-C", str(self.folders.main_config))
        try:
            for leftover in (self.folders.control_socket, self.folders.pid_file):
                leftover.unlink(missing_ok=True)
            if self.folders.message_log.exists():
                self.folders.message_log.replace(self.folders.message_log.with_suffix(".1"))
            pid = spawn(argv, self.folders.output_log)
        except OSError as error:
            raise AsteriskFailed(f"Asterisk cannot be run ({error}): run `make setup`.") from error
        try:
            await self._wait_until_booted(pid)
            errors = start_errors(self.folders)
            if errors:
                raise AsteriskFailed(errors[0])
        except BaseException:
            await end(pid)
            raise
        self.pid = pid

    async def _wait_until_booted(self, pid: int) -> None:
        """Raises AsteriskFailed when it ends meanwhile or takes longer than the limit."""
        refusal = ""
        try:
            async with asyncio.timeout(self._boot_limit_seconds):
                while True:
                    if not alive(pid):
                        raise AsteriskFailed(
                            self._why(f"ended while starting; see {self.folders.output_log}")
                        )
                    if self.folders.control_socket.exists():
                        try:
                            await self.console("core waitfullybooted")
                            return
                        except AsteriskFailed as failure:  # the socket is there before it is listened on
                            refusal = f" ({failure})"
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            late = (
                f"was not ready after {self._boot_limit_seconds:g} s{refusal}; see {self.folders.message_log}"
            )
            raise AsteriskFailed(self._why(late)) from None

    def _why(self, otherwise: str) -> str:
        errors = start_errors(self.folders)
        return errors[0] if errors else f"Asterisk {otherwise}."

    async def _keep_up(self) -> None:
        """Watch it for ever, and start it again with growing pauses."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            if self.pid is not None:
                since = loop.time()
                await self._tidy_until_ended(self.pid)
                _log.error("Asterisk (process %d) has died: it is started again.", self.pid)
                self.pid = None
                self._on_change(False, "Asterisk has died and is started again")
                if loop.time() - since > _STEADY_SECONDS:
                    pause_seconds = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            try:
                await self._spawn()
            except AsteriskFailed as failure:
                _log.error("%s Next try in %g s.", failure, pause_seconds)
                self._on_change(False, str(failure))
            else:
                self.adopted = False
                self._on_change(True, "started again")

    async def _tidy_until_ended(self, pid: int) -> None:
        while True:
            try:
                await asyncio.wait_for(ended(pid), TIDY_EVERY_SECONDS)
                return
            except TimeoutError:
                try:
                    if tidy(self.folders):
                        await self.console("logger reload")
                except (OSError, sqlite3.Error, AsteriskFailed) as error:
                    _log.warning("Asterisk's logs in %s could not be kept short: %s", self.folders.log, error)

    async def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None

    def _release(self) -> None:
        """Give the runtime folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
