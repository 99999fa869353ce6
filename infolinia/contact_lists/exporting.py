"""Contacts written to a CSV or XLSX file, page by page."""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import xlsxwriter

from engine.registers.contacts import ContactFilter, Contacts
from engine.registers.refusals import Refused
from history.contact import Contact
from history.importing.cells import no_formula
from history.importing.exporting import header_of, row_of

PAGE = 500
_MOST_ROWS_OF_A_SHEET = 1_048_576


class _Sheet(Protocol):
    def write(self, cells: list[str]) -> None: ...


async def export_contacts(contacts: Contacts, wanted: ContactFilter, path: Path) -> int:
    """How many were written. A file that is there already is replaced when all is written.

    Two passes: the first finds the attributes' names, which are columns. Raises Refused when the file cannot
    be written.
    """
    names: set[str] = set()
    async for contact in _everybody(contacts, wanted):
        names.update(contact.attributes)
    attributes = sorted(names)
    number = 0
    with _written(path) as sheet:
        sheet.write(header_of(attributes))
        async for contact in _everybody(contacts, wanted):
            sheet.write(row_of(contact, attributes))
            number += 1
    return number


async def _everybody(contacts: Contacts, wanted: ContactFilter) -> AsyncIterator[Contact]:
    after: tuple[str, ...] | None = None
    while True:
        page = await contacts.list(wanted, limit=PAGE, after=after)
        for contact in page.items:
            yield contact
        if page.after is None:
            return
        after = page.after


@contextmanager
def _written(path: Path) -> Iterator[_Sheet]:
    part = path.with_name(path.name + ".part")
    try:
        with _workbook(part) if path.suffix.lower() == ".xlsx" else _table(part) as sheet:
            yield sheet
        part.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refused(f"{path} cannot be written ({reason}): give another place.") from error
    finally:
        part.unlink(missing_ok=True)


class _CsvSheet:
    def __init__(self, write: object) -> None:
        self._writer = write

    def write(self, cells: list[str]) -> None:
        self._writer.writerow([no_formula(cell) for cell in cells])  # type: ignore[attr-defined]


@contextmanager
def _table(path: Path) -> Iterator[_Sheet]:
    # Excel knows UTF-8 by its mark. The list is personal data: nobody else reads the file.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as text:
        yield _CsvSheet(csv.writer(text))


class _XlsxSheet:
    """All cells are texts, so none is a formula."""

    def __init__(self, sheet: object) -> None:
        self._sheet = sheet
        self._row = 0

    def write(self, cells: list[str]) -> None:
        if self._row >= _MOST_ROWS_OF_A_SHEET:
            raise Refused(f"A sheet takes {_MOST_ROWS_OF_A_SHEET:,} rows: export to a .csv file.")
        for column, cell in enumerate(cells):
            if cell:
                self._sheet.write_string(self._row, column, cell)  # type: ignore[attr-defined]
        self._row += 1


@contextmanager
def _workbook(path: Path) -> Iterator[_Sheet]:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        yield _XlsxSheet(book.add_worksheet("contacts"))
