"""What was handed over and is not answered yet: a provider that closes waits a little for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CLOSE_SECONDS = 3.0


class InFlight:
    def __init__(self) -> None:
        self._count = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._count += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._quiet.set()

    async def wait(self, limit_seconds: float = CLOSE_SECONDS) -> None:
        """Until nothing is in flight, or the limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_seconds):
                await self._quiet.wait()
