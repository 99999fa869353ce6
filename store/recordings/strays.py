"""Raw files of talks that no row names: an engine was killed before it had written of them.

They are not encrypted, and nobody knows why it was allowed to record them. So they are deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import structlog

from engine.registers.recordings import RecordingRegister
from engine.registers.refusals import Missing

log = structlog.get_logger(__name__)

# One that is being recorded grows. Rows may come late, from the spool, once the database is back: so a file
# is deleted when two looks so far apart found no row of it.
LOOK_SECONDS = 3600.0
QUIET_SECONDS = 3600.0
_ENDINGS = (".said.raw", ".heard.raw")


class StrayRecordings:
    """`folder`: where Asterisk writes raw files."""

    def __init__(self, folder: Path, register: RecordingRegister) -> None:
        self._folder = folder
        self._register = register
        self._suspects: frozenset[Path] = frozenset()

    async def once(self) -> None:
        """Delete those that were found by the look before too. Raises StoreUnavailable, OSError."""
        strays = set()
        for path in await asyncio.to_thread(self._quiet):
            if not await self._known(path):
                strays.add(path)
        doomed = strays & self._suspects
        for path in sorted(doomed):
            await asyncio.to_thread(path.unlink, missing_ok=True)
            log.warning("a recording that no row names was deleted", file=path.name)
        self._suspects = frozenset(strays - doomed)

    async def _known(self, path: Path) -> bool:
        try:
            await self._register.get(_recording_id(path))
        except Missing:
            return False
        return True

    def _quiet(self) -> list[Path]:
        before = time.time() - QUIET_SECONDS
        found = []
        for path in self._folder.glob("*.raw"):
            with contextlib.suppress(FileNotFoundError):  # it was kept in this moment
                if path.name.endswith(_ENDINGS) and path.stat().st_mtime < before:
                    found.append(path)
        return found


def _recording_id(path: Path) -> str:
    return path.name.rpartition(".")[0].rpartition(".")[0]
