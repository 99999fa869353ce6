"""Parsing batches in processes of their own: reading numbers is most of an import's work."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing.connection import wait

from engine.registers.imports import Batch, Parsed
from history.importing.columns import Columns
from history.importing.drafts import Draft, Refusal, shown
from history.importing.options import ImportOptions
from history.importing.records import cells_of
from history.importing.rows import RowReader

Parse = Callable[[Batch], Awaitable[Parsed]]

# A smaller file is parsed sooner than a process starts.
_SMALL_FILE_BYTES = 200_000
_NICE = 5


class BatchParser:
    """Not thread-safe."""

    def __init__(self, columns: Columns, options: ImportOptions, separator: str) -> None:
        self._separator = separator
        self._reader = RowReader(columns, options)

    def parse(self, batch: Batch) -> Parsed:
        drafts: list[Draft] = []
        refusals: list[Refusal] = []
        whole = [record for record in batch.records if not record.broken]
        for record, cells in zip(
            whole, cells_of([record.text for record in whole], self._separator), strict=True
        ):
            draft, refused = self._reader.read(record.line, cells)
            if draft is not None:
                drafts.append(draft)
            if refused:
                refusals += refused
        for record in batch.records:
            if record.broken:
                reason = "The row opens a quotation mark that is never closed: close it, or write it twice."
                refusals.append(Refusal(record.line, "", shown(record.text.rstrip()), reason))
        return Parsed(batch.first, len(batch.records), drafts, refusals)


@asynccontextmanager
async def parsing(
    columns: Columns, options: ImportOptions, separator: str, size_bytes: int
) -> AsyncIterator[tuple[Parse, int]]:
    """A function that parses a batch, and how many batches it parses beside each other."""
    if size_bytes < _SMALL_FILE_BYTES:
        parser = BatchParser(columns, options, separator)

        async def parse_here(batch: Batch) -> Parsed:
            return parser.parse(batch)

        yield parse_here, 1
        return
    workers = len(os.sched_getaffinity(0))
    pool = ProcessPoolExecutor(
        workers,
        # A fork of a process with threads may stand still for ever.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(columns, options, separator),
    )
    loop = asyncio.get_running_loop()

    async def parse_there(batch: Batch) -> Parsed:
        return await loop.run_in_executor(pool, _parse, batch)

    try:
        yield parse_there, workers + 1
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_parser: BatchParser


def _start(columns: Columns, options: ImportOptions, separator: str) -> None:
    global _parser
    os.nice(_NICE)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _parser = BatchParser(columns, options, separator)
    look_for_cycles_rarely()


def look_for_cycles_rarely() -> None:
    """For a process that imports and does nothing else: rows are many objects, and none is in a cycle."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _end_with_parent() -> None:
    """One whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _parse(batch: Batch) -> Parsed:
    return _parser.parse(batch)
