"""Lists sent to the hotline: kept, looked at, and imported one after another by a process beside it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import structlog

from engine.imports import ListRefused
from engine.ports import Ids, StoreUnavailable
from engine.registers.actor import Actor
from engine.registers.imports import Import, ImportBusy, ImportLost, Imports, ImportState, NewImport
from engine.registers.refusals import Missing, Refused
from history.importing.drafts import shown
from history.importing.options import ImportOptions
from infolinia.contact_lists.files import open_contact_file
from infolinia.contact_lists.importing import FILE_PROBLEMS, owner_here

log = structlog.get_logger(__name__)

# How often it looks for imports that another process left.
_LOOK_SECONDS = 5.0
_LONGEST_IMPORT_SECONDS = 12 * 3600.0
_END_SECONDS = 20.0
_KEPT_DAYS = 30
_SWEEP_SECONDS = 86_400.0
# A process that dies so often at one place dies of the list.
_MOST_DEATHS = 3


class ImportDesk:
    """Implements engine.imports.ImportIntake. It works from `start` to `close`, and goes on later."""

    def __init__(self, imports: Imports, ids: Ids, *, folder: Path, database_url: str, node: str) -> None:
        self._imports = imports
        self._ids = ids
        self._folder = folder
        self._database_url = database_url
        self._node = node
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._deaths: dict[tuple[str, int], int] = {}

    async def begin(
        self, actor: Actor, name: str, pieces: AsyncIterator[bytes], options: ImportOptions
    ) -> Import:
        path = self._folder / self._ids.new()
        taken = False
        try:
            await self._keep(path, pieces)
            file = await asyncio.to_thread(open_contact_file, path, options)
            file.remove_copy()
            new = NewImport(
                file.digest, shown(name), self._node, str(path), file.size_bytes, options, file.notes
            )
            begun, taken = await self._imports.add(actor, new)
        except FILE_PROBLEMS as problem:
            raise ListRefused(str(problem).replace(path.name, "The list")) from None
        finally:
            if not taken:
                path.unlink(missing_ok=True)
        if not taken:
            raise Refused(f"This list is being imported already, as {begun.id}: look there.")
        self.look()
        return begun

    def look(self) -> None:
        self._wanted.set()

    def start(self) -> None:
        self._worker = asyncio.create_task(self._work(), name="imports")

    async def close(self) -> None:
        """The process that imports is told to stop after its batch. Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def _keep(self, path: Path, pieces: AsyncIterator[bytes]) -> None:
        def opened() -> int:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

        try:
            with os.fdopen(await asyncio.to_thread(opened), "wb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
        except OSError as full:
            log.error("a list cannot be kept", folder=str(self._folder), reason=full.strerror)
            raise StoreUnavailable(f"the list cannot be kept ({full.strerror})") from full

    def _sweep(self) -> None:
        """Lists of imports that failed and that nobody went on with: they are personal data."""
        oldest = time.time() - _KEPT_DAYS * 86_400
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):  # the process of its import has just removed it
                if path.stat().st_mtime < oldest:
                    path.unlink()

    async def _work(self) -> None:
        sweep_at = 0.0
        while True:
            self._wanted.clear()
            try:
                if time.monotonic() >= sweep_at:
                    sweep_at = time.monotonic() + _SWEEP_SECONDS
                    await asyncio.to_thread(self._sweep)
                found = await self._imports.waiting(self._node)
                if found is not None:
                    await self._carry_out(found)
                    continue
            except StoreUnavailable as away:
                log.warning("imports wait for the database", reason=str(away))
            except Exception:
                log.exception("an import could not be carried out")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), _LOOK_SECONDS)

    async def _carry_out(self, found: Import) -> None:
        if self._deaths.get((found.id, found.position), 0) >= _MOST_DEATHS:
            await self._give_up(found)
            return
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "infolinia.contact_lists.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the hotline's terminal comes through us
        )
        order = {"database_url": self._database_url, "node": self._node, "import_id": found.id}
        try:
            async with asyncio.timeout(_LONGEST_IMPORT_SECONDS):
                _, said = await process.communicate(json.dumps(order).encode() + b"\n")
        except BaseException:
            await _end(process)
            raise
        try:
            now = await self._imports.get(found.id)
        except Missing:
            return
        if now.state in (ImportState.WAITING, ImportState.RUNNING):
            await self._note_death(now, said.decode(errors="replace").strip()[-500:])

    async def _note_death(self, left: Import, said: str) -> None:
        """It ended without a word to the register. It is tried again; not for ever at the same place."""
        place = (left.id, left.position)
        self._deaths[place] = self._deaths.get(place, 0) + 1
        log.error("the process of an import ended", import_id=left.id, position=left.position, said=said)
        await asyncio.sleep(_LOOK_SECONDS)

    async def _give_up(self, found: Import) -> None:
        """`found` waits, so the lease of the dead process is over. One that is resumed is tried anew."""
        del self._deaths[found.id, found.position]
        owner = owner_here(self._node)
        with suppress(ImportBusy, ImportLost):
            await self._imports.take(found.id, owner)
            sentence = f"The process that imports died {_MOST_DEATHS} times after row {found.position}."
            await self._imports.finish(found.id, owner, ImportState.FAILED, sentence)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
