"""How soon a person's timeline is there among millions of rows, in SQLite and in PostgreSQL.

    python -m bench.timeline [--rows 5000000] [--databases sqlite,postgresql]

The history is of 48,000 people with a hundred interactions each and of 200 with a thousand, a hundred of whom
are three contacts merged into one. Rows of a person lie scattered over the whole history, as they do in life.
Each page is asked once of each of the 200, through the store as the API asks it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from bench import report
from engine.clock import SystemClock
from engine.registers.timeline import TimelineFilter
from store.database import create_engine, database_url, writing
from store.schema import upgrade
from store.store import Store, open_store
from tests.postgres import PostgresServer, binaries

PEOPLE, PAGE, DEEP = 200, 50, 15
AIM_MS = 20.0
_BYTES_A_ROW = 1200  # with its indexes, and room to build them

# Every 25th row of five million is one of the 200 people's; of the last hundred, of their contacts in turn.
_HEAVY = PEOPLE * 1000
_ROW = """
SELECT {number} AS i, {number} / {share} AS turn, {number} % {share} = 0 AS heavy
"""
_CONTACT = """
CASE WHEN heavy THEN 'heavy-' || (turn % 200) ||
    CASE WHEN turn % 200 >= 100 AND turn / 200 % 3 > 0 THEN '-' || (turn / 200 % 3) ELSE '' END
