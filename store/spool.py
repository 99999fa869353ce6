"""The spool: lines kept on disk, in order, while the database is away.

A folder of numbered segments, each an append-only file of JSON lines. Lines are read from the oldest segment
and appended to one that this process began; a segment that was read to its end is deleted. Each `append` is
on the disk (fdatasync) when it returns. A line cut short by a crash is the last of its segment and is
dropped. One process at a time: the folder is locked.

Everything here blocks; the ledger calls it in a thread, one call at a time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from store.database import StoreError

SEGMENT_BYTES = 16 << 20
_PATTERN = "spool-*.jsonl"


class Spool:
    """Sizes are in bytes. `torn` counts lines that were cut short and dropped."""

    def __init__(self, folder: Path, limit_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self.torn = 0
        self._segment_bytes = segment_bytes
        self._segments: list[Path] = []
        self._lock: int | None = None
        self._tail: BinaryIO | None = None
        self._head: BinaryIO | None = None
        self._read_to = 0
        self._full = False

    @property
    def empty(self) -> bool:
        return not self._segments

    def open(self) -> None:
        """Lock the folder and find what an earlier process left. Raises StoreError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StoreError(
                f"The spool folder {self.folder} cannot be used ({error.strerror}); "
                "give this user the right to write it."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise StoreError(
                f"The spool folder {self.folder} is used by another infolinia; stop that one, "
                "or give this one a folder of its own."
            ) from None
        self._segments = sorted(self.folder.glob(_PATTERN))
        self.size_bytes = sum(path.stat().st_size for path in self._segments)

    def close(self) -> None:
        """Give the folder up; what is in it stays. Idempotent."""
        for file in (self._head, self._tail):
            if file is not None:
                file.close()
        self._head = self._tail = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def append(self, lines: Sequence[bytes]) -> int:
        """Put lines (without line ends) on the disk; returns how many found room. Raises OSError.

        Once one found none, none does until some have been forgotten: what is missing is one gap.
        """
        room = self.limit_bytes - self.size_bytes
        fitting: list[bytes] = []
        for line in lines:
            room -= len(line) + 1
            self._full = self._full or room < 0
            if self._full:
                break
            fitting.append(line + b"\n")
        if not fitting:
            return 0
        data = b"".join(fitting)
        tail = self._tail
        if tail is None or tail.tell() >= self._segment_bytes:
            tail = self._begin_segment()
        start = tail.tell()
        try:
            written = 0
            while written < len(data):
                written += tail.write(data[written:])
            os.fdatasync(tail.fileno())
        except OSError:
            # Nothing half-written may stand before a later line.
            tail.seek(start)
            tail.truncate()
            raise
        self.size_bytes += len(data)
        return len(fitting)

    def first(self, count: int) -> list[bytes]:
        """Up to `count` of the oldest lines, all of one segment; empty only when the spool is."""
        while self._segments:
            if self._head is None:
                self._head = self._segments[0].open("rb")
                self._read_to = 0
            self._head.seek(self._read_to)
            lines: list[bytes] = []
            line = self._head.readline()
            while line.endswith(b"\n"):
                lines.append(line)
                if len(lines) == count:
                    break
                line = self._head.readline()
            if lines:
                return lines
            self.torn += bool(line)
            self._end_segment()
        return []

    def forget(self, lines: Sequence[bytes]) -> None:
        """The lines just read are no longer needed."""
        self._full = False
        self._read_to += sum(len(line) for line in lines)
        if self._head is not None and self._read_to >= os.fstat(self._head.fileno()).st_size:
            self._end_segment()

    def _begin_segment(self) -> BinaryIO:
        if self._tail is not None:
            self._tail.close()
            self._tail = None
        last = int(self._segments[-1].stem.removeprefix("spool-")) if self._segments else 0
        path = self.folder / f"spool-{last + 1:08d}.jsonl"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._tail = os.fdopen(descriptor, "wb", buffering=0)
        self._segments.append(path)
        self._sync_folder()
        return self._tail

    def _end_segment(self) -> None:
        path = self._segments[0]
        if self._head is not None:
            self._head.close()
            self._head = None
        if len(self._segments) == 1 and self._tail is not None:
            self._tail.close()
            self._tail = None
        self.size_bytes -= path.stat().st_size
        path.unlink()
        self._segments.pop(0)
        self._read_to = 0
        if not self._segments:
            self.size_bytes = 0

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class DeadLetters:
    """Commits that the database refuses for their values: kept for a person to look at, never tried again."""

    LIMIT_BYTES = 64 << 20

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dead-letter.jsonl"

    def add(self, line: bytes) -> None:
        """Append a line, on the disk when it returns. Raises OSError, also at the limit."""
        descriptor = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            if os.fstat(descriptor).st_size + len(line) > self.LIMIT_BYTES:
                raise OSError(f"{self.path.name} is full; look through it and remove it")
            os.write(descriptor, line.rstrip(b"\n") + b"\n")
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
