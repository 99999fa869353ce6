"""The worker that deletes what is kept too long, once a day, and goes on with erasures that did not end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from engine.ports import Clock, StoreUnavailable
from engine.registers.privacy import Privacy
from engine.registers.retention import Retention, RetentionKind

log = structlog.get_logger(__name__)

EVERY_SECONDS = 24 * 3600.0
# The first time soon after the start, yet not while calls of before are taken up again.
FIRST_SECONDS = 300.0
AGAIN_SECONDS = 600.0
# Between batches others come to the database.
PAUSE_SECONDS = 0.1


async def delete_overdue(
    retention: Retention, periods: Mapping[RetentionKind, timedelta], clock: Clock
) -> Mapping[RetentionKind, int]:
    """How many rows and files of each kind were deleted."""
    deleted: dict[RetentionKind, int] = {}
    for kind in RetentionKind:
        if kind not in periods:
            continue
        before = clock.now() - periods[kind]
        while number := await retention.delete_some(kind, before):
            deleted[kind] = deleted.get(kind, 0) + number
            await asyncio.sleep(PAUSE_SECONDS)
    return deleted


class RetentionWorker:
    def __init__(
        self,
        retention: Retention,
        privacy: Privacy,
        periods: Mapping[RetentionKind, timedelta],
        clock: Clock,
    ) -> None:
        self._retention = retention
        self._privacy = privacy
        self._periods = periods
        self._clock = clock

    async def run(self) -> None:
        """Until it is cancelled."""
        wait = FIRST_SECONDS
        while True:
            await asyncio.sleep(wait)
            wait = EVERY_SECONDS if await self.once() else AGAIN_SECONDS

    async def once(self) -> bool:
        """Whether all was done."""
        try:
            left = [one for one in await self._privacy.finish() if one.left]
            deleted = await delete_overdue(self._retention, self._periods, self._clock)
        except StoreUnavailable as away:
            log.warning("retention waits for the database", reason=str(away))
            return False
        except Exception:
            log.exception("retention failed; it is tried again")
            return False
        if deleted:
            log.info("deleted what was kept too long", **{kind.value: n for kind, n in deleted.items()})
        return not left
