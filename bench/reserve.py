"""How many batches of leads a second are reserved from a long list, by workers that share it.

    python -m bench.reserve [--leads 1000000] [--workers 2] [--seconds 15]

A worker is a process with a store of its own, as an engine is; each reserves batch after batch. Afterwards
the ids of all workers are compared: none may be there twice. The floor is the database's bare statement,
`SELECT … FOR UPDATE SKIP LOCKED`, which changes nothing. The list is made inside the database, without the
contacts, which no reservation looks at; the server does not wait for the disk. The gate is asked afterwards,
for each call: its decisions are measured by bench.gate.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench import report
from compliance.facts import Mode, Purpose
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.actor import Actor, ActorKind
from store.database import connect_for_writing, create_engine, database_url
from store.registers.campaigns import SqlCampaigns
from store.registers.leads import SqlLeads
from store.schema import upgrade
from tests.postgres import PostgresServer, binaries

AIM_A_SECOND = 1000.0
BATCH = 10
LIST = "spring"
_BYTES_A_LEAD = 1500
_LONG = timedelta(hours=1)

_PROGRESS = (
    "INSERT INTO lead_progress (lead, campaign, state, reason, reason_data, turn, due_at, priority, numbers, "
    "attempts, tries) SELECT {id}, 'spring', 'waiting', 'in_turn', '{{}}', 2 * (i % 3) - 1, {at}, 1 - i % 3, "
    "{numbers}, 0, '{{}}' FROM {series}"
)
_LEADS = (
    "INSERT INTO leads (id, campaign, contact_id, person, added_at, name, name_key, fields) SELECT {id}, "
    "'spring', {contact}, {contact}, {at}, 'Anna ' || i, 'anna ' || i, "
    '\'{{"city": "Radom"}}\' FROM {series}'
)
_NUMBERS = (
    "INSERT INTO lead_numbers (campaign, value, lead) SELECT 'spring', '+48' || (600000000 + i), {id} "
    "FROM {series}"
)
_POSTGRESQL = {
    "id": "'lead' || lpad(i::text, 22, '0')",
    "contact": "'cont' || lpad(i::text, 22, '0')",
    "at": "now() - interval '1 day' + i * interval '1 microsecond'",
    "numbers": "jsonb_build_array(jsonb_build_object('e164', '+48' || (600000000 + i), 'kind', 'mobile'))",
    "series": "generate_series(1, {leads}) AS i",
}
_SQLITE = {
    "id": "printf('lead%022d', i)",
    "contact": "printf('cont%022d', i)",
    "at": "strftime('%Y-%m-%d %H:%M:', 'now', '-1 day') || printf('%09.6f', i % 59000000 / 1000000.0)",
    "numbers": "json_array(json_object('e164', '+48' || (600000000 + i), 'kind', 'mobile'))",
    "series": "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {leads}) "
    "SELECT i FROM n)",
}
_FLOOR = (
    "SELECT lead FROM lead_progress WHERE campaign = $1 AND turn = $2 AND due_at <= $3 "
    "ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED"
)


@dataclass
class Worked:
    """Of one worker. `cpu_seconds` are its own, not the server's."""

    seconds: float
    batches: int
    ids: list[str]
    cpu_seconds: float


@dataclass
class Measured:
    name: str
    workers: int
    a_second: float
    leads_a_second: float
    worker_cpu_ms: float
    server_cpu_ms: float | None


async def fill(url: str, leads: int) -> None:
    """A running campaign with a list, in three priorities."""
    engine = create_engine(database_url(url))
    forms = _POSTGRESQL if engine.dialect.name == "postgresql" else _SQLITE
    series = forms["series"].format(leads=leads)
    campaigns = SqlCampaigns(engine, SystemClock())
    now = SystemClock().now()
    me = Actor(ActorKind.COMMAND, "bench")
    made = Campaign(LIST, "Spring", CampaignKind.SALES, Mode.PREDICTIVE, Purpose.MARKETING, now, now)
    await campaigns.create(me, made)
    await campaigns.set_state(me, LIST, CampaignMove.START)
    connection = await connect_for_writing(engine)
    # Nobody looks at the contacts.
    if engine.dialect.name == "postgresql":
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.execute("SET session_replication_role = replica")
        for sql in (_LEADS, _NUMBERS, _PROGRESS):
            await raw.execute(sql.format(**{**forms, "series": series}), timeout=600)
        await raw.execute("ANALYZE", timeout=600)
        await raw.execute("CHECKPOINT", timeout=600)
    else:
        raw = (await connection.get_raw_connection()).driver_connection
        await raw.execute("PRAGMA foreign_keys = OFF")
        for sql in (_LEADS, _NUMBERS, _PROGRESS):
            await raw.execute(sql.format(**{**forms, "series": series}))
            await raw.commit()
    await connection.invalidate()
    await connection.close()
    await engine.dispose()


async def reserve(url: str, name: str, until: float) -> Worked:
    engine = create_engine(database_url(url))
    leads = SqlLeads(engine, SystemClock(), TimeOrderedIds(SystemClock()))
    now = SystemClock().now()
    ids: list[str] = []
    batches = 0
    await leads.reserve(LIST, name, 0, now, now)  # the connection is made
    began, cpu = time.monotonic(), time.process_time()
    while time.monotonic() < until:
        taken = await leads.reserve(LIST, name, BATCH, now, now + _LONG)
        if len(taken) < BATCH:
            break
        batches += 1
        ids += [lead.id for lead in taken]
    worked = Worked(time.monotonic() - began, batches, ids, time.process_time() - cpu)
    await engine.dispose()
    return worked


