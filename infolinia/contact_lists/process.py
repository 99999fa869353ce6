"""A process that carries out one import and ends; what it is to do comes on its standard input.

It is apart from the hotline, so that no list, however large or bad, disturbs a call.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop

from engine.clock import SystemClock
from engine.registers.imports import ImportBusy, ImportLost, Imports, ImportState
from infolinia.contact_lists.files import open_contact_file
from infolinia.contact_lists.importing import FILE_PROBLEMS, carry_out, owner_here
from store.opening import open_imports

_NICE = 5


async def _main(database_url: str, node: str, import_id: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with open_imports(database_url, SystemClock()) as imports:
        try:
            await _carry_out(imports, owner_here(node), import_id)
        except (ImportBusy, ImportLost):
            pass  # another process works on it, or it is over: the register tells which
        except asyncio.CancelledError:
            pass  # it waits again, and goes on at the next start


async def _carry_out(imports: Imports, owner: str, import_id: str) -> None:
    taken = await imports.take(import_id, owner)
    try:
        file = await asyncio.to_thread(open_contact_file, Path(taken.path), taken.options)
    except FILE_PROBLEMS as problem:
        await imports.finish(taken.id, owner, ImportState.FAILED, str(problem))
        return
    try:
        done = await carry_out(imports, taken, owner, file, lambda written: None)
    except FILE_PROBLEMS:
        return  # the register has the sentence
    finally:
        file.remove_copy()
    if done.state in (ImportState.DONE, ImportState.CANCELLED):
        Path(taken.path).unlink(missing_ok=True)  # noqa: ASYNC240 - one file


if __name__ == "__main__":
    os.nice(_NICE)
    order = json.loads(sys.stdin.readline())
    uvloop.run(_main(order["database_url"], order["node"], order["import_id"]))
