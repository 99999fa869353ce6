"""SQLite files that hold this version's tables from the start: the migrations run once a process."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from store.schema import upgrade

_SQLITE = "sqlite:///"


def filled(url: str) -> str:
    """The same URL. A new SQLite file has its tables then; what is there already stays as it is."""
    file = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and file.is_absolute() and file.parent.is_dir() and not file.exists():
        file.write_bytes(_tables())
    return url


@cache
def _tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside_the_tests_loop:
        file = Path(folder) / "filled.db"
        beside_the_tests_loop.submit(asyncio.run, upgrade(f"{_SQLITE}{file}")).result()
        return file.read_bytes()
