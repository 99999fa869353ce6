"""While the database is away what is told waits on disk; after it, it is told in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.changes import Published
from engine.ports import StoreUnavailable
from engine.registers.webhooks import DeliveryState
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.conftest import HandClock
from tests.postgres import PostgresServer
from tests.publishing.receivers import delivering, hooked, publication, receiving, until


def test_a_publication_keeps_its_form_in_the_spool(clock: HandClock) -> None:
    commit = Commit(clock.now(), (Published(publication("p1", clock)),))
    assert commit_of(line_of(commit)) == commit


@pytest.mark.postgres
async def test_what_is_told_while_the_database_is_away_comes_after_it(
    postgres: PostgresServer,
    postgres_url: str,
    make_store: Callable[..., Store],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.webhooks.delivery.AWAY_SECONDS", 0.1)
    store = make_store(postgres_url)
    await store.start()
    async with receiving() as receiver, delivering(store, clock):
        await hooked(store, clock, "w", receiver.url)
        await store.ledger.commit([Published(publication("p1", clock))], durable=True)

        async def written_down() -> bool:
            return bool(await store.deliveries.list("w", clock.now(), state=DeliveryState.DELIVERED))

        await until(written_down)
        await asyncio.to_thread(postgres.kill)
        for number in (2, 3):
            await store.ledger.commit([Published(publication(f"p{number}", clock))])
        queue = store.delivery_queue("other")
        for asked in (
            store.outbox.claim(["sms"], "w1", limit=1, lease_seconds=30),
            store.outbox.revive("none"),
            store.outbox.bury_expired(),
            store.webhooks.list(),
            store.deliveries.list("w", clock.now()),
            store.publications.between(0, 9, limit=9),
            queue.due(),
            queue.claim("w", limit=1, lease_seconds=30),
            queue.figures(),
            queue.tidy(),
        ):
            with pytest.raises(StoreUnavailable):
                await asked
        await asyncio.to_thread(postgres.start)
        clock.pass_seconds(1)  # what failed was left alone for a while
        await until(lambda: len(receiver.taken) >= 3, 30)
    assert receiver.sequences("contact:a") == [1, 2, 3]
    assert [one.body["id"] for one in receiver.taken] == ["p1", "p2", "p3"]
