"""Workbooks and JSON lines as a text table: made in a process of its own, with a limit of memory and time.

A workbook is read whole into memory, and a small file can ask for all there is. That process dies alone, and
the import that follows reads text, as flat as any other.
"""

from __future__ import annotations

import csv
import datetime
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_LIMIT_SECONDS = 600
_MOST_MEMORY_BYTES = 3 << 30
_MOST_UNPACKED_BYTES = 1 << 30
_MOST_JSON_MEMBERS = 500
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A line break within a cell; the table keeps one line for each row, so that lines are the sheet's rows.
_BREAK = "\u2028"


class FileRefused(ValueError):
    """The file cannot be imported; the message is one sentence with the remedy."""


def is_other_than_text(start: bytes) -> bool:
    """Whether a file that starts so is a workbook or JSON lines."""
    return start.startswith((_ZIP, _OLE)) or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def as_text_table(path: Path, sheet: str | None) -> Path:
    """A copy as text (UTF-8, commas) that the caller removes. Raises FileRefused."""
    made, name = tempfile.mkstemp(prefix="infolinia-import-", suffix=".csv")
    os.close(made)
    copy = Path(name)
    command = [sys.executable, "-m", "infolinia.contact_lists.workbooks", str(path), str(copy), sheet or ""]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        copy.unlink()
        raise FileRefused(
            f"{path.name} took more than {_LIMIT_SECONDS // 60} minutes to open: split it."
        ) from None
    except BaseException:
        copy.unlink()
        raise
    if done.returncode == 0:
        return copy
    copy.unlink()
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == 3 and said:
        raise FileRefused(f"{path.name} {said[-1]}")
    raise FileRefused(
        f"{path.name} cannot be opened within {_MOST_MEMORY_BYTES >> 30} GB of memory: save the sheet as CSV."
    )


def _main(path: Path, copy: Path, sheet: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    os.nice(5)
    try:
        with path.open("rb") as file:
            start = file.read(64)
        rows = _workbook(path, sheet or None) if start.startswith((_ZIP, _OLE)) else _json_lines(path)
        with copy.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, lineterminator="\n").writerows(rows)
    except FileRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return 3
    except OSError as away:
        sys.stderr.write(f"cannot be read ({away.strerror}).\n")
        return 3
    return 0


def _workbook(path: Path, sheet: str | None) -> Iterator[list[str]]:
    from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, load_workbook

    _check_unpacked(path)
    try:
        book = load_workbook(path)
        visible = [each.name for each in book.sheets_metadata if each.visible is SheetVisibleEnum.Visible]
        if sheet is not None and sheet not in book.sheet_names:
            raise FileRefused(f"has no sheet “{sheet[:40]}”: it has {', '.join(book.sheet_names)[:200]}.")
        if sheet is None and not visible:
            raise FileRefused("has no sheet that is shown: name one.")
        table = book.get_sheet_by_name(sheet or visible[0])
    except PasswordError:
        raise FileRefused("is protected by a password: save it without one.") from None
    except FileRefused:
        raise
    except BaseException as broken:  # the library's own panics are no Exceptions
        if not isinstance(broken, CalamineError) and "Panic" not in type(broken).__name__:
            raise
        raise FileRefused(
            "is no workbook that can be read, or is protected by a password: save it anew as .xlsx or .csv."
        ) from None
    first_row, first_column = table.start or (0, 0)
    for _ in range(first_row):
        yield []
    before = [""] * first_column
    for row in table.iter_rows():
        yield [*before, *map(_cell, row)]


def _check_unpacked(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise FileRefused("is damaged: save it anew.") from None
    if unpacked > _MOST_UNPACKED_BYTES:
        raise FileRefused(
            f"unpacks to more than {_MOST_UNPACKED_BYTES >> 30} GB: save the sheet as CSV, or split it."
        )


def _cell(value: object) -> str:
    match value:
        case str():
            return value.replace("\r\n", _BREAK).replace("\n", _BREAK).replace("\r", _BREAK)
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return str(value)


def _json_lines(path: Path) -> Iterator[list[str]]:
    """Two readings: the first collects the members, which are the header."""
    members: dict[str, None] = {}
    for _, row in _json_objects(path):
        members.update(dict.fromkeys(row))
        if len(members) > _MOST_JSON_MEMBERS:
            raise FileRefused(f"has more than {_MOST_JSON_MEMBERS} members in its objects: leave some out.")
    yield list(members)
    line = 1
    for number, row in _json_objects(path):
        for _ in range(number - line):  # the header took no line of the file
            yield []
        yield [row.get(member, "") for member in members]
        line = number + 1


def _json_objects(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    import orjson

    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.strip().removeprefix(b"\xef\xbb\xbf")
            if not text:
                continue
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError as wrong:
                raise FileRefused(
                    f"has no JSON in line {number} ({wrong}): write one object a line."
                ) from None
            if not isinstance(value, dict):
                raise FileRefused(f"has no JSON object in line {number}: write one object a line.")
            yield number, dict(_members(value, number))


def _members(value: dict[str, object], line: int) -> Iterable[tuple[str, str]]:
    for name, member in value.items():
        match member:
            case dict() if name == "attributes":
                for attribute, inner in member.items():
                    yield f"attr.{attribute}", _json_cell(inner, f"attributes.{attribute}", line)
            case list():
                yield name, ";".join(_json_cell(inner, name, line) for inner in member)
            case _:
                yield name, _json_cell(member, name, line)


def _json_cell(value: object, name: str, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int | float | bool):
        return _cell(value)
    raise FileRefused(
        f"has in line {line} a value of {name[:40]} that is no text or number: write it as a text."
    )


if __name__ == "__main__":
    raise SystemExit(_main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
