"""Work that is looked for now and then, and as soon as somebody says that there is some."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from engine.ports import StoreUnavailable

log = structlog.get_logger(__name__)


class Lookout:
    """Looks by `look` every `every_seconds`; when woken at once, and again after each of `soon_seconds`.

    What wakes it may be written a moment later than it is told.
    """

    def __init__(
        self,
        what: str,
        look: Callable[[], Awaitable[None]],
        *,
        every_seconds: float,
        soon_seconds: Sequence[float] = (),
    ) -> None:
        self._what = what
        self._look = look
        self._every_seconds = every_seconds
        self._soon_seconds = tuple(soon_seconds)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled. A failure is logged, and it is looked again later."""
        soon: tuple[float, ...] = ()
        while True:
            try:
                await self._look()
            except StoreUnavailable as away:
                log.warning(f"{self._what} wait for the database", reason=str(away))
            except Exception:
                log.exception(f"{self._what} failed; it is tried again")
            seconds, soon = (soon[0], soon[1:]) if soon else (self._every_seconds, ())
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()
            soon = self._soon_seconds
