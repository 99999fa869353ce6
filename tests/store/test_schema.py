"""Opening a database: the migrations make the tables of store.tables; what is wrong is said in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from store.database import StoreError, create_engine, database_url
from store.opening import open_queries
from store.schema import newest_revision, upgrade
from store.store import Store
from store.tables import consents, do_not_contact, metadata, outbox
from tests.postgres import PostgresServer
from tests.store.samples import call_changes


async def sql(url: str, *statements: str) -> None:
    engine = create_engine(database_url(url))
    async with engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"empty_{request.node.name.replace('[', '_').rstrip(']')}"[:60]
    server.sql(f"DROP DATABASE IF EXISTS {name}")
    server.sql(f"CREATE DATABASE {name}")
    return server.url(name)


def _differences(connection: Connection) -> list[object]:
    # The words of full-text search are the databases' own kinds of tables, which metadata cannot tell.
    opts = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("interaction_words")}
    return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))


async def test_the_migrations_make_the_tables(empty_url: str) -> None:
    await upgrade(empty_url)
    engine = create_engine(database_url(empty_url))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_what_callers_said_before_there_was_a_gate_is_in_force(empty_url: str) -> None:
    when = "2026-11-01 12:00:00+00:00"
    job = (
        "INSERT INTO outbox (id, topic, key, priority, payload, created_at, not_before) VALUES "
        f"('{{id}}', '{{topic}}', '{{id}}', 0, '{{payload}}', '{when}', '{when}')"
    )
    said = '"call_id": "call1", "at": "2026-11-01T13:00:00+01:00"'
    anna, jan = '"number": "+48600000001"', '"number": "+48600000002"'
    point = '"point": {"kind": "phone", "value": "+48600000001"}, "purpose": "recording", "given": true'
    await upgrade(empty_url, "0003")
    await sql(
        empty_url,
        f"INSERT INTO contacts (id, created_at) VALUES ('c1', '{when}')",
        "INSERT INTO interactions (id, at, channel, direction, subject_id, contact_id, point_kind, "
        "point_value, to_value, duration_seconds, path, heard, data) VALUES ('i1', "
        f"'{when}', 'call', 'inbound', 'call1', 'c1', 'phone', '+48600000001', '', 0, '[]', '[]', '{{}}')",
        job.format(id="j1", topic="stop_contact", payload=f'{{{said}, {anna}, "channels": ["sms", "call"]}}'),
        job.format(id="j2", topic="stop_contact", payload=f'{{{said}, {jan}, "channels": []}}'),
        job.format(id="j3", topic="consent", payload=f"{{{said}, {point}}}"),
        job.format(id="j4", topic="sms", payload=f'{{{said}, "to": "+48600000001"}}'),
    )
    await upgrade(empty_url)
    engine = create_engine(database_url(empty_url))
    async with engine.connect() as connection:
        objections = (await connection.execute(select(do_not_contact).order_by("id"))).all()
        (consent,) = (await connection.execute(select(consents))).all()
        left = (await connection.execute(select(outbox.c.id))).scalars().all()
    await engine.dispose()
    assert [(one.scope, one.value, one.channels) for one in objections] == [
        ("number", "+48600000001", ["call", "sms"]),
        ("person", "c1", ["call", "sms"]),
        ("number", "+48600000002", []),
    ]
    assert {one.at for one in objections} == {datetime(2026, 11, 1, 12, tzinfo=UTC)}
    assert (consent.contact_id, consent.purpose, consent.channel) == ("c1", "recording", "")
    assert (consent.given, consent.proof_call_id) == (True, "call1")
    assert left == ["j4"], "what workers still do stays theirs"


async def test_the_comparison_sees_a_missing_index_and_column(empty_url: str) -> None:
    await upgrade(empty_url)
    await sql(empty_url, "DROP INDEX ix_interactions_timeline", "ALTER TABLE calls DROP COLUMN recording")
    engine = create_engine(database_url(empty_url))
    async with engine.connect() as connection:
        assert len(await connection.run_sync(_differences)) == 2
    await engine.dispose()


async def test_several_engines_may_upgrade_at_once(empty_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_url) for _ in range(4)))
    async with open_queries(empty_url) as queries:
        assert await queries.history() == []


async def test_a_newer_database_is_refused(url: str, make_store: Callable[..., Store]) -> None:
    await upgrade(url)
    await sql(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreError, match=r"made by a newer infolinia \(revision 9999; this one knows up to"
    ) as said:
        await make_store(url).start()
    assert newest_revision() in str(said.value)
    with pytest.raises(StoreError, match="newer infolinia"):
        async with open_queries(url):
            pass


async def test_queries_alone_upgrade_nothing(empty_url: str) -> None:
    with pytest.raises(StoreError, match="start the hotline once"):
        async with open_queries(empty_url):
            pass


async def test_queries_work_beside_a_running_engine(url: str, store: Store) -> None:
    await store.ledger.commit(call_changes("a"), durable=True)
    async with open_queries(url) as queries:
        assert [row.interaction.subject_id for row in await queries.history()] == ["a"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nonsense", "cannot be read; write sqlite:"),
        ("mysql://localhost/x", "begins with mysql; only sqlite and postgresql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:secret@127.0.0.1:22099", "names no database"),
    ],
)
def test_a_wrong_url_is_said_at_once(make_store: Callable[..., Store], given: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as said:
        make_store(given)
    assert "secret" not in str(said.value)
    assert "\n" not in str(said.value)


async def test_an_unreachable_server_is_said_without_the_password(make_store: Callable[..., Store]) -> None:
    store = make_store("postgresql://u:secret@127.0.0.1:22098/calls")
    with pytest.raises(
        StoreError, match=r"postgresql://u:\*\*\*@127.0.0.1:22098/calls cannot be opened"
    ) as said:
        await store.start()
    assert "secret" not in str(said.value)
    assert "check that PostgreSQL runs there" in str(said.value)


@pytest.mark.postgres
async def test_a_missing_database_is_named(
    postgres: PostgresServer, make_store: Callable[..., Store]
) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        await make_store(postgres.url("nowhere")).start()


async def test_a_file_that_is_no_database_is_refused(
    tmp_path: Path, make_store: Callable[..., Store]
) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database, only some text" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        await make_store(f"sqlite:///{tmp_path}/x.db").start()


async def test_a_missing_folder_is_named(tmp_path: Path, make_store: Callable[..., Store]) -> None:
    with pytest.raises(StoreError, match="does not exist; make it first"):
        await make_store(f"sqlite:///{tmp_path}/missing/x.db").start()


async def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    await upgrade(f"sqlite:///{tmp_path}/x.db")
    assert (tmp_path / "x.db").stat().st_mode & 0o077 == 0


async def test_a_second_engine_on_one_spool_is_refused(
    url: str, store: Store, make_store: Callable[..., Store]
) -> None:
    with pytest.raises(StoreError, match="used by another infolinia"):
        await make_store(url).start()
