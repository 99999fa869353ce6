"""OrderedLedger: changes that come from callbacks, which cannot wait, are committed one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from engine.changes import Change
from engine.ports import Ledger, LedgerUnavailable

CLOSING_SECONDS = 5.0

log = structlog.get_logger(__name__)


class OrderedLedger:
    """`write` never blocks; what cannot be written now is spooled by the ledger itself."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: asyncio.Queue[Sequence[Change] | asyncio.Future[None]] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._write_on())

    def write(self, *changes: Change) -> None:
        self._waiting.put_nowait(changes)

    async def written(self) -> None:
        """Once what was written so far has been committed."""
        if self._work is not None:
            so_far: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.put_nowait(so_far)
            await so_far

    async def close(self) -> None:
        """Whatever waits is committed first, within a limit. Idempotent."""
        work, self._work = self._work, None
        if work is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._waiting.join()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    async def _write_on(self) -> None:
        while True:
            changes = await self._waiting.get()
            try:
                if isinstance(changes, asyncio.Future):
                    if not changes.done():
                        changes.set_result(None)
                else:
                    await self._ledger.commit(changes)
            except LedgerUnavailable as closed:
                log.error("what agents did was not written", why=str(closed))
            except Exception:
                log.exception("what agents did was not written")
            finally:
                self._waiting.task_done()
