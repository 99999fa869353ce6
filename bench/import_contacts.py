"""How fast a list is imported: checked, normalised, without duplicates, by SQLite and PostgreSQL.

The floor is what can hardly be done without: splitting each row and parsing its number by phonenumbers.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import random
import resource
import tempfile
import time
from pathlib import Path

import phonenumbers
import uvloop

from engine.clock import SystemClock
from engine.registers.actor import Actor, ActorKind
from engine.registers.imports import Written
from history.importing.options import ImportOptions
from infolinia.contact_import import import_file
from store.store import open_imports
from tests.postgres import PostgresServer, binaries

ROWS = 1_000_000
_COUNTRIES = ("PL", "PL", "PL", "DE", "GB", "US", "RU", "UA", "CZ", "FR")
_GIVEN = ("Anna", "Jan", "Łukasz", "Małgorzata", "Юрий", "Екатерина", "Zoë", "Peter")
_FAMILY = ("Nowak", "Żółw", "Kowalska", "Щукин", "Smith", "Müller", "Gęś", "Brown")
_BAD, _TWICE = 0.03, 0.05


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


async def measure(path: Path, url: str, rows: int) -> None:
    """Prints rows a second, CPU of this process and its workers, and how its memory grew."""
    memory: list[tuple[int, int]] = []

    def on_progress(written: Written) -> None:
        memory.append((written.position, _resident()))

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
    early = next(size for position, size in memory if position >= rows // 10)
    print(f"  {rows / seconds:9,.0f} rows/s, {seconds:.1f} s; {done.counts}")
    print(
        f"  resident memory {early / 2**20:.0f} MB after a tenth, {memory[-1][1] / 2**20:.0f} MB in the end"
    )
    await asyncio.sleep(1)  # the workers end, and count
    used = _cpu() - cpu
    print(f"  CPU {used / rows * 1e6:.0f} µs a row here and in the workers, without the server's")
    grown = memory[-1][1] - early
    assert grown < 100 << 20, f"memory grew by {grown >> 20} MB"


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
    with tempfile.TemporaryDirectory(prefix="infolinia-bench-") as name:
        folder = Path(name)
        path = folder / "list.csv"
        write_list(path, options.rows)
        size = path.stat().st_size / 2**20
        load = os.getloadavg()[0]
        print(f"{options.rows:,} rows, {size:.0f} MB; {os.cpu_count()} cores, others' load {load:.1f}")
        part = min(options.rows, 100_000)
        alone = floor(path, part) / part
        print(
            f"floor: csv and phonenumbers alone {alone * 1e6:.0f} µs a row, {1 / alone:,.0f} rows/s on one core"
        )
        if "sqlite" in wanted:
            print("SQLite")
            uvloop.run(measure(path, f"sqlite:///{folder}/infolinia.db", options.rows))
        if "postgresql" in wanted and binaries() is not None:
            server = PostgresServer()
            try:
                server.start()
                server.sql("CREATE DATABASE bench")
                print("PostgreSQL")
                uvloop.run(measure(path, server.url("bench"), options.rows))
            finally:
                server.remove()


if __name__ == "__main__":
    main()
