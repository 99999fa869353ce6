"""The database goes away and comes back: nothing is lost, nothing doubled, the order is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from calls.call import fold
from engine.changes import CallStored, EventsAppended, JobAdded
from engine.ports import LedgerUnavailable
from store.connections import _ThreadConnection
from store.database import StoreError
from store.store import Store
from tests.patience import patient
from tests.postgres import PostgresServer
from tests.store.samples import call_changes, call_events, finished, form, until

CALLS = 60


class Outage:
    """A way to take the database away from the store, and to give it back."""

    def __init__(self, begin: Callable[[], object], end: Callable[[], object], says: str) -> None:
        self._begin, self._end, self.says = begin, end, says

    async def begin(self) -> None:
        await asyncio.to_thread(self._begin)

    async def end(self) -> None:
        await asyncio.to_thread(self._end)


def locked(store: Store, postgres: PostgresServer | None) -> Outage:
    other = sqlite3.connect(str(store._engine.url.database), isolation_level=None, check_same_thread=False)

    def end() -> None:
        other.execute("ROLLBACK")
        other.close()

    return Outage(lambda: other.execute("BEGIN IMMEDIATE"), end, "database is locked")


def full(store: Store, postgres: PostgresServer | None) -> Outage:
    """SQLite's own limit of pages stands for a full disk on the ledger's connection."""
    connection = store.ledger._transactions._connection
    assert isinstance(connection, _ThreadConnection)
    engine = connection._engine
    limit = {"pages": 1}

    def set_limit(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}")  # type: ignore[attr-defined]

    def end() -> None:
        limit["pages"] = 1_000_000

    return Outage(lambda: event.listen(engine, "begin", set_limit), end, "database or disk is full")


def killed(store: Store, postgres: PostgresServer | None) -> Outage:
    assert postgres is not None
    return Outage(postgres.kill, postgres.start, "")


OUTAGES = [
    pytest.param("sqlite", locked, id="sqlite locked"),
    pytest.param("sqlite", full, id="sqlite full"),
    pytest.param("postgresql", killed, id="postgresql killed", marks=pytest.mark.postgres),
]
Making = Callable[[Store, PostgresServer | None], Outage]


@pytest.fixture
def away_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/infolinia.db"
    given: str = request.getfixturevalue("postgres_url")
    return given


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> PostgresServer | None:
    return request.getfixturevalue("postgres") if kind == "postgresql" else None


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.database.SQLITE_BUSY_SECONDS", 0.05)
    monkeypatch.setattr("store.ledger.RETRY_SECONDS", (0.05,))


async def told(health: list[tuple[bool, str]], ok: bool) -> None:
    async def last() -> bool:
        return bool(health) and health[-1][0] is ok

    await until(last)


async def check_all_there(store: Store, calls: int) -> None:
    for n in range(calls):
        assert tuple(await store.queries.events(f"a{n}")) == call_events(f"a{n}")
        assert await store.queries.call(f"a{n}") == finished(f"a{n}")
    rows = await store.queries.history(limit=calls + 10)
    assert sorted(row.interaction.id for row in rows) == sorted(f"i-a{n}" for n in range(calls))
    async with store.queries._engine.connect() as connection:
        numbers = "SELECT subject_id FROM interactions ORDER BY number"
        order = [row[0] for row in await connection.exec_driver_sql(numbers)]
        assert order == [f"a{n}" for n in range(calls)]
        jobs = await connection.exec_driver_sql("SELECT count(*) FROM outbox")
        assert jobs.scalar_one() == calls


async def tell_call(store: Store, n: int) -> None:
    """As the engine does: event by event with the projection, then the history row with a job."""
    events = call_events(f"a{n}")
    for seq in range(1, len(events) + 1):
        await store.ledger.commit(
            [EventsAppended(events[seq - 1 : seq]), CallStored(fold(events[:seq]))], durable=False
        )
    job = JobAdded(f"j{n}", "webhook", f"call-{n}", {"n": n}, subject="calls")
    await store.ledger.commit([call_changes(f"a{n}", n)[2], job])


@pytest.mark.parametrize(("kind", "making"), OUTAGES)
async def test_nothing_is_lost_while_the_database_is_away(
    away_url: str,
    server: PostgresServer | None,
    making: Making,
    make_store: Callable[..., Store],
    health: list[tuple[bool, str]],
) -> None:
    store = make_store(away_url)
    await store.start()
    outage = making(store, server)
    for n in range(CALLS):
        if n == CALLS // 3:
            # Not at a flush: some of what is pending is in a transaction that breaks.
            await outage.begin()
        if n == 2 * CALLS // 3:
            await told(health, False)
            with pytest.raises(LedgerUnavailable):
                await store.ledger.commit([form("durable")], durable=True)
            await outage.end()
        await tell_call(store, n)
        await asyncio.sleep(0)
    await told(health, True)
    assert any(not ok and outage.says in said and "away" in said for ok, said in health)
    await store.ledger.commit(call_changes(f"a{CALLS - 1}"), durable=True)
    await check_all_there(store, CALLS)
    assert list(store._spool.folder.glob("spool-*")) == []
    assert not (store._spool.folder / "dead-letter.jsonl").exists()
    await store.close()


@pytest.mark.parametrize(("kind", "making"), OUTAGES)
async def test_the_spool_is_replayed_after_a_restart(
    away_url: str, server: PostgresServer | None, making: Making, make_store: Callable[..., Store]
) -> None:
    store = make_store(away_url)
    await store.start()
    await tell_call(store, 0)
    outage = making(store, server)
    await outage.begin()
    for n in range(1, 10):
        await tell_call(store, n)
    await store.close()
    if making is killed:
        with pytest.raises(StoreError, match="check that PostgreSQL runs there"):
            await make_store(away_url).start()
    await outage.end()
    again = make_store(away_url)
    await again.start()
    await check_all_there(again, 10)
    await again.close()


@pytest.mark.parametrize(("kind", "making"), OUTAGES)
async def test_without_commits_the_return_is_noticed(
    away_url: str,
    server: PostgresServer | None,
    making: Making,
    make_store: Callable[..., Store],
    health: list[tuple[bool, str]],
) -> None:
    store = make_store(away_url)
    await store.start()
    outage = making(store, server)
    await outage.begin()
    # Big enough not to fit into the pages that a full database still has.
    with pytest.raises(LedgerUnavailable):
        await store.ledger.commit([form("first", note="x" * 50_000)], durable=True)
    await told(health, False)
    await outage.end()
    await told(health, True)
    await store.ledger.commit([form("second")], durable=True)
    assert [row.interaction.id for row in await store.queries.history()] == ["second"]
    await store.close()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_refused_line_and_an_unreadable_one_do_not_block_the_spool(
    away_url: str, server: None, make_store: Callable[..., Store], health: list[tuple[bool, str]]
) -> None:
    store = make_store(away_url)
    await store.start()
    outage = locked(store, None)
    await outage.begin()
    await tell_call(store, 0)
    await store.ledger.commit([form("bad", None, contact_id="nobody")])
    await tell_call(store, 1)
    await store.close()
    await outage.end()
    (segment,) = store._spool.folder.glob("spool-*")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:3], b"no JSON\n", *lines[3:], b'{"form":1,"at":"torn']))
    again = make_store(away_url)
    await again.start()
    await check_all_there(again, 2)
    letters = (store._spool.folder / "dead-letter.jsonl").read_text().splitlines()
    assert len(letters) == 2
    assert "no JSON" in letters[0]
    assert "FOREIGN KEY" in letters[1]
    assert health[-1][0] is True
    assert "set aside" in health[-1][1]
    await again.close()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_full_spool_loses_the_newest_and_says_how_many(
    away_url: str, server: None, make_store: Callable[..., Store], health: list[tuple[bool, str]]
) -> None:
    store = make_store(away_url, spool_limit_bytes=20_000)
    await store.start()
    outage = locked(store, None)
    await outage.begin()
    for n in range(50):
        await store.ledger.commit(call_changes(f"a{n}", n))
        await asyncio.sleep(0.002)

    async def lost() -> bool:
        return bool(health) and "Lost for want of room" in health[-1][1]

    await until(lost)
    await outage.end()
    await told(health, True)
    kept = {row.interaction.subject_id for row in await store.queries.history(limit=100)}
    assert 0 < len(kept) < 50
    assert {f"a{n}" for n in range(len(kept))} == kept
    assert f"Lost for want of room: {50 - len(kept)}" in health[-1][1]
    await store.close()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_with_database_and_spool_both_away_commits_wait_in_memory(
    away_url: str,
    server: None,
    make_store: Callable[..., Store],
    health: list[tuple[bool, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = make_store(away_url)
    await store.start()
    outage = locked(store, None)
    await outage.begin()
    with monkeypatch.context() as patch:
        # A folder that takes no new file.
        patch.setattr(store._spool, "folder", store._spool.folder / "missing")
        for n in range(10):
            await tell_call(store, n)

        async def said() -> bool:
            return bool(health) and "takes nothing (No such file" in health[-1][1]

        await until(said)
        await outage.end()
        await told(health, True)
    await check_all_there(store, 10)
    await store.close()


@pytest.mark.postgres
@pytest.mark.timeout(90)
async def test_a_server_that_hangs_is_away_within_its_limits(
    postgres: PostgresServer,
    postgres_url: str,
    make_store: Callable[..., Store],
    health: list[tuple[bool, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("store.database.CONNECT_LIMIT_SECONDS", 0.5)
    monkeypatch.setattr("store.database.STATEMENT_LIMIT_SECONDS", 0.5)
    store = make_store(postgres_url)
    await store.start()
    await tell_call(store, 0)
    postgres.freeze()
    try:
        started = asyncio.get_running_loop().time()
        with pytest.raises(LedgerUnavailable):
            await store.ledger.commit([form("durable")], durable=True)
        assert asyncio.get_running_loop().time() - started < patient(10)
        await tell_call(store, 1)
        await told(health, False)
    finally:
        postgres.thaw()
    await told(health, True)
    for n in range(2):
        assert await store.queries.call(f"a{n}") == finished(f"a{n}")
    await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
import store.database
from store.store import open_store
from tests.conftest import HandClock
from tests.store.test_ledger_outage import tell_call

store.database.SQLITE_BUSY_SECONDS = 0.05

async def main(url, spool):
    store = open_store(url, Path(spool), clock=HandClock(), flush_seconds=0.005)
    await store.start()
    for n in range(100_000):
        await tell_call(store, n)
        if store._spool.size_bytes > 50_000:
            print("spooled", n, flush=True)
        await asyncio.sleep(0.005)

asyncio.run(main(*sys.argv[1:]))
"""


