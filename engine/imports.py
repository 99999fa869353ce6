"""Running an import: batches are read, parsed beside each other, and written one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from engine.registers.imports import Batch, Import, Imports, ImportState, Parsed, Written

# A batch that takes longer to parse is no table of contacts.
_PARSE_LIMIT_SECONDS = 120.0

Progress = Callable[[Written], None]


async def run_import(
    imports: Imports,
    import_id: str,
    owner: str,
    batches: Iterator[Batch],
    parse: Callable[[Batch], Awaitable[Parsed]],
    *,
    ahead: int,
    on_progress: Progress,
) -> Import:
    """Go on with an import that `owner` has taken, from `batches` on, which begin at its position.

    `ahead` batches are parsed while one is written: that is all that is ever in memory. Raises ImportLost
    when somebody else goes on with it, and StoreUnavailable; then it can be taken again, and goes on there.
    """
    parsing: deque[asyncio.Task[Parsed]] = deque()
    try:
        while True:
            while (
                len(parsing) <= ahead and (batch := await asyncio.to_thread(next, batches, None)) is not None
            ):
                parsing.append(asyncio.create_task(_within_limit(parse(batch))))
            if not parsing:
                return await imports.finish(import_id, owner, ImportState.DONE)
            written = await imports.write(import_id, owner, await parsing.popleft())
            on_progress(written)
            if written.cancelled:
                return await imports.finish(import_id, owner, ImportState.CANCELLED)
    finally:
        for task in parsing:
            task.cancel()
        await asyncio.gather(*parsing, return_exceptions=True)


async def _within_limit(parsing: Awaitable[Parsed]) -> Parsed:
    async with asyncio.timeout(_PARSE_LIMIT_SECONDS):
        return await parsing
