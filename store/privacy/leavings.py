"""What of a person lies outside the tables: recordings, the spool's dead letters, freed pages of SQLite."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from store.privacy.person import pattern_of

_DEAD_LETTERS = "dead-letter.jsonl"
_MERGE_STEPS = 2_000
_MERGE_PAGES = 500


@dataclass(frozen=True, slots=True)
class Leavings:
    """`recordings`: their folder; `spool`: of this node. None: there is none."""

    recordings: Path | None
    spool: Path | None

    def waiting(self) -> bool:
        """Whether something is kept on the disk that is not in the database yet."""
        if self.spool is None:
            return False
        return any(path.stat().st_size for path in self.spool.glob("spool-*.jsonl"))

    def delete_recordings(self, names: Iterable[str]) -> int:
        """Names with a * are patterns. How many files could not be deleted."""
        left = 0
        for path in self.files(names):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                left += 1
        return left

    def files(self, names: Iterable[str]) -> list[Path]:
        """Those that are there, none outside of the folder."""
        if self.recordings is None:
            return []
        root = self.recordings.resolve()
        found: dict[Path, None] = {}
        for name in names:
            relative = Path(name)
            if relative.is_absolute():
                if not relative.is_relative_to(root):
                    continue
                relative = relative.relative_to(root)
            pattern = relative.as_posix()
            paths = root.glob(pattern) if "*" in pattern else [root / relative]
            for path in paths:
                if path.resolve().is_relative_to(root) and path.is_file():
                    found[path] = None
        return list(found)

    def blank_dead_letters(self, words: Sequence[str]) -> int:
        """Lines that tell of the person become blanks, in their place: another process may be appending."""
        pattern = pattern_of(words)
        path = None if self.spool is None else self.spool / _DEAD_LETTERS
        if path is None or pattern is None or not path.exists():
            return 0
        number = 0
        with path.open("r+b", buffering=0) as file:
            place = 0
            for line in file.read().splitlines(keepends=True):
                if pattern.search(line.decode("utf-8", "replace")):
                    os.pwrite(file.fileno(), b" " * len(line.rstrip(b"\n")), place)
                    number += 1
                place += len(line)
            os.fsync(file.fileno())
        return number


def empty_freed_pages(database: Path) -> bool:
    """Of SQLite: what was taken out of the full-text index, and the write-ahead log.

    False: a reader is in the way.

    What was deleted before by other connections may still lie in free pages; only VACUUM rewrites the file.
    """
    with closing(sqlite3.connect(database, timeout=5, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for _ in range(_MERGE_STEPS):
            before = connection.total_changes
            connection.execute(
                "INSERT INTO interaction_words (interaction_words, rank) VALUES ('merge', ?)",
                (-_MERGE_PAGES,),
            )
            if connection.total_changes - before < 2:
                break
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
