"""The desk of imports: a list that kills its process is given up, and lists do not stay for ever."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.actor import Actor, ActorKind
from engine.registers.imports import ImportState, NewImport
from history.importing.options import ImportOptions
from infolinia.contact_lists import desk as desks
from store.opening import open_imports

# Takes the import as the real one does, notes that it was there, and is killed.
DYING = """
import asyncio, json, os, signal, sys
from engine.clock import SystemClock
from infolinia.contact_lists.importing import owner_here
from store.registers import imports as register
from store.opening import open_imports

register.LEASE_SECONDS = 1.0

async def main(order):
    async with open_imports(order["database_url"], SystemClock()) as imports:
        await imports.take(order["import_id"], owner_here(order["node"]))

asyncio.run(main(json.loads(sys.stdin.readline())))
with open({starts!r}, "a") as starts:
    starts.write("x")
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_list_that_kills_its_process_is_given_up_and_can_be_tried_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, script, program = (tmp_path / name for name in ("starts", "dying.py", "python"))
    script.write_text(DYING.format(starts=str(starts)))
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{Path.cwd()}" exec "{sys.executable}" "{script}"\n')
    program.chmod(0o700)
    monkeypatch.setattr(desks.sys, "executable", str(program))
    monkeypatch.setattr(desks, "_LOOK_SECONDS", 0.05)
    url, me = f"sqlite:///{tmp_path}/x.db", Actor(ActorKind.COMMAND, "test")
    async with open_imports(url, SystemClock()) as imports:
        new = NewImport("d", "list.csv", "n", str(tmp_path / "list"), 1, ImportOptions(country="PL"))
        begun, _ = await imports.add(me, new)
        ids = TimeOrderedIds(SystemClock())
        desk = desks.ImportDesk(imports, ids, folder=tmp_path / "lists", database_url=url, node="n")
        desk.start()
        try:
            for tries in (3, 6):
                async with asyncio.timeout(28):
                    while (found := await imports.get(begun.id)).state is not ImportState.FAILED:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                assert found.error == "The process that imports died 3 times after row 0."
                assert starts.read_text() == "x" * tries
                if tries == 3:
                    await imports.resume(me, begun.id)
                    desk.look()
        finally:
            await desk.close()


async def test_old_lists_are_removed_while_the_hotline_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(desks, "_SWEEP_SECONDS", 0.05)
    url, ids = f"sqlite:///{tmp_path}/x.db", TimeOrderedIds(SystemClock())
    folder = tmp_path / "lists"
    async with open_imports(url, SystemClock()) as imports:
        desk = desks.ImportDesk(imports, ids, folder=folder, database_url=url, node="n")
        desk.start()
        try:
            folder.mkdir()
            for name, days in (("first", 31), ("new", 29), ("later", 31)):
                (folder / name).touch()
                at = SystemClock().now().timestamp() - days * 86_400
                os.utime(folder / name, (at, at))
                async with asyncio.timeout(10):
                    while days > 30 and (folder / name).exists():  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
            assert [path.name for path in folder.iterdir()] == ["new"]
        finally:
            await desk.close()