ELSE 'light-' || (i % 48000) END
"""
_COLUMNS = (
    "id, at, channel, direction, subject_id, contact_id, point_kind, point_value, to_value, "
    "duration_seconds, outcome, agent, language, flow, flow_version, path, heard, data"
)
_VALUES = f"""
{{id}}, {{at}}, CASE i % 4 WHEN 0 THEN 'sms' WHEN 1 THEN 'email' ELSE 'call' END,
CASE i % 3 WHEN 0 THEN 'outbound' ELSE 'inbound' END, 'subject-' || i, {_CONTACT}, 'phone', '+4822000' || i % 10000,
'+48220000100', 42.5, 'completed', 'anna', 'pl', 'hotline', '897952676fcb',
{{path}}, {{heard}}, {{data}}
"""  # noqa: E501
_PATH, _HEARD, _DATA = '["language","main","order","queue","bye"]', '["2","zwrot"]', '{"ended_by":"caller"}'


@dataclass(frozen=True)
class Measured:
    database: str
    rows: int
    megabytes: int
    filled_seconds: float
    pages: dict[str, tuple[float, float]]  # name -> p50, p95 in milliseconds


def _fill(connection: Connection, rows: int) -> None:
    """Everything by SQL, the indexes after the rows."""
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        # Foreign keys are not checked row by row, and no row has words to be indexed.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    catalogue = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'interactions' AND sql > ''"
        if sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'interactions' AND "
        "indexname NOT LIKE 'pk%' AND indexname NOT LIKE 'uq%'"
    )
    indexes = [tuple(row) for row in connection.execute(text(catalogue))]
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    now = "'2026-11-21 16:05:00.000000'"
    people = [(f"light-{n}", None) for n in range(48_000)]
    people += [(f"heavy-{n}", None) for n in range(PEOPLE)]
    people += [(f"heavy-{n}-{part}", f"heavy-{n}") for n in range(100, PEOPLE) for part in (1, 2)]
    add = text(
        f"INSERT INTO contacts (id, created_at, updated_at, merged_into) VALUES (:id, {now}, {now}, :into)"
    )
    connection.execute(add, [{"id": name, "into": into} for name, into in people])
    if sqlite:
        source = (
            "(WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted "
            f"WHERE n + 1 < {rows}) {_ROW.format(number='n', share=rows // _HEAVY)} FROM counted)"
        )
        values = _VALUES.format(
            id="printf('%026d', i)",
            at="strftime('%Y-%m-%d %H:%M:%S.000000', 1700000000 + i * 15, 'unixepoch')",
            path=f"'{_PATH}'",
            heard=f"'{_HEARD}'",
            data=f"'{_DATA}'",
        )
    else:
        row = _ROW.format(number="n", share=rows // _HEAVY)
        source = f"({row} FROM generate_series(0, {rows - 1}) AS counted (n)) AS source"
        values = _VALUES.format(
            id="lpad(i::text, 26, '0')",
            at="to_timestamp(1700000000 + i::bigint * 15)",
            path=f"'{_PATH}'::jsonb",
            heard=f"'{_HEARD}'::jsonb",
            data=f"'{_DATA}'::jsonb",
        )
    connection.exec_driver_sql(f"INSERT INTO interactions ({_COLUMNS}) SELECT {values} FROM {source}")
    for _, definition in indexes:
        connection.exec_driver_sql(definition)


async def _measure(url: str, rows: int, folder: Path) -> Measured:
    await upgrade(url)
    engine = create_engine(database_url(url))
    began = time.monotonic()
    async with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            driver._config = driver._config._replace(command_timeout=None)
        await connection.run_sync(_fill, rows)
    filled = time.monotonic() - began
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))
        size = (
            "SELECT pg_database_size(current_database())"
            if connection.dialect.name == "postgresql"
            else "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        )
        megabytes = (await connection.execute(text(size))).scalar_one() // 1_000_000
    await engine.dispose()
    store = open_store(url, folder / "spool", clock=SystemClock())
    await store.start()
    try:
        pages = await _pages(store)
    finally:
        await store.close()
    return Measured(database_url(url).get_backend_name(), rows, megabytes, filled, pages)


async def _pages(store: Store) -> dict[str, tuple[float, float]]:
    whole = [f"heavy-{n}" for n in range(100)]
    merged = [f"heavy-{n}" for n in range(100, PEOPLE)]
    found = {}
    for name, people in (("one contact", whole), ("three contacts merged", merged)):
        first, deep = [], []
        for person in people:
            after = None
            for page in range(1, DEEP + 1):
                began = time.perf_counter()
                rows = await store.history.timeline.of(person, TimelineFilter(), limit=PAGE, after=after)
                took = (time.perf_counter() - began) * 1000
                assert len(rows.items) == PAGE
                after = rows.after
                if page == 1:
                    first.append(took)
                elif page == DEEP:
                    deep.append(took)
        for page_name, times in (("first page", first), (f"page {DEEP}", deep)):
            found[f"{name}, {page_name}"] = (report.percentile(times, 0.5), report.percentile(times, 0.95))
    return found


def _run(database: str, rows: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="infolinia-bench-") as made:
        folder = Path(made)
        if database == "sqlite":
            return asyncio.run(_measure(f"sqlite:///{folder}/history.db", rows, folder))
        server = PostgresServer()
        try:
            server.start()
            server.sql("CREATE DATABASE history")
            return asyncio.run(_measure(server.url("history"), rows, folder))
        finally:
            server.remove()


def _report(measured: list[Measured]) -> None:
    facts: dict[str, Any] = report.machine()
    lines = [
        [one.database, name, f"{middle:.1f}", f"{most:.1f}"]
        for one in measured
        for name, (middle, most) in one.pages.items()
    ]
    sizes = "; ".join(
        f"{one.database} {one.rows:,} rows, {one.megabytes:,} MB, filled in {one.filled_seconds:.0f} s"
        for one in measured
    )
    judged = [
        f"- {one.database}: the slowest p95 is {most:.1f} ms (aim < {AIM_MS:.0f}): "
        f"{'reached' if most < AIM_MS else '**not reached**'}."
        for one in measured
        for most in [max(worst for _, worst in one.pages.values())]
    ]
    words = (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}. {sizes}. "
        f"The load average of the machine was {os.getloadavg()[1]:.1f}. "
        f"A page has {PAGE} of a person's 1,000 interactions; each of 100 people was asked for once.\n\n"
        + report.table(["database", "page", "p50 ms", "p95 ms"], lines)
        + "\n\n"
        + "\n".join(judged)
    )
    print(words)
    data = {"machine": facts, "databases": [vars(one) for one in measured]}
    report.write("timeline", data, words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    if options.rows < 2 * _HEAVY:
        parser.error(f"Give at least {2 * _HEAVY:,} rows, of which {_HEAVY:,} are those of the 200 people.")
    needed = options.rows * _BYTES_A_ROW
    if shutil.disk_usage(tempfile.gettempdir()).free < needed + (2 << 30):
        parser.error(f"{tempfile.gettempdir()} lacks {needed >> 30} GB of room; give fewer --rows.")
    databases = [name for name in options.databases.split(",") if name != "postgresql" or binaries()]
    _report([_run(name, options.rows) for name in databases])


if __name__ == "__main__":
    main()
