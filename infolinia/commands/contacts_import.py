"""`infolinia contacts import`: a list taken in, told as it goes, with a report of what was not taken."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Protocol

import typer

from engine.clock import SystemClock
from engine.registers.imports import Counts, Import, ImportBusy, ImportLost, Imports, Written
from engine.registers.refusals import Missing, Refused
from history.importing.cells import no_formula
from history.importing.columns import ColumnsRefused, check_columns
from history.importing.drafts import Refusal
from history.importing.options import Duplicates, Existing, ImportOptions, OtherColumns
from history.importing.places import country_named
from history.profile_fields import WrongField, tag_of
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.contact_lists.files import ContactFile
from infolinia.contact_lists.importing import FILE_PROBLEMS, import_file, try_file
from infolinia.contact_lists.parsing import look_for_cycles_rarely
from store.opening import open_imports

_REFUSED_HEADER = ("line", "field", "value", "reason", "row_taken")
_REFUSALS_A_PAGE = 1_000


class Table(Protocol):
    """csv's writer."""

    def writerow(self, row: Iterable[object], /) -> object: ...

    def writerows(self, rows: Iterable[Iterable[object]], /) -> object: ...


def import_contacts(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, XLS, ODS, or JSON objects one a line.")],
    country: Annotated[
        str | None, typer.Option(help="Whose national numbers they are (default: the configuration's).")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", help="FIELD=HEADER, with commas between; a header may be its number."),
    ] = None,
    tags: Annotated[str, typer.Option(help="Tags for everybody in the list, with commas between.")] = "",
    source: Annotated[
        str | None, typer.Option(help="The system the list comes from; its ids of people are kept with it.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(help="The id of a campaign: everybody with a number is put on its list.")
    ] = None,
    duplicates: Annotated[
        Duplicates, typer.Option(help="A later row that names a person of an earlier one.")
    ] = Duplicates.KEEP,
    existing: Annotated[
        Existing, typer.Option(help="A row that names a person who was there before.")
    ] = Existing.FILL,
    other_columns: Annotated[
        OtherColumns, typer.Option(help="Columns that are not recognised.")
    ] = OtherColumns.IGNORE,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first line names the columns.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, windows-1250 … (default: found out).")] = None,
    separator: Annotated[str | None, typer.Option(help="One character, or tab (default: found out).")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook (default: the first shown).")] = None,
    refused: Annotated[
        Path | None, typer.Option(help="Where the report of refused rows goes (default: FILE.refused.csv).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take in a list of people. The same command goes on with an import that was interrupted."""
    configuration = load_configuration(config)
    options = _options(
        country or configuration.country,
        _pairs(columns or []),
        [tag for tag in tags.split(",") if tag.strip()],
        separator,
    )
    options = replace(
        options,
        source=source,
        duplicates=duplicates,
        existing=existing,
        other_columns=other_columns,
        header=header,
        encoding=encoding,
        sheet=sheet,
        campaign=campaign,
    )
    report = refused or file.with_name(f"{file.stem}.refused.csv")
    work = (
        _try(file, options, report, as_json)
        if dry_run
        else _import(configuration, file, options, report, as_json)
    )
    try:
        run_until_done(work)
    except (*FILE_PROBLEMS, ImportBusy, ImportLost, Missing, Refused) as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        fail("Stopped: the same command goes on where it was.")


def _options(
    country: str, columns: list[tuple[str, str]], tags: list[str], separator: str | None
) -> ImportOptions:
    try:
        options = ImportOptions(
            country_named(country),
            tuple(columns),
            tuple(tag_of(tag) for tag in tags),
            separator=_one_character(separator),
        )
        check_columns(options)
    except (WrongField, ColumnsRefused) as wrong:
        fail(str(wrong))
    return options


def _pairs(written: list[str]) -> list[tuple[str, str]]:
    """`phone=Telefon,name=Imię`; a part without = belongs to the header before it."""
    pairs: list[tuple[str, str]] = []
    for option in written:
        for part in option.split(","):
            field, sign, header = part.partition("=")
            if sign:
                pairs.append((field.strip(), header.strip()))
            elif pairs:
                pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}")
            else:
                fail(f"“{option}” is no FIELD=HEADER: write --columns phone=Telefon.")
    return pairs


def _one_character(separator: str | None) -> str | None:
    found = {"tab": "\t", "\\t": "\t"}.get(separator or "", separator)
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        fail("The separator is one character, as --separator ';', or tab.")
    return found


async def _import(
    configuration: Configuration, path: Path, options: ImportOptions, report: Path, as_json: bool
) -> None:
    clock = SystemClock()
    configuration.place(configuration.state).mkdir(mode=0o700, parents=True, exist_ok=True)
    progress = _Progress()
    async with open_imports(configuration.database_url, clock) as imports:
        look_for_cycles_rarely()
        done = await import_file(imports, clock, path, options, shell_user(), progress.begin, progress.move)
        progress.end()
        told = await _report(imports, done, report)
    counts = asdict(done.counts)
    if as_json:
        record = {"id": done.id, "state": done.state.value, "rows": done.position, **counts}
        report_path = str(report) if told else None
        typer.echo(
            json.dumps({**record, "notes": list(done.notes), "report": report_path}, ensure_ascii=False)
        )
        return
    typer.echo(f"{done.position:,} rows of {path.name}: {_in_words(done.counts)}.")
    for sentence in done.notes:
        typer.echo(sentence)
    if told:
        typer.echo(f"What was not taken, line by line: {report}")


async def _try(path: Path, options: ImportOptions, report: Path, as_json: bool) -> None:
    with ExitStack() as stack:
        rows: list[Table] = []

        def tell(refusal: Refusal) -> None:
            if not rows:
                rows.append(_refused_table(stack, report))
            rows[0].writerow(_refused_row(refusal))

        file, counts, number = await try_file(path, options, tell)
    told = str(report) if rows else None
    if as_json:
        record = {"rows": number, "could_be_taken": counts.created, "refused": counts.refused}
        columns = {column.header or str(column.index + 1): column.label for column in file.columns.columns}
        more = {"left_out": counts.left_out, "columns": columns, "notes": list(file.notes), "report": told}
        typer.echo(json.dumps({**record, **more}, ensure_ascii=False))
        return
    for column in file.columns.columns:
        typer.echo(f"  {column.header or column.index + 1} is {column.label}")
    typer.echo(
        f"{number:,} rows: {counts.created:,} could be taken, {counts.refused:,} not; {counts.left_out:,} "
        "cells would be left out. Nothing was written, and nobody was looked up."
    )
    for sentence in file.notes:
        typer.echo(sentence)
    if told:
        typer.echo(f"What would not be taken, line by line: {report}")


def _in_words(counts: Counts) -> str:
    return (
        f"new people {counts.created:,}, changed {counts.updated:,}, as they were {counts.unchanged:,}; "
        f"rows of a person named before {counts.duplicates:,}, refused {counts.refused:,}; "
        f"cells left out {counts.left_out:,}"
    )


async def _report(imports: Imports, done: Import, path: Path) -> bool:
    """Whether there was anything to report."""
    counts = done.counts
    if not (counts.refused or counts.duplicates or counts.left_out):
        return False
    with ExitStack() as stack:
        table = _refused_table(stack, path)
        after: tuple[str, ...] | None = None
        while True:
            page = await imports.refused(done.id, limit=_REFUSALS_A_PAGE, after=after)
            table.writerows(map(_refused_row, page.items))
            if (after := page.after) is None:
                return True


def _refused_table(stack: ExitStack, path: Path) -> Table:
    try:
        text = stack.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
    except OSError as away:
        fail(f"The report {path} cannot be written ({away.strerror}): name another place by --refused.")
    table = csv.writer(text)
    table.writerow(_REFUSED_HEADER)
    return table


def _refused_row(refusal: Refusal) -> tuple[object, ...]:
    taken = "yes" if refusal.kept else "no"
    return refusal.line, refusal.field, no_formula(refusal.value), refusal.reason, taken


class _Progress:
    """On a terminal, a line that moves."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._on = sys.stderr.isatty()
        self._begun = self._shown = 0.0
        self._first = 0

    def begin(self, taken: Import, _file: ContactFile) -> None:
        self._begun = self._clock.monotonic()
        self._first = taken.position
        if taken.position and self._on:
            sys.stderr.write(f"Goes on after row {taken.position:,}.\n")

    def move(self, written: Written) -> None:
        now = self._clock.monotonic()
        if self._on and now - self._shown >= 0.2:
            self._shown = now
            speed = (written.position - self._first) / max(now - self._begun, 0.001)
            sys.stderr.write(f"\r{written.position:,} rows, {speed:,.0f} a second ")
            sys.stderr.flush()

    def end(self) -> None:
        if self._on and self._shown:
            sys.stderr.write("\r\x1b[K")
