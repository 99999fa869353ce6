"""Work that is looked for now and then, and as soon as somebody says that there is some."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from engine.ports import StoreUnavailable

log = structlog.get_logger(__name__)


class Lookout:
    """Looks by `look` every `every_seconds`; when woken at once, and again after each of `soon_seconds`.

    What wakes it may be written a moment later than it is told. A look that returns True has more to do: the
    next one follows after `breath_seconds`. One that fails is followed by the next after `away_seconds`; that
    the database is away is logged once.
    """

    def __init__(
        self,
        what: str,
        look: Callable[[], Awaitable[bool | None]],
        *,
        every_seconds: float,
        soon_seconds: Sequence[float] = (),
        away_seconds: float | None = None,
        breath_seconds: float = 0.0,
    ) -> None:
        self._what = what
        self._look = look
        self._every_seconds = every_seconds
        self._soon_seconds = tuple(soon_seconds)
        self._away_seconds = every_seconds if away_seconds is None else away_seconds
        self._breath_seconds = breath_seconds
        self._away = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        soon: tuple[float, ...] = ()
        while True:
            more, seconds = await self._looked()
            if soon and not more:
                seconds, soon = soon[0], soon[1:]
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()
            soon = self._soon_seconds

    async def _looked(self) -> tuple[bool, float]:
        """One look. Whether there is more to do, and in how many seconds the next look is due."""
        try:
            more = bool(await self._look())
        except StoreUnavailable as away:
            if not self._away:
                log.warning(f"{self._what} wait for the database", reason=str(away))
            self._away = True
            return False, self._away_seconds
        except Exception:
            log.exception(f"{self._what} failed; it is tried again")
            return False, self._away_seconds
        self._away = False
        return more, self._breath_seconds if more else self._every_seconds
