"""Running an import: batches are read, parsed beside each other, and written one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.imports import Batch, Import, Imports, ImportState, Parsed, Written
from history.importing.options import ImportOptions

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


class ListRefused(ValueError):
    """What was sent is no list that can be imported; the message is one sentence with the remedy."""


class ImportIntake(Protocol):
    """Takes lists from others, and has them imported beside the calls."""

    async def begin(
        self, actor: Actor, name: str, pieces: AsyncIterator[bytes], options: ImportOptions
    ) -> Import:
        """Keep the file and let it wait. Raises ListRefused, Refused when it is being imported already."""

    def look(self) -> None:
        """There may be an import that waits."""
