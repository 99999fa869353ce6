"""Files of contacts on disk: what they are, how they are written, and their records in batches."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

import orjson

from engine.registers.imports import Batch
from history.importing.columns import Columns, columns_of
from history.importing.drafts import shown
from history.importing.encodings import encoding_by_start, encoding_of, known_encoding
from history.importing.options import ImportOptions
from history.importing.records import Record, cells_of, records_of, separator_of
from infolinia.contact_lists.workbooks import FileRefused, as_text_table, is_other_than_text

RECORDS_A_BATCH = 4_000
CHARACTERS_A_BATCH = 4_000_000
_SAMPLE_RECORDS = 50
_SAMPLE_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20
# Excel writes it before the header.
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?")
_BEYOND_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")


@dataclass(frozen=True, slots=True)
class ContactFile:
    """A file that can be imported. `digest` is of its bytes and the options.

    `skipped` records stand before people. `text_path` is where the records lie as text, `made` that this is a
    copy, to be removed in the end. `notes` are sentences for whoever imports.
    """

    path: Path
    digest: str
    size_bytes: int
    encoding: str
    separator: str
    columns: Columns
    text_path: Path
    skipped: int
    made: bool = False
    notes: tuple[str, ...] = field(default=())

    def batches(self, done: int) -> Iterator[Batch]:
        """Records from the one after the first `done` people on. Raises FileRefused."""
        first = done
        records = islice(self._records(), self.skipped + done, None)
        while True:
            batch, characters = [], 0
            for record in records:
                batch.append(record)
                characters += len(record.text)
                if len(batch) >= RECORDS_A_BATCH or characters >= CHARACTERS_A_BATCH:
                    break
            if not batch:
                return
            yield Batch(first, tuple(batch))
            first += len(batch)

    def remove_copy(self) -> None:
        if self.made:
            self.text_path.unlink(missing_ok=True)

    def _records(self) -> Iterator[Record]:
        return _records(self.text_path, self.encoding, self.separator)


def open_contact_file(path: Path, options: ImportOptions) -> ContactFile:
    """Look at the file and find out how to read it. Raises FileRefused, ColumnsRefused, EncodingRefused."""
    facts = _facts_of(path)
    made = is_other_than_text(facts.start)
    text_path = as_text_table(path, options.sheet) if made else path
    try:
        if made:
            encoding = "utf-8"
        elif options.encoding is not None:
            encoding = known_encoding(options.encoding)
        else:
            encoding = facts.encoding
        lines = list(islice(_lines(text_path, encoding), _SAMPLE_RECORDS))
        told = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
        separator = "," if made else options.separator or (told[1] if told else separator_of(lines))
        sample = list(islice(_records(text_path, encoding, separator), _SAMPLE_RECORDS + 2))
        before = 1 if told and not made else 0
        while before < len(sample) and not sample[before].text.strip():
            before += 1
        rows = cells_of([record.text for record in sample[before:] if not record.broken], separator)
        columns = columns_of([row for row in rows if row], options)
    except BaseException:
        if made:
            text_path.unlink(missing_ok=True)
        raise
    given = orjson.dumps(asdict(options), option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(facts.digest + given).hexdigest()
    return ContactFile(
        path,
        digest,
        facts.size_bytes,
        encoding,
        separator,
        columns,
        text_path,
        before + (1 if columns.has_header else 0),
        made,
        _notes(encoding, columns, facts.certain or made or options.encoding is not None),
    )


def _notes(encoding: str, columns: Columns, certain: bool) -> tuple[str, ...]:
    """What whoever imports should look at."""
    notes: list[str] = []
    if not certain:
        notes.append(f"Read as {encoding}; tell the encoding if letters are wrong.")
    if columns.unused:
        unused = ", ".join(shown(header[:40]) for header in columns.unused)
        notes.append(
            f"Columns not taken: {unused[:300]}. The option columns says what they are; "
            "other-columns keeps them all as attributes."
        )
    return tuple(notes)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Lines with \\n as their end, whatever it was. Raises FileRefused."""
    number = 0
    try:
        with path.open(encoding=encoding, newline=None) as text:
            for line in text:
                number += 1
                yield line
    except UnicodeDecodeError as wrong:
        raise FileRefused(
            f"{path.name} cannot be read as {encoding} after line {number} ({wrong.reason}): tell its "
            "encoding."
        ) from None
    except OSError as away:
        raise FileRefused(f"{path.name} cannot be read ({away.strerror}).") from None


def _records(path: Path, encoding: str, separator: str) -> Iterator[Record]:
    return records_of(_lines(path, encoding), separator)


@dataclass(frozen=True, slots=True)
class _Facts:
    digest: bytes
    size_bytes: int
    start: bytes
    encoding: str
    certain: bool


def _facts_of(path: Path) -> _Facts:
    """One look at the whole file, a block at a time."""
    digest, size, start = hashlib.sha256(), 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_ascii, sample = True, True, bytearray()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                if not start:
                    start = block[:4096]
                    if is_other_than_text(start):
                        is_utf8 = False
                endless = len(block) == _BLOCK_BYTES and b"\n" not in block and b"\r" not in block
                if endless and not is_other_than_text(start):
                    raise FileRefused(
                        f"{path.name} has a line of more than 1 MB: it is no table of contacts."
                    )
                if not block.isascii():
                    is_ascii = False
                    if len(sample) < _SAMPLE_BYTES:
                        for found in _BEYOND_ASCII.finditer(block):
                            sample += found[0][:1000]
                            if len(sample) >= _SAMPLE_BYTES:
                                break
                if is_utf8:
                    try:
                        utf8.decode(block)
                    except UnicodeDecodeError:
                        is_utf8 = False
            if is_utf8:
                try:
                    utf8.decode(b"", final=True)
                except UnicodeDecodeError:
                    is_utf8 = False
    except OSError as away:
        raise FileRefused(f"{path} cannot be read ({away.strerror}).") from None
    if not size:
        raise FileRefused(f"{path.name} is empty.")
    marked = encoding_by_start(start)
    if marked is not None:
        encoding, certain = marked, True
    elif is_utf8 or is_ascii:
        encoding, certain = "utf-8", True
    else:
        encoding, certain = (
            ("cp1250", True) if is_other_than_text(start) else (encoding_of(bytes(sample)), False)
        )
    return _Facts(digest.digest(), size, start, encoding, certain)
