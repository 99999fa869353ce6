"""Callbacks that were not kept: whatever window has passed in vain is told as broken, and all are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from engine.ports import StoreUnavailable
from engine.registers.callbacks import Callbacks

LOOK_SECONDS = 15.0
AWAY_SECONDS = 30.0
_AT_ONCE = 100

log = structlog.get_logger(__name__)


class CallbackKeeper:
    """`counts` are as of the last look. Several engines may look at once: each request is ended once."""

    def __init__(self, callbacks: Callbacks, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._callbacks = callbacks
        self._look_seconds = look_seconds
        self._work: asyncio.Task[None] | None = None
        self._counts: Mapping[str, int] = {}

    def start(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._look_on())

    async def close(self) -> None:
        """Idempotent."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    def counts(self) -> Mapping[str, int]:
        """How many requests there are in each state, for the measures."""
        return self._counts

    async def _look_on(self) -> None:
        while True:
            pause = self._look_seconds
            try:
                await self.look()
            except StoreUnavailable as away:
                log.warning("callbacks cannot be looked through", why=str(away))
                pause = AWAY_SECONDS
            except Exception:
                log.exception("callbacks could not be looked through; looking again in a while")
                pause = AWAY_SECONDS
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """End all that are overdue, then count. Raises StoreUnavailable."""
        while (broken := await self._callbacks.mark_broken(limit=_AT_ONCE)) > 0:
            log.info("callbacks were not kept", broken=broken)
            if broken < _AT_ONCE:
                break
        self._counts = await self._callbacks.counts()
