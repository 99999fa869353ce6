"""Attributes of people: kept by the point they are known by, the newest counts, merged contacts are one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from engine.changes import CallStored, EventsAppended, JobAdded, ProfileSet
from engine.ports import StoreUnavailable
from history.interaction import ContactPoint, PointKind
from store.opening import open_queries
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.postgres import PostgresServer
from tests.store.people import WE
from tests.store.samples import START, call_changes, call_events, number, until


def kept(
    value: object, *, n: int = 1, name: str = "city", at: datetime = START, contact: str = "c1"
) -> ProfileSet:
    return ProfileSet(number(n), name, value, at, "call1", contact)


@pytest.mark.parametrize("value", ["Łódź", "'; DROP TABLE contacts; --", 12, 1.5, True, ["a"], {"b": None}])
async def test_an_attribute_is_read_back_as_it_was(store: Store, value: object) -> None:
    assert await store.queries.attribute(number(1), "city") is None
    await store.ledger.commit([kept(value)], durable=True)
    assert await store.queries.attribute(number(1), "city") == value
    assert await store.queries.attribute(number(1), "street") is None
    assert await store.queries.attribute(number(2), "city") is None
    assert await store.queries.attribute(ContactPoint(PointKind.EMAIL, number(1).value), "city") is None


async def test_the_newest_value_counts_in_whatever_order_they_are_written(store: Store) -> None:
    later = START + timedelta(minutes=1)
    await store.ledger.commit([kept("Kraków", at=later)], durable=True)
    await store.ledger.commit([kept("Gdańsk")], durable=True)
    assert await store.queries.attribute(number(1), "city") == "Kraków"
    await store.ledger.commit(
        [kept("Lublin", at=later), kept("Poznań", at=later + timedelta(seconds=1))], durable=True
    )
    assert await store.queries.attribute(number(1), "city") == "Poznań"


async def test_the_person_is_the_one_of_the_history(store: Store) -> None:
    await store.ledger.commit([kept("Łódź", contact="first"), *call_changes("a")], durable=True)
    (row,) = await store.queries.history()
    assert row.interaction.contact_id == "c-a", "the call came first in the transaction's order"
    await store.ledger.commit([kept("Opole", n=2, contact="second")], durable=True)
    await store.ledger.commit(call_changes("b", 2), durable=True)
    (row, _) = await store.queries.history()
    assert row.interaction.contact_id == "second"
    assert await store.queries.attribute(number(2), "city") == "Opole"


async def test_merged_contacts_have_one_profile(store: Store) -> None:
    await store.ledger.commit([kept("Łódź", contact="old"), kept("blue", name="colour", contact="old")])
    later = START + timedelta(days=1)
    await store.ledger.commit([kept("Opole", n=2, contact="new", at=later)], durable=True)
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE contacts SET merged_into = 'new' WHERE id = 'old'")
    for n in (1, 2):
        assert await store.queries.attribute(number(n), "city") == "Opole"
        assert await store.queries.attribute(number(n), "colour") == "blue"
    newest = later + timedelta(days=1)
    await store.ledger.commit([kept("Sopot", n=1, contact="x", at=newest)], durable=True)
    for n in (1, 2):
        assert await store.queries.attribute(number(n), "city") == "Sopot"


async def test_a_job_and_an_attribute_are_written_together_or_not_at_all(store: Store) -> None:
    job = JobAdded("j1", "sms", "key", {"to": "+48220000001"})
    bad = kept(2**70)  # no database has room for it
    with pytest.raises(Exception, match="refused"):
        await store.ledger.commit([job, bad], durable=True)
    assert await store.outbox.claim(["sms"], "w", limit=5, lease_seconds=9) == []
    assert await store.queries.attribute(number(1), "city") is None


def test_what_waits_on_disk_is_read_as_it_was() -> None:
    commit = Commit(START, (kept({"a": ["ż", None]}),))
    assert commit_of(line_of(commit)) == commit


async def test_a_query_that_gets_no_answer_says_why(tmp_path: Path, make_store: Callable[..., Store]) -> None:
    store = make_store(f"sqlite:///{tmp_path}/x.db")
    await store.start()
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE contact_attributes RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable, match="no such table: contact_attributes"):
        await store.queries.attribute(number(1), "city")


@pytest.mark.postgres
async def test_a_server_that_is_gone_is_said_by_every_query(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with open_queries(postgres_url) as queries:
        postgres.kill()

        async def refused() -> bool:
            try:
                await queries.history()
            except StoreUnavailable:
                return True
            return False

        await until(refused)
        with pytest.raises(StoreUnavailable):
            await queries.attribute(number(1), "city")
        with pytest.raises(StoreUnavailable):
            await queries.call("a")


async def test_wrong_answers_count_over_calls_of_one_person(store: Store) -> None:
    def checked(call: str, by: str, passed: bool, at: datetime = START) -> EventsAppended:
        data = {"by": by, "passed": passed}
        return EventsAppended((CallEvent(call, 9, at, CallEventKind.IDENTITY_CHECKED, data),))

    await store.ledger.commit([*call_changes("a"), checked("a", "attribute", False)], durable=True)
    await store.ledger.commit([*call_changes("b"), checked("b", "debt", False)], durable=True)
    await store.ledger.commit([*call_changes("c"), checked("c", "code", False)], durable=True)
    await store.ledger.commit([*call_changes("d"), checked("d", "debt", True)], durable=True)
    await store.ledger.commit([*call_changes("e", 2), checked("e", "debt", False)], durable=True)
    old = START - timedelta(days=40)
    await store.ledger.commit([*call_changes("f", at=old), checked("f", "debt", False, old)], durable=True)
    since = START - timedelta(days=30)
    assert await store.queries.wrong_answers(number(1), since) == 2
    assert await store.queries.wrong_answers(number(3), since) == 0
    first = await store.history.contacts.by_point(number(1))
    second = await store.history.contacts.by_point(number(2))
    assert first is not None
    assert second is not None
    await store.history.merges.merge(WE, first.id, second.id, "same person")
    assert await store.queries.wrong_answers(number(2), since) == 3, "they are one by now"


async def test_wrong_answers_of_calls_under_way_count(store: Store) -> None:
    begun = call_events("live")[:2]
    wrong = CallEvent("live", 3, START, CallEventKind.IDENTITY_CHECKED, {"by": "debt", "passed": False})
    await store.ledger.commit([EventsAppended((*begun, wrong)), CallStored(fold(begun))], durable=True)
    caller = ContactPoint(PointKind.PHONE, "+48220000001")
    assert await store.queries.wrong_answers(caller, START - timedelta(days=1)) == 1