def _first_report(writer: subprocess.Popen[bytes]) -> bytes:
    assert writer.stdout is not None
    return next(line.split()[1] for line in writer.stdout if line.startswith(b"spooled"))


@pytest.mark.parametrize(("kind", "making"), [OUTAGES[0], OUTAGES[2]])
async def test_a_writer_killed_while_the_database_is_away_leaves_its_spool(
    away_url: str, server: PostgresServer | None, making: Making, make_store: Callable[..., Store]
) -> None:
    store = make_store(away_url, "other")
    await store.start()
    outage = making(store, server)
    writer = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", WRITER, away_url, str(store._spool.folder.parent / "spool")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:

        async def some_written() -> bool:
            assert writer.poll() is None, writer.stderr and writer.stderr.read()
            return await store.queries.call("a3") is not None

        await until(some_written)
        await outage.begin()
        reported = int(await asyncio.wait_for(asyncio.to_thread(_first_report, writer), 30))
        os.kill(writer.pid, signal.SIGKILL)
    finally:
        writer.kill()
        writer.communicate(timeout=10)
    await outage.end()
    await store.close()
    again = make_store(away_url)
    await again.start()
    rows = await again.queries.history(limit=100_000)
    # The last call may have come only in part; all before it are whole, once each, and in order.
    assert len(rows) >= reported - 20
    whole = len(rows)
    await check_all_there(again, whole)
    await again.close()
