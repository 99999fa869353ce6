"""Raw files of talks that no row names.

A recording's row comes before its first sound, but for one that began while the database was away and whose
engine was killed before it had spooled the row. Such files are not encrypted, and nobody knows why it was
allowed to record them. So they are deleted.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from engine.ports import Ledger, LedgerUnavailable
from engine.registers.recordings import RecordingRegister
from engine.registers.refusals import Missing

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
_ENDINGS = (".said.raw", ".heard.raw")


class StrayRecordings:
    """`folder`: where Asterisk writes raw files."""

    def __init__(self, folder: Path, register: RecordingRegister, ledger: Ledger) -> None:
        self._folder = folder
        self._register = register
        self._ledger = ledger

    async def once(self) -> None:
        """Delete all of them, unless rows wait for the database. Raises StoreUnavailable, OSError."""
        found = await asyncio.to_thread(self._raw)
        if not found:
            return
        try:
            await self._ledger.commit([], durable=True)
        except LedgerUnavailable:
            return  # a file's row may be among those that wait
        for recording_id, paths in found.items():
            if await self._known(recording_id):
                continue
            for path in paths:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                log.warning("a recording that no row names was deleted", file=path.name)

    async def _known(self, recording_id: str) -> bool:
        try:
            await self._register.get(recording_id)
        except Missing:
            return False
        return True

    def _raw(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path in sorted(self._folder.glob("*.raw")):
            if path.name.endswith(_ENDINGS):
                found.setdefault(path.name.rpartition(".")[0].rpartition(".")[0], []).append(path)
        return found
