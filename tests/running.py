"""A whole hotline for a test: the program as a user starts it, in its own folder, on its own ports."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from asterisk.folders import RuntimeFolders
from infolinia.commands.history import as_record
from infolinia.configuration import load_configuration
from store.opening import open_queries
from tests.house import Ports
from tests.patience import patient

COMMAND = str(Path(sys.executable).with_name("infolinia"))
ROOT = Path(__file__).parents[1]
START_SECONDS = 40.0
# The program, whose callers wait for the next engine as long as a slow machine needs to start one.
WITH_PATIENT_CALLERS = (
    sys.executable,
    "-c",
    f"from engine import deadmen\ndeadmen.DEADMAN_SECONDS = {round(patient(START_SECONDS))}\n"
    "from infolinia.entry import main\nmain()",
)


@dataclass
class RunningHotline:
    """`infolinia run` as a process. Its Asterisk outlives `kill`, as in life, and ends with `stop`."""

    folder: Path
    ports: Ports
    changes: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = (COMMAND,)
    process: asyncio.subprocess.Process | None = None

    @property
    def config(self) -> Path:
        return self.folder / "infolinia.yaml"

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.ports.spare(30)}"

    @property
    def output(self) -> Path:
        return self.folder / "run.log"

    @property
    def asterisk(self) -> RuntimeFolders:
        return RuntimeFolders(self.folder / "v" / "asterisk")

    @property
    def asterisk_pid(self) -> int:
        return int(self.asterisk.pid_file.read_text())

    def write_config(self) -> None:
        ports = self.ports
        settings: dict[str, Any] = {
            "state": "v",
            "flows": str(ROOT / "callflows"),
            "sip": {"port": ports.sip, "rtp": f"{ports.first + 40}-{ports.first + 99}"},
            "web": {"port": ports.spare(30)},
            "asterisk": {
                "http_port": ports.http,
                "ami_port": ports.ami,
                "loopback_port": ports.loopback,
                "media_port": ports.media,
                "caller_media_port": ports.spare(26),
            },
        }
        for name, value in self.changes.items():
            settings[name] = {**settings[name], **value} if isinstance(settings.get(name), dict) else value
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True))

    async def start(self, *, ready: bool = True) -> None:
        self.write_config()
        with self.output.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(*self.program, "run", "--config", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={**os.environ, **self.environment},
            )
        if ready:
            await until(self.ready, "the hotline is ready", START_SECONDS, self.log)

    async def ready(self) -> bool:
        if self.process is None or self.process.returncode is not None:
            raise AssertionError(f"the hotline ended:\n{self.log()}")
        status, _ = await self.probe("readyz")
        return status == 200

    async def probe(self, name: str) -> tuple[int, dict[str, Any]]:
        """Status and body of /healthz or /readyz; status 0 when nothing answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patient(3))) as session,
                session.get(f"{self.web}/{name}") as response,
            ):
                return response.status, await response.json()
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}

    async def calls_in_progress(self) -> int:
        return await self._measured("calls_live", ".*")

    async def free_agents(self) -> int:
        """Those who can be offered a call."""
        return await self._measured("agents", 'state="idle"')

    async def _measured(self, name: str, labels: str) -> int:
        """A measure's sum over these labels, a pattern."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.web}/metrics") as response:
            text = await response.text()
        found = re.findall(rf"^infolinia_{name}\{{{labels}\}} (\S+)$", text, re.M)
        return sum(int(float(count)) for count in found)

    async def wrote_events(self) -> bool:
        """Whether a call's first step is in the database (SQLite): what an engine killed now would leave."""
        with closing(sqlite3.connect(self.folder / "v" / "infolinia.db", timeout=patient(5))) as database:
            query = "SELECT count(*) FROM call_events WHERE kind = 'step_entered'"
            return int(database.execute(query).fetchone()[0]) > 0

    def recordings(self) -> list[dict[str, Any]]:
        """Rows of recorded talks in the database (SQLite), in the order in which they were begun."""
        with closing(sqlite3.connect(self.folder / "v" / "infolinia.db", timeout=patient(5))) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM recordings ORDER BY started_at")]

    def log(self) -> str:
        return self.output.read_text(errors="replace")[-6000:] if self.output.exists() else ""

    async def run(self, *arguments: str, limit_seconds: float = 60, ok: bool = True) -> tuple[int, str, str]:
        """Another `infolinia` command with the same configuration: exit code, standard output and error."""
        process = await asyncio.create_subprocess_exec(
            *(COMMAND, *arguments, "--config", str(self.config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
        )
        try:
            output, errors = await asyncio.wait_for(process.communicate(), patient(limit_seconds))
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode is not None
        if ok:
            assert process.returncode == 0, errors.decode() + output.decode() + self.log()
        return process.returncode, output.decode(), errors.decode()

    async def history(self) -> list[dict[str, Any]]:
        """Rows of the contact history with their events, newest first.

        As `infolinia history --json --events` prints them: a program each time is too much for so many.
        """
        found: list[dict[str, Any]] = []
        async with open_queries(load_configuration(self.config).database_url) as queries:
            for row in await queries.history(limit=200):
                events = [
                    {"seq": one.seq, "at": one.at, "kind": one.kind.value, "data": dict(one.data)}
                    for one in await queries.events(row.interaction.subject_id)
                ]
                record = {**as_record(row), "events": events}
                found.append(json.loads(json.dumps(record, default=datetime.isoformat)))
        return found

    async def rows(self, count: int, limit_seconds: float = 30) -> list[dict[str, Any]]:
        """The history once it holds at least `count` rows."""
        found: list[dict[str, Any]] = []

        async def enough() -> bool:
            found[:] = await self.history()
            return len(found) >= count

        await until(enough, f"{count} rows in the history", limit_seconds, self.log)
        return found

    def kill(self) -> None:
        """kill -9 of the engine; Asterisk goes on."""
        assert self.process is not None
        self.process.kill()

    async def ended(self, limit_seconds: float = 20) -> int:
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), patient(limit_seconds))

    async def stop(self) -> None:
        """As by Ctrl-C; whatever is left of Asterisk is killed."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            try:
                await self.ended()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
                raise
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(self.asterisk_pid, signal.SIGKILL)


@asynccontextmanager
async def running(folder: Path, ports: Ports, **changes: Any) -> AsyncIterator[RunningHotline]:
    """A ready hotline; `changes` are settings of its configuration."""
    hotline = RunningHotline(folder, ports, changes)
    try:
        await hotline.start()
        yield hotline
    finally:
        await hotline.stop()


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, limit_seconds: float, log: Callable[[], str] = str
) -> None:
    """Ask again and again, within a limit; patiently."""
    limit = patient(limit_seconds)
    try:
        async with asyncio.timeout(limit):
            while not await condition():  # noqa: ASYNC110 - another process is asked
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not within {limit:g} s: {what}\n{log()}") from None