async def look(url: str, name: str, until: float) -> Worked:
    """The floor: the bare statement, in a transaction of its own each."""
    connection = await asyncpg.connect(url)
    now = SystemClock().now()
    batches = 0
    began, cpu = time.monotonic(), time.process_time()
    while time.monotonic() < until:
        await connection.fetch(_FLOOR, LIST, -1, now, BATCH)
        batches += 1
    worked = Worked(time.monotonic() - began, batches, [], time.process_time() - cpu)
    await connection.close()
    return worked


def _work(kind: str, url: str, name: str, until: float) -> Worked:
    return uvloop.run((look if kind == "floor" else reserve)(url, name, until))


def measure(kind: str, name: str, url: str, workers: int, seconds: float) -> tuple[Measured, list[str]]:
    """All workers at once; `seconds` from when they are there."""
    server = _server_cpu()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.map(_ready, range(workers))  # imported
        until = time.monotonic() + seconds
        done = pool.starmap(_work, [(kind, url, f"w{n}", until) for n in range(workers)])
        spent = None if server is None else (_server_cpu() or 0.0) - server
    batches = sum(one.batches for one in done)
    rate = sum(one.batches / one.seconds for one in done)
    ids = [id_ for one in done for id_ in one.ids]
    cpu = 1000 * sum(one.cpu_seconds for one in done) / batches
    server_ms = None if spent is None or name == "SQLite" else 1000 * spent / batches
    return Measured(name, workers, rate, rate * BATCH, cpu, server_ms), ids


def _ready(_: int) -> None:
    time.sleep(0.2)  # so that each process takes one


_postmaster: list[int] = []


def _server_cpu() -> float | None:
    """CPU of the server's processes that live, its children that have ended among them."""
    if not _postmaster:
        return None
    pid = _postmaster[0]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for one in (str(pid), *children):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
        if one == str(pid):
            ticks += int(fields[13]) + int(fields[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def check(ids: Sequence[str]) -> None:
    if len(set(ids)) != len(ids):
        raise SystemExit(f"{len(ids) - len(set(ids))} leads were reserved twice.")


def on_postgresql(leads: int, workers: int, seconds: float) -> list[Measured]:
    server = PostgresServer()
    try:
        server.start()
        assert server._process is not None
        _postmaster[:] = [server._process.pid]
        server.sql("CREATE DATABASE bench")
        url = server.url("bench")
        asyncio.run(upgrade(url))
        asyncio.run(fill(url, leads))
        floor, _ = measure("floor", "the bare statement, PostgreSQL", url, workers, min(seconds, 5))
        found, ids = measure("reserve", "PostgreSQL", url, workers, seconds)
        check(ids)
        counted = "SELECT count(*) FROM lead_progress WHERE state = 'reserved'"
        assert int(server.sql(counted, "bench")) == len(ids)
        return [found, floor]
    finally:
        _postmaster.clear()
        server.remove()


def on_sqlite(leads: int, seconds: float) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="infolinia-bench-") as folder:
        url = f"sqlite:///{folder}/infolinia.db"
        asyncio.run(upgrade(url))
        asyncio.run(fill(url, leads))
        found, ids = measure("reserve", "SQLite", url, 1, seconds)
        check(ids)
        return [found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    options = parser.parse_args()
    free = os.statvfs(tempfile.gettempdir())
    if free.f_bavail * free.f_frsize < options.leads * _BYTES_A_LEAD * 2:
        parser.error(f"{tempfile.gettempdir()} lacks room for so many leads; give fewer --leads.")
    load = os.getloadavg()[0]
    found: list[Measured] = []
    wanted = options.database or ["postgresql", "sqlite"]
    if "postgresql" in wanted and binaries() is not None:
        found += on_postgresql(options.leads, options.workers, options.seconds)
    if "sqlite" in wanted:
        found += on_sqlite(options.leads, options.seconds)
    _write(options.leads, load, found)


def _write(leads: int, load: float, found: list[Measured]) -> None:
    head = (
        "database",
        "workers",
        "batches/s",
        "leads/s",
        "CPU ms a batch",
        "of its server",
        "two cores' worth",
    )
    lines = [
        (
            one.name,
            str(one.workers),
            f"{one.a_second:,.0f}",
            f"{one.leads_a_second:,.0f}",
            f"{one.worker_cpu_ms:.2f}",
            "–" if one.server_cpu_ms is None else f"{one.server_cpu_ms:.2f}",
            f"{2000 / (one.worker_cpu_ms + (one.server_cpu_ms or 0.0)):,.0f}",
        )
        for one in found
    ]
    facts = report.machine()
    reached = next((one.a_second for one in found if one.name == "PostgreSQL"), None)
    verdict = "not measured: PostgreSQL is not installed"
    if reached is not None:
        says = "reached" if reached >= AIM_A_SECOND else "**not reached**"
        verdict = f"{reached:,.0f} (aim ≥ {AIM_A_SECOND:,.0f}): {says}"
    text_ = (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}. A list "
        f"of {leads:,} leads in three priorities, batches of {BATCH}; the load average of the machine was "
        f"{load:.1f} before. No lead was reserved twice. The server does not wait for the disk.\n\n"
        f"{report.table(head, lines)}\n\n"
        f"- Batches a second on PostgreSQL: {verdict}. The gate is asked for each call, afterwards."
    )
    report.write("reserve", {"machine": facts, "figures": [vars(one) for one in found]}, text_)
    print(text_)


if __name__ == "__main__":
    main()
