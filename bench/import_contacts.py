"""How fast a list is imported: checked, normalised, without duplicates, by SQLite and PostgreSQL.

The floor is what can hardly be done without: splitting each row and parsing its number by phonenumbers.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import multiprocessing
import os
import random
import resource
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import phonenumbers
import uvloop

from bench import report
from engine.clock import SystemClock
from engine.registers.actor import Actor, ActorKind
from engine.registers.imports import Written
from history.importing.options import ImportOptions
from infolinia.contact_lists.importing import import_file
from infolinia.contact_lists.parsing import look_for_cycles_rarely
from store.opening import open_imports
from tests.postgres import PostgresServer, binaries

ROWS = 1_000_000
AIM_A_SECOND = 15_000
_COUNTRIES = ("PL", "PL", "PL", "DE", "GB", "US", "RU", "UA", "CZ", "FR")
_GIVEN = ("Anna", "Jan", "Łukasz", "Małgorzata", "Юрий", "Екатерина", "Zoë", "Peter")
_FAMILY = ("Nowak", "Żółw", "Kowalska", "Щукин", "Smith", "Müller", "Gęś", "Brown")
_BAD, _TWICE = 0.03, 0.05
_MOST_GROWTH_MB = 32


def write_list(path: Path, rows: int) -> None:
    """Mobile numbers of ten countries, in four forms; 3 % bad ones, 5 % of an earlier row."""
    chance = random.Random(4)
    bases = {}
    for country in set(_COUNTRIES):
        example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        assert example is not None
        bases[country] = example
    with path.open("w", encoding="utf-8", newline="") as text:
        table = csv.writer(text)
        table.writerow(("Imię i nazwisko", "Telefon", "E-mail", "Kraj", "Kod pocztowy", "Miasto"))
        for row in range(rows):
            country = _COUNTRIES[row % len(_COUNTRIES)]
            luck = chance.random()
            number = row - chance.randint(1, 50_000) if luck < _TWICE and row > 60_000 else row
            written = _written(
                bases[country], number // len(_COUNTRIES) * len(_COUNTRIES) + row % 10, row % 4
            )
            if luck > 1 - _BAD:
                written = written[:6]
            name = f"{_GIVEN[row % 8]} {_FAMILY[row // 8 % 8]}"
            email = f"k{row}@example.com" if row % 3 == 0 else ""
            table.writerow((name, written, email, country, f"{row % 100_000:05d}", "Gdynia"))


def _written(base: phonenumbers.PhoneNumber, number: int, form: int) -> str:
    """The example's first digits stay, so that the number is one of its country's mobile ones."""
    national = str(base.national_number)
    digits = national[:-6] + f"{number % 1_000_000:06d}"
    code = base.country_code
    return (
        f"+{code}{digits}",
        f"00{code}{digits}",
        f"+{code} {digits[:3]} {digits[3:6]} {digits[6:]}",
        digits,
    )[form]


def floor(path: Path, rows: int) -> float:
    """Seconds of one core for `rows` rows."""
    begun = time.process_time()
    with path.open(encoding="utf-8", newline="") as text:
        for number, row in enumerate(csv.reader(text)):
            if number > rows:
                break
            if number:
                try:
                    phonenumbers.number_type(phonenumbers.parse(row[1], row[3]))
                except phonenumbers.NumberParseException:
                    continue
    return time.process_time() - begun


@dataclass
class Figures:
    """CPU in seconds a row: of the import and its workers, and of the database's server."""

    database: str
    rows_a_second: float
    cpu: float
    half_mb: float
    last_mb: float
    server_cpu: float = 0.0


async def measure(name: str, path: Path, url: str, rows: int) -> Figures:
    memory: list[tuple[int, int]] = []

    def on_progress(written: Written) -> None:
        memory.append((written.position, _resident()))

    look_for_cycles_rarely()  # as the command does
    cpu, begun = _cpu(), time.monotonic()
    async with open_imports(url, SystemClock()) as imports:
        done = await import_file(
            imports,
            SystemClock(),
            path,
            ImportOptions(country="PL"),
            Actor(ActorKind.COMMAND, "bench"),
            lambda taken, file: None,
            on_progress,
        )
    seconds = time.monotonic() - begun
    for worker in multiprocessing.active_children():  # its CPU counts when it has ended
        await asyncio.to_thread(worker.join, 20)
    half, last = (next(size for place, size in memory if place >= rows * part) / 2**20 for part in (0.5, 1))
    print(f"{name}: {rows / seconds:,.0f} rows/s; {done.counts}")
    if rows >= ROWS:
        assert last - half < _MOST_GROWTH_MB, f"memory grew by {last - half:.0f} MB"
    return Figures(name, rows / seconds, (_cpu() - cpu) / rows, half, last)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgresql"]
    rows, load, found = options.rows, os.getloadavg()[0], list[Figures]()
    with tempfile.TemporaryDirectory(prefix="infolinia-bench-") as name:
        folder = Path(name)
        path = folder / "list.csv"
        write_list(path, rows)
        part = min(rows, 100_000)
        alone = floor(path, part) / part
        if "sqlite" in wanted:
            found.append(uvloop.run(measure("SQLite", path, f"sqlite:///{folder}/infolinia.db", rows)))
        if "postgresql" in wanted and binaries() is not None:
            server = PostgresServer()
            try:
                server.start()
                server.sql("CREATE DATABASE bench")
                found.append(uvloop.run(measure("PostgreSQL", path, server.url("bench"), rows)))
            finally:
                before = _cpu()
                server.remove()
            found[-1].server_cpu = (_cpu() - before) / rows
    _write(rows, alone, load, found)


def _write(rows: int, alone: float, load: float, found: list[Figures]) -> None:
    head = (
        "database",
        "rows/s",
        "CPU µs a row",
        "of its server",
        "two cores' worth",
        "MB at half",
        "MB at end",
    )
    lines = [
        (
            one.database,
            f"{one.rows_a_second:,.0f}",
            f"{one.cpu * 1e6:.0f}",
            f"{one.server_cpu * 1e6:.0f}",
            f"{2 / (one.cpu + one.server_cpu):,.0f} rows/s",
            f"{one.half_mb:.0f}",
            f"{one.last_mb:.0f}",
        )
        for one in found
    ]
    facts = report.machine()
    text = (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}; a load "
        f"of {load:.1f} by others as it began. {rows:,} rows of ten countries, 3 % bad, 5 % twice. The "
        f"floor, csv and phonenumbers alone: {alone * 1e6:.0f} µs a row.\n\n{report.table(head, lines)}\n\n"
        + "\n".join(
            f"- {one.database}: {one.rows_a_second:,.0f} rows a second (aim ≥ {AIM_A_SECOND:,}): "
            + ("reached." if one.rows_a_second >= AIM_A_SECOND else "**not reached**.")
            for one in found
        )
    )
    data = {"machine": facts, "load": load, "rows": rows, "floor": alone, "figures": list(map(asdict, found))}
    report.write("imports", data, text)
    print(text)


if __name__ == "__main__":
    main()
