"""A process that has a SQLite file open keeps its locks, so that no other one takes its changes away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from engine.clock import SystemClock
from engine.registers.actor import Actor, ActorKind
from engine.registers.imports import NewImport
from history.importing.options import ImportOptions
from store.opening import open_imports

OTHER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
print(*database.execute("SELECT count(*) FROM imports").fetchone())
database.close()
"""


def counted_by_another_process(path: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", OTHER, str(path)], check=True, timeout=30, capture_output=True, text=True
    )
    return ran.stdout.strip()


async def test_what_is_written_after_another_process_has_closed_the_file_is_kept(tmp_path: Path) -> None:
    """POSIX drops the locks with any descriptor that is closed; who is last to hold one removes the log."""
    path = tmp_path / "x.db"
    async with open_imports(f"sqlite:///{path}", SystemClock()) as imports:
        for number in ("1", "2", "3"):
            new = NewImport(number, "list.csv", "n", "list.csv", 1, ImportOptions())
            await imports.add(Actor(ActorKind.COMMAND, "test"), new)
            assert await asyncio.to_thread(counted_by_another_process, path) == number
