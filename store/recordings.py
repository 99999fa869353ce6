"""Recordings as files: `recordings/2026/11/22/<call id>.wav`, moved there once they are finished."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import datetime
from pathlib import Path

import structlog

from engine.ports import RecordingLost

log = structlog.get_logger(__name__)


class RecordingFolder:
    """Implements the Recordings port. Names are relative to the folder, with `/` between their parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, path: str, call_id: str, at: datetime) -> str:
        return await asyncio.to_thread(self._keep, Path(path), call_id, at)

    async def discard(self, path: str) -> None:
        try:
            await asyncio.to_thread(Path(path).unlink, missing_ok=True)
        except OSError as error:
            log.warning("a recording of nothing was not deleted", path=path, why=error.strerror)

    def _keep(self, source: Path, call_id: str, at: datetime) -> str:
        target = self.folder / f"{at:%Y/%m/%d}" / f"{call_id}{source.suffix}"
        for number in range(2, 100):
            if not target.exists():
                break
            target = target.with_name(f"{call_id}-{number}{source.suffix}")
        partial = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Another file system cannot be renamed to: copy, then rename, so that no half file is ever seen.
            shutil.copyfile(source, partial)
            partial.chmod(0o600)
            os.replace(partial, target)
            source.unlink()
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise RecordingLost(
                f"the message of call {call_id} could not be moved to {target} ({error.strerror}); "
                f"it still lies at {source}"
            ) from error
        return target.relative_to(self.folder).as_posix()
