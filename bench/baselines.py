"""What the engine is measured against, in the same Asterisk: the dialplan and bare applications."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from asterisk.folders import RuntimeFolders, load_secrets
from asterisk.settings import CALLER_MEDIA_CLIENTS, INBOUND_CONTEXT
from bench.bare_ari import READY
from infolinia.setup.inventory import find_parts

ROOT = Path(__file__).parents[1]
STASIS_APP, ECHO_APP = "bench-stasis", "bench-echo"
_LIMIT_SECONDS = 15.0


async def add_extensions(folders: RuntimeFolders, extensions: Mapping[str, tuple[str, ...]]) -> None:
    """Number -> applications in turn. An exact number goes before the pattern that leads to the engine."""
    for number, applications in extensions.items():
        for priority, application in enumerate(applications, start=1):
            said = await _console(
                folders, f"dialplan add extension {number},{priority},{application} into {INBOUND_CONTEXT}"
            )
            if "added into" not in said:
                raise RuntimeError(f"Asterisk did not take extension {number}: {said}")


async def load_module(folders: RuntimeFolders, name: str) -> None:
    """One that the hotline has no use for."""
    said = await _console(folders, f"module load {name}")
    if "Loaded" not in said:
        raise RuntimeError(f"Asterisk did not load {name}: {said}")


async def channels(folders: RuntimeFolders) -> int:
    """How many live."""
    said = await _console(folders, "core show channels count")
    found = re.search(r"^(\d+) active channel", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"Asterisk did not count its channels: {said}")
    return int(found[1])


@asynccontextmanager
async def bare_stasis(folders: RuntimeFolders, http_port: int) -> AsyncIterator[int]:
    """The process id of a running bare Stasis application."""
    async with _application("bare_stasis", folders, http_port, STASIS_APP) as pid:
        yield pid


@asynccontextmanager
async def socket_echo(folders: RuntimeFolders, http_port: int, media_port: int) -> AsyncIterator[int]:
    """The process id of a running socket echo; it listens where a simulated caller's audio would go."""
    more = ("--port", str(media_port), "--connection", CALLER_MEDIA_CLIENTS[0])
    async with _application("socket_echo", folders, http_port, ECHO_APP, *more) as pid:
        yield pid


@asynccontextmanager
async def _application(
    module: str, folders: RuntimeFolders, http_port: int, app: str, *more: str
) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.{module}", "--url", f"http://127.0.0.1:{http_port}", "--app", app),
        *more,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(load_secrets(folders).ari_password.encode() + b"\n")
        line = await asyncio.wait_for(process.stdout.readline(), _LIMIT_SECONDS)
        if line.decode().strip() != READY:
            raise RuntimeError(f"bench.{module} did not start")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), _LIMIT_SECONDS)


async def _console(folders: RuntimeFolders, command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(*find_parts().asterisk_argv, "-C", str(folders.main_config), "-rx", command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), _LIMIT_SECONDS)
    return said.decode(errors="replace")
