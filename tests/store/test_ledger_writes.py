"""What is committed is read back the same, on every database; repeating a commit changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from engine.changes import CallStored, EventsAppended, InteractionAdded
from engine.ports import LedgerUnavailable
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from store.ledger import ChangeRefused
from store.store import Store
from tests.store.samples import START, call_changes, call_events, finished, form, number, until


async def test_a_call_is_read_back_as_it_was(store: Store) -> None:
    await store.ledger.commit(call_changes("a"), durable=True)
    assert await store.queries.call("a") == finished("a")
    assert tuple(await store.queries.events("a")) == call_events("a")
    assert await store.queries.call("b") is None
    assert await store.queries.events("b") == []


async def test_the_agent_of_a_call_is_kept(store: Store) -> None:
    call = replace(finished("a"), agent="anna")
    await store.ledger.commit([CallStored(call)], durable=True)
    assert await store.queries.call("a") == call


async def test_every_field_of_an_interaction_is_kept(store: Store) -> None:
    full = Interaction(
        id="i1",
        at=START,
        channel=Channel.VOICEMAIL,
        direction="inbound",
        subject_id="a",
        point=ContactPoint(PointKind.EMAIL, "ж@example.org"),
        to="100",
        duration_seconds=12.5,
        outcome="voicemail",
        disposition="callback",
        campaign="k",
        agent="g",
        language="ru",
        flow="hotline",
        flow_version="7",
        path=("a", "b"),
        heard=("1", "два"),
        recording="r.wav",
        transcript="Алло",
        note="'; DROP TABLE calls; --",
        cost=12,
        currency="PLN",
        data={"cause": 16, "nested": {"x": [1.5, None, "ż"]}},
    )
    await store.ledger.commit([InteractionAdded(full, "c1")], durable=True)
    (row,) = await store.queries.history()
    assert row.interaction == replace(full, contact_id="c1")
    assert row.contact_points == (full.point,)
    assert row.contact_name is None


async def test_repeating_a_commit_changes_nothing(store: Store) -> None:
    for _ in range(3):
        await store.ledger.commit(call_changes("a"), durable=True)
    assert tuple(await store.queries.events("a")) == call_events("a")
    assert len(await store.queries.history()) == 1


async def test_an_event_that_is_there_is_left_as_it_was(store: Store) -> None:
    first = CallEvent("a", 1, START, CallEventKind.SAID, {"text": "first"})
    other = replace(first, data={"text": "second"})
    await store.ledger.commit([EventsAppended((first,))], durable=True)
    await store.ledger.commit([EventsAppended((other,))], durable=True)
    assert await store.queries.events("a") == [first]


@pytest.mark.parametrize("together", [True, False])
async def test_an_older_projection_never_replaces_a_newer(store: Store, together: bool) -> None:
    events = call_events("a")
    newer, older = fold(events), fold(events[:3])
    commits = (
        [[CallStored(newer), CallStored(older)]] if together else [[CallStored(newer)], [CallStored(older)]]
    )
    for changes in commits:
        await store.ledger.commit(changes, durable=True)
    assert await store.queries.call("a") == newer


async def test_a_newer_projection_replaces_an_older(store: Store) -> None:
    events = call_events("a")
    await store.ledger.commit([CallStored(fold(events[:3]))], durable=True)
    assert [call.id for call in await store.queries.unfinished_calls("n1")] == ["a"]
    assert await store.queries.unfinished_calls("n2") == []
    await store.ledger.commit([CallStored(fold(events))], durable=True)
    assert await store.queries.call("a") == fold(events)
    assert await store.queries.unfinished_calls("n1") == []


async def test_commits_that_need_not_last_return_at_once_and_are_written_together(
    url: str, make_store: Callable[..., Store]
) -> None:
    store = make_store(url, flush_seconds=0.1)
    await store.start()
    started = asyncio.get_running_loop().time()
    for n in range(50):
        await store.ledger.commit(call_changes(f"a{n}"))
    assert asyncio.get_running_loop().time() - started < 0.1
    assert await store.queries.call("a0") is None

    async def written() -> bool:
        # All or none of them: they are one transaction.
        found = len(await store.queries.history(limit=100))
        assert found in (0, 50)
        return found == 50

    await until(written)
    await store.close()


async def test_closing_writes_what_is_pending(url: str, make_store: Callable[..., Store]) -> None:
    store = make_store(url, flush_seconds=60)
    await store.start()
    for n in range(1200):
        await store.ledger.commit(call_changes(f"a{n}", n % 7))
    await store.close()
    await store.close()
    with pytest.raises(LedgerUnavailable):
        await store.ledger.commit(call_changes("late"))
    again = make_store(url)
    await again.start()
    assert len(await again.queries.history(limit=2000)) == 1200
    await again.close()


async def test_a_durable_commit_takes_those_before_it_along(
    url: str, make_store: Callable[..., Store]
) -> None:
    store = make_store(url, flush_seconds=60)
    await store.start()
    await store.ledger.commit(call_changes("before"))
    await store.ledger.commit(call_changes("durable"), durable=True)
    assert await store.queries.call("before") is not None
    await store.close()


async def test_one_point_is_one_contact(store: Store) -> None:
    await store.ledger.commit(
        [form("1", number(1)), form("2", number(2)), form("3", number(1))], durable=True
    )
    await store.ledger.commit([form("4", number(1)), form("5", None)], durable=True)
    rows = {row.interaction.id: row.interaction.contact_id for row in await store.queries.history()}
    assert rows == {"1": "c-1", "2": "c-2", "3": "c-1", "4": "c-1", "5": None}


async def test_a_known_contact_is_kept(store: Store) -> None:
    await store.ledger.commit([form("1", number(1))], durable=True)
    await store.ledger.commit([form("2", None, contact_id="c-1")], durable=True)
    assert {row.interaction.contact_id for row in await store.queries.history(contact_id="c-1")} == {"c-1"}
    assert len(await store.queries.history(contact_id="c-1")) == 2


async def test_two_engines_that_meet_a_person_at_once_make_one_contact(
    url: str, make_store: Callable[..., Store]
) -> None:
    stores = [make_store(url, f"spool{n}") for n in range(2)]
    for store in stores:
        await store.start()
    points = [number(n) for n in range(40)]
    for turn in range(5):
        commits = []
        for which, store in enumerate(stores):
            # The second engine meets them in the opposite order.
            order = points if which == 0 else points[::-1]
            changes = [form(f"{turn}-{which}-{p.value}", replace(p, value=f"{p.value}{turn}")) for p in order]
            commits.append(store.ledger.commit(changes, durable=True))
        await asyncio.gather(*commits)
    people: dict[str, set[str | None]] = {}
    for row in await stores[0].queries.history(limit=1000):
        assert row.interaction.point is not None
        people.setdefault(row.interaction.point.value, set()).add(row.interaction.contact_id)
    assert len(people) == 200
    assert all(len(ids) == 1 for ids in people.values())
    made = await _count(stores[0], "contacts")
    assert made == 200
    for store in stores:
        await store.close()


async def _count(store: Store, table: str) -> int:
    async with store.queries._engine.connect() as connection:
        return int((await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize(
    "fields",
    [
        {"contact_id": "nobody"},
        {"direction": None},
        {"data": {"set": {1}}},
        {"at": START.replace(tzinfo=None)},
    ],
    ids=["foreign key", "null", "no JSON", "naive time"],
)
async def test_a_durable_commit_the_database_refuses_says_so(store: Store, fields: dict[str, object]) -> None:
    good = store.ledger.commit(call_changes("good"), durable=True)
    bad = store.ledger.commit([form("bad", None, **fields)], durable=True)
    results = await asyncio.gather(good, bad, return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], ChangeRefused)
    assert [row.interaction.subject_id for row in await store.queries.history()] == ["good"]


async def test_a_refused_commit_is_set_aside_whole_and_stops_nobody(
    store: Store, health: list[tuple[bool, str]]
) -> None:
    for n in range(20):
        await store.ledger.commit(call_changes(f"a{n}", n))
    await store.ledger.commit([*call_changes("spoiled"), form("bad", None, contact_id="nobody")])
    for n in range(20, 40):
        await store.ledger.commit(call_changes(f"a{n}", n))
    await store.ledger.commit(call_changes("last"), durable=True)
    assert len(await store.queries.history(limit=100)) == 41
    assert await store.queries.call("spoiled") is None
    letters = (store._spool.folder / "dead-letter.jsonl").read_text().splitlines()
    assert len(letters) == 1
    assert '"spoiled"' in letters[0]

    async def told() -> bool:
        return "Refused and set aside" in health[-1][1]

    await until(told)
    assert health[-1][0] is True


async def test_history_is_paged_newest_first(store: Store) -> None:
    # Pairs of rows have the same time: their ids decide.
    changes = [form(f"{n:02d}", number(n % 2), at=START + timedelta(seconds=n // 2)) for n in range(25)]
    await store.ledger.commit(changes, durable=True)
    read: list[str] = []
    before: str | None = None
    while page := await store.queries.history(limit=7, before=before):
        read += [row.interaction.id for row in page]
        before = read[-1]
    assert read == [f"{n:02d}" for n in range(24, -1, -1)]
    mine = await store.queries.history(contact_id="c-01", limit=3)
    assert [row.interaction.id for row in mine] == ["23", "21", "19"]
    (one,) = await store.queries.history(subject_id="s-07")
    assert one.interaction.id == "07"


async def test_what_other_systems_wrote_is_no_call_to_be_read_back(store: Store) -> None:
    theirs = form("theirs", number(1), channel=Channel.CALL, source="crm", external_id="17")
    ours = form("ours", number(1), channel=Channel.VOICEMAIL)
    await store.ledger.commit([ours, theirs, form("written", number(1))], durable=True)
    assert len(await store.queries.history()) == 3
    assert [row.interaction.id for row in await store.queries.history(calls_only=True)] == ["ours"]


async def test_a_merged_contact_is_read_as_the_one_it_was_merged_into(store: Store) -> None:
    await store.ledger.commit(
        [form("1", number(1)), form("2", number(2)), form("3", number(3))], durable=True
    )
    async with store.queries._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE contacts SET merged_into = 'c-1' WHERE id = 'c-2'")
        await connection.exec_driver_sql("UPDATE contacts SET name = 'A' WHERE id = 'c-1'")
    rows = await store.queries.history(contact_id="c-1")
    assert {row.interaction.id for row in rows} == {"1", "2"}
    for row in rows:
        assert row.interaction.contact_id == "c-1"
        assert row.contact_name == "A"
        assert set(row.contact_points) == {number(1), number(2)}


async def test_calls_are_found_by_network_id(store: Store) -> None:
    await store.ledger.commit([*call_changes("a"), *call_changes("b")], durable=True)
    asked = ["net-a", "net-x", "net-b", *(f"x{n}" for n in range(25_000))]
    assert await store.queries.calls_of(asked) == {"net-a": "a", "net-b": "b"}
    assert await store.queries.calls_of([]) == {}
