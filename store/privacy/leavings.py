"""What of a person lies outside the tables: recordings, dead letters, Asterisk's logs, freed pages."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from store.privacy.person import pattern_of
from store.recordings.vault import SEALED

log = structlog.get_logger("store")

_DEAD_LETTERS = "dead-letter.jsonl"
# Below the state folder, in which the spool lies too.
_ASTERISK_LOG = Path("asterisk", "log")
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
            paths = root.glob(pattern) if "*" in pattern else [root / relative, root / f"{pattern}{SEALED}"]
            for path in paths:
                if path.resolve().is_relative_to(root) and path.is_file():
                    found[path] = None
        return list(found)

    def blank_lines(self, words: Sequence[str]) -> int:
        """Lines of text files that tell of the person become blanks, and rows of Asterisk's call log go.

        Blanks stand in the lines' place: other processes may be appending. How many lines and rows there
        were, and files that could not be cleaned.
        """
        pattern = pattern_of(words)
        if pattern is None:
            return 0
        number = 0
        try:
            number = _rows_deleted(self._cel, words) if self._cel is not None else 0
        except sqlite3.Error as error:
            log.warning("Asterisk's call log could not be cleaned", why=str(error))
            number = 1
        for path in self._texts():
            try:
                number += _blanked(path, pattern)
            except OSError as error:
                log.warning("a log could not be cleaned", file=str(path), why=str(error))
                number += 1
        return number

    @property
    def _cel(self) -> Path | None:
        path = None if self.spool is None else self.spool.parent / _ASTERISK_LOG / "cel.db"
        return path if path is not None and path.exists() else None

    def _texts(self) -> list[Path]:
        """Dead letters, and what Asterisk logs: its messages and call records."""
        if self.spool is None:
            return []
        folder = self.spool.parent / _ASTERISK_LOG
        logs = (path for kind in ("messages*", "output*", "cdr-csv/*") for path in folder.glob(kind))
        found = [self.spool / _DEAD_LETTERS, *logs]
        return [path for path in found if path.is_file()]


def _blanked(path: Path, pattern: re.Pattern[str]) -> int:
    number = place = 0
    with path.open("r+b", buffering=0) as file:
        for line in file.read().splitlines(keepends=True):
            if pattern.search(line.decode("utf-8", "replace")):
                os.pwrite(file.fileno(), b" " * len(line.rstrip(b"\n")), place)
                number += 1
            place += len(line)
        os.fsync(file.fileno())
    return number


def _rows_deleted(database: Path, words: Sequence[str]) -> int:
    """Of Asterisk's call log, which the engine reads for calls that it missed; these have ended."""
    with closing(sqlite3.connect(database, timeout=5, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(cel)")]
        if not columns:
            return 0
        text = " || ' ' || ".join(f"coalesce(lower({column}), '')" for column in columns)
        number = 0
        for word in words:
            gone = connection.execute(f"DELETE FROM cel WHERE instr({text}, ?)", (word.lower(),))  # noqa: S608
            number += gone.rowcount
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
