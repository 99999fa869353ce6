"""What is told is what was committed, numbered without a gap within each subject."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select

from engine.changes import Published
from history.publication import Publication
from store.database import create_engine, database_url
from store.publishing import publish
from store.registers.transactions import written
from store.store import Store
from store.tables import outbox, publications, webhooks

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)


def told(id: str, subject: str = "contact:a", kind: str = "contact.changed") -> Publication:
    return Publication(id, AT, kind, subject, {"id": id})


def add_webhook(connection: Connection, id: str, kinds: list[str], state: str = "active") -> None:
    connection.execute(
        insert(webhooks).values(
            id=id,
            url="https://example.com/",
            kinds=kinds,
            description="",
            state=state,
            secret="s",
            created_at=AT,
            changed_at=AT,
            version=1,
        )
    )


def sequences(connection: Connection) -> list[tuple[str, int, str]]:
    wanted = select(publications.c.subject, publications.c.seq, publications.c.id)
    return [tuple(row) for row in connection.execute(wanted.order_by(publications.c.number))]


async def test_each_subject_is_numbered_by_itself(url: str, store: Store) -> None:
    engine = create_engine(database_url(url))
    some = [told("1"), told("2", "contact:b"), told("3")]
    await written(engine, lambda connection: publish(connection, some))
    await written(engine, lambda connection: publish(connection, [told("3"), told("4"), told("4")]))
    async with engine.connect() as connection:
        assert await connection.run_sync(sequences) == [
            ("contact:a", 1, "1"),
            ("contact:b", 1, "2"),
            ("contact:a", 2, "3"),
            ("contact:a", 3, "4"),
        ]
    await engine.dispose()


@pytest.mark.parametrize(
    ("given", "kept"), [("a\x00b", "a\ufffdb"), ("\\\x00", "\\\ufffd"), ("\\u0000", "\\u0000"), ("ł", "ł")]
)
async def test_a_nul_is_told_by_a_sign_that_every_database_keeps(
    url: str, store: Store, given: str, kept: str
) -> None:
    engine = create_engine(database_url(url))
    one = Publication("1", AT, "contact.changed", "contact:a", {"plan": given})
    await written(engine, lambda connection: publish(connection, [one]))
    async with engine.connect() as connection:
        assert (await connection.execute(select(publications.c.data))).scalar_one() == {"plan": kept}
    await engine.dispose()


async def test_what_was_rolled_back_is_told_to_nobody(url: str, store: Store) -> None:
    engine = create_engine(database_url(url))

    def fail(connection: Connection) -> None:
        publish(connection, [told("1"), told("2", "contact:b")])
        raise RuntimeError("the change itself failed")

    await written(engine, lambda connection: add_webhook(connection, "w", []))
    with pytest.raises(RuntimeError):
        await written(engine, fail)
    await written(engine, lambda connection: publish(connection, [told("3")]))
    async with engine.connect() as connection:
        assert await connection.run_sync(sequences) == [("contact:a", 1, "3")]
        jobs = (await connection.execute(select(outbox.c.payload))).scalars().all()
        assert jobs == [{"publication_id": "3"}]
    await engine.dispose()


async def test_webhooks_get_the_kinds_they_want(url: str, store: Store) -> None:
    engine = create_engine(database_url(url))

    def prepare(connection: Connection) -> None:
        add_webhook(connection, "all", [])
        add_webhook(connection, "calls", ["call.ended"])
        add_webhook(connection, "off", [], state="paused")

    await written(engine, prepare)
    pings = [told("3", "webhook:calls", "webhook.ping")]
    await written(engine, lambda c: publish(c, [told("1"), told("2", "call:x", "call.ended"), *pings]))
    async with engine.connect() as connection:
        rows = (
            await connection.execute(select(outbox.c.topic, outbox.c.subject).order_by(outbox.c.id))
        ).all()
    assert [tuple(row) for row in rows] == [
        ("webhook:all", "contact:a"),
        ("webhook:all", "call:x"),
        ("webhook:calls", "call:x"),
        ("webhook:calls", "webhook:calls"),
    ]
    await engine.dispose()


async def test_the_ledger_tells_with_its_changes_and_once(url: str, store: Store) -> None:
    await store.ledger.commit([Published(told("1")), Published(told("2"))], durable=True)
    await store.ledger.commit([Published(told("2")), Published(told("3"))], durable=True)
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        assert [row[1:] for row in await connection.run_sync(sequences)] == [(1, "1"), (2, "2"), (3, "3")]
    await engine.dispose()


async def test_parallel_writers_leave_no_gap(url: str, store: Store) -> None:
    engine = create_engine(database_url(url))
    chance = random.Random(4)

    async def write(writer: int) -> None:
        for turn in range(12):
            subjects = chance.sample(["contact:a", "contact:b", "contact:c"], 2)
            some = [told(f"{writer}-{turn}-{n}", subject) for n, subject in enumerate(subjects)]

            def work(connection: Connection, some: list[Publication] = some, turn: int = turn) -> None:
                publish(connection, some)
                if turn % 4 == 3:
                    raise RuntimeError

            try:
                await written(engine, work)
            except RuntimeError:
                await asyncio.sleep(0)

    await asyncio.gather(*(write(writer) for writer in range(6)))
    async with engine.connect() as connection:
        rows = await connection.run_sync(sequences)
    await engine.dispose()
    assert len(rows) == 6 * 9 * 2
    for subject in ("contact:a", "contact:b", "contact:c"):
        seqs = [seq for of, seq, _ in rows if of == subject]
        assert seqs == list(range(1, len(seqs) + 1)), subject
