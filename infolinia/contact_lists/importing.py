"""An import carried out in this process, from the file to the last row."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from pathlib import Path

from engine.imports import run_import
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.imports import (
    LEASE_SECONDS,
    Counts,
    Import,
    ImportBusy,
    Imports,
    ImportState,
    NewImport,
    Parsed,
    Written,
)
from history.importing.columns import ColumnsRefused
from history.importing.drafts import Refusal, shown
from history.importing.encodings import EncodingRefused
from history.importing.options import ImportOptions
from infolinia.contact_lists.files import ContactFile, open_contact_file
from infolinia.contact_lists.parsing import parsing
from infolinia.contact_lists.workbooks import FileRefused

# What is wrong with a file or its options, told in one sentence.
FILE_PROBLEMS = (FileRefused, ColumnsRefused, EncodingRefused)


def owner_here(node: str) -> str:
    return f"{node}:{os.getpid()}:{secrets.token_hex(4)}"


async def import_file(
    imports: Imports,
    clock: Clock,
    path: Path,
    options: ImportOptions,
    actor: Actor,
    on_start: Callable[[Import, ContactFile], None],
    on_progress: Callable[[Written], None],
) -> Import:
    """Import the file, or go on with an import of it that was not finished.

    Raises FileRefused, ColumnsRefused, EncodingRefused, ImportBusy while another process works on it, and
    StoreUnavailable; then the same call goes on where this one stopped.
    """
    file = await asyncio.to_thread(open_contact_file, path, options)
    try:
        new = NewImport(
            file.digest,
            shown(path.name),
            "",
            shown(str(path)),
            file.size_bytes,
            options,
            file.notes,
        )
        found, _ = await imports.add(actor, new)
        owner = owner_here("command")
        taken = await _take_when_left(imports, clock, found.id, owner)
        on_start(taken, file)
        return await carry_out(imports, taken, owner, file, on_progress)
    finally:
        file.remove_copy()


async def carry_out(
    imports: Imports, taken: Import, owner: str, file: ContactFile, on_progress: Callable[[Written], None]
) -> Import:
    """From the position of an import that was taken. One that is stopped from outside waits again."""
    try:
        async with parsing(file.columns, taken.options, file.separator, file.size_bytes) as (parse, beside):
            batches = file.batches(taken.position)
            return await run_import(
                imports, taken.id, owner, batches, parse, ahead=beside, on_progress=on_progress
            )
    except asyncio.CancelledError:
        await asyncio.shield(imports.release(taken.id, owner))
        raise
    except FILE_PROBLEMS as problem:
        await imports.finish(taken.id, owner, ImportState.FAILED, str(problem))
        raise
    except (BrokenProcessPool, TimeoutError):
        sentence = (
            "A process that read the file was ended, perhaps for want of memory: start the import again."
        )
        await imports.finish(taken.id, owner, ImportState.FAILED, sentence)
        raise FileRefused(sentence) from None


async def _take_when_left(imports: Imports, clock: Clock, import_id: str, owner: str) -> Import:
    """Another process may have died with it: wait once until its lease would have been renewed."""
    try:
        return await imports.take(import_id, owner)
    except ImportBusy as busy:
        seconds = (busy.until - clock.now()) / timedelta(seconds=1)
        await asyncio.sleep(min(max(seconds, 0.0), LEASE_SECONDS) + 0.05)
        return await imports.take(import_id, owner)


async def try_file(
    path: Path, options: ImportOptions, on_refusal: Callable[[Refusal], None]
) -> tuple[ContactFile, Counts, int]:
    """Read and check every row and write nothing: `created` counts rows that could be taken; and all rows."""
    file = await asyncio.to_thread(open_contact_file, path, options)
    taken = refused = left_out = rows = 0
    try:
        async with parsing(file.columns, options, file.separator, file.size_bytes) as (parse, beside):
            batches = file.batches(0)
            running: list[asyncio.Future[Parsed]] = []
            while True:
                while len(running) <= beside and (batch := await asyncio.to_thread(next, batches, None)):
                    running.append(asyncio.ensure_future(parse(batch)))
                if not running:
                    break
                parsed = await running.pop(0)
                rows += parsed.records
                taken += len(parsed.drafts)
                refused += len({refusal.line for refusal in parsed.refusals if not refusal.kept})
                left_out += sum(refusal.kept for refusal in parsed.refusals)
                for refusal in parsed.refusals:
                    on_refusal(refusal)
    finally:
        file.remove_copy()
    return file, Counts(created=taken, refused=refused, left_out=left_out), rows
