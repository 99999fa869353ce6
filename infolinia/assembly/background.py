"""What goes on beside the calls until the hotline stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import AsyncExitStack


def in_background(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    """Run it until the hotline stops."""
    task = asyncio.get_running_loop().create_task(work)

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
