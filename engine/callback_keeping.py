"""Callbacks that were not kept: whatever window has passed in vain is told as broken, and all are counted."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from engine.lookout import Lookout
from engine.registers.callbacks import Callbacks

LOOK_SECONDS = 15.0
AWAY_SECONDS = 30.0
_AT_ONCE = 100

log = structlog.get_logger(__name__)


class CallbackKeeper:
    """`counts` are as of the last look. Several engines may look at once: each request is ended once."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._counts: Mapping[str, int] = {}
        self.lookout = Lookout("callbacks", self.look, every_seconds=LOOK_SECONDS, away_seconds=AWAY_SECONDS)

    def counts(self) -> Mapping[str, int]:
        """How many requests there are in each state, for the measures."""
        return self._counts

    async def look(self) -> None:
        """End all that are overdue, then count. Raises StoreUnavailable."""
        while (broken := await self._callbacks.mark_broken(limit=_AT_ONCE)) > 0:
            log.info("callbacks were not kept", broken=broken)
            if broken < _AT_ONCE:
                break
        self._counts = await self._callbacks.counts()
