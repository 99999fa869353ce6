"""A person's timeline: read page by page, written by other systems once, never changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.changes import InteractionAdded
from engine.registers.contacts import ContactChange
from engine.registers.refusals import Missing, Refused
from engine.registers.timeline import TimelineFilter
from history.interaction import Channel, Interaction
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, email, noted, person, phone, theirs, told
from tests.store.samples import START

ALL = TimelineFilter()


async def ids_of(
    store: Store, contact_id: str | None, wanted: TimelineFilter = ALL, limit: int = 3
) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await store.history.timeline.of(contact_id, wanted, limit=limit, after=after)
        found += [row.id for row in page.items]
        if (after := page.after) is None:
            return found


async def test_another_systems_row_is_written_once(store: Store) -> None:
    anna = await person(store, email("anna"))
    row = theirs(
        "1", email("anna"), subject="Zwrot", note="Prosi o zwrot", transcript="Dzień dobry",
        cost=12, currency="PLN", recording="r.wav", disposition="refund", data={"thread": ["x", 1]},
    )  # fmt: skip
    added, new = await store.history.timeline.add(WE, row)
    assert new
    assert added == replace(row, contact_id=anna.id)
    again, new = await store.history.timeline.add(WE, replace(row, id="2", note="otherwise"))
    assert (again, new) == (added, False)
    assert await store.history.timeline.get("1") == added
    assert (await told(store))[-1] == ("interaction.added", f"contact:{anna.id}")
    assert (await noted(store))[-1] == ("interaction.added", "interaction:1")
    with pytest.raises(Missing, match="no interaction 2"):
        await store.history.timeline.get("2")


async def test_the_same_row_from_many_at_once_is_one(store: Store) -> None:
    added = await asyncio.gather(
        *(store.history.timeline.add(WE, replace(theirs("x", phone(1)), id=f"i{n}")) for n in range(6))
    )
    assert sum(new for _, new in added) == 1
    assert len({row.id for row, _ in added}) == 1
    assert sorted(kind for kind, _ in await told(store)) == ["contact.created", "interaction.added"]


async def test_a_row_of_a_new_point_makes_its_contact(store: Store) -> None:
    added, _ = await store.history.timeline.add(WE, theirs("1", email("new")))
    contact = await store.history.contacts.by_point(email("new"))
    assert contact is not None
    assert added.contact_id == contact.id
    nobodys, _ = await store.history.timeline.add(WE, theirs("2"))
    assert nobodys.contact_id is None
    with pytest.raises(Refused, match="no contact nobody") as refused:
        await store.history.timeline.add(WE, theirs("3", contact_id="nobody"))
    assert refused.value.field == "contact_id"


async def test_a_correction_is_a_row_of_its_own(store: Store) -> None:
    first, _ = await store.history.timeline.add(WE, theirs("1", email("anna"), note="wrong"))
    second, new = await store.history.timeline.add(WE, theirs("2", email("anna"), note="right", corrects="1"))
    assert new
    assert second.corrects == "1"
    assert await store.history.timeline.get("1") == first, "nothing was changed"
    with pytest.raises(Refused, match="another contact's"):
        await store.history.timeline.add(WE, theirs("3", email("jan"), corrects="1"))
    with pytest.raises(Refused, match="no interaction x"):
        await store.history.timeline.add(WE, theirs("4", email("anna"), corrects="x"))
    assert await store.history.contacts.by_point(email("jan")) is None, "nothing of it was written"


async def test_pages_are_whole_whatever_is_merged(store: Store, clock: HandClock) -> None:
    people = [await person(store, phone(number)) for number in range(3)]
    rows = [
        theirs(f"{n:02}", phone(n % 3), at=START + timedelta(minutes=n // 2), channel=Channel.SMS)
        for n in range(20)
    ]
    for row in rows:
        await store.history.timeline.add(WE, row)
    newest_first = [f"{n:02}" for n in reversed(range(20))]
    assert await ids_of(store, None, limit=7) == newest_first
    mine = [row for row in newest_first if int(row) % 3 == 1]
    assert await ids_of(store, people[1].id) == mine
    first, _ = await store.history.merges.merge(WE, people[0].id, people[1].id, "same")
    await store.history.merges.merge(WE, people[0].id, people[2].id, "same")
    for one in people:
        assert await ids_of(store, one.id) == newest_first
    page = await store.history.timeline.of(None, ALL)
    assert {row.contact_id for row in page.items} == {people[0].id}
    await store.history.merges.unmerge(WE, first.id)
    assert await ids_of(store, people[1].id) == mine


async def test_a_timeline_is_filtered(store: Store) -> None:
    base = theirs("0", phone(1))
    rows = [
        replace(base, id="1", external_id="1", channel=Channel.CALL, direction="outbound", agent="jan"),
        replace(base, id="2", external_id="2", outcome="completed", campaign="spring"),
        replace(base, id="3", external_id="3", at=START + timedelta(days=1), source="crm"),
    ]
    for row in rows:
        await store.history.timeline.add(WE, row)
    contact = await store.history.contacts.by_point(phone(1))
    assert contact is not None
    for wanted, ids in (
        (TimelineFilter(channel=Channel.CALL), ["1"]),
        (TimelineFilter(direction="inbound"), ["3", "2"]),
        (TimelineFilter(outcome="completed"), ["2"]),
        (TimelineFilter(campaign="spring", agent="jan"), []),
        (TimelineFilter(agent="jan"), ["1"]),
        (TimelineFilter(source="crm"), ["3"]),
        (TimelineFilter(since=START + timedelta(days=1)), ["3"]),
        (TimelineFilter(until=START + timedelta(days=1)), ["2", "1"]),
    ):
        assert await ids_of(store, contact.id, wanted) == ids, wanted
    with pytest.raises(Missing):
        await ids_of(store, "nobody")


async def test_payments_make_the_lifetime_value(store: Store, clock: HandClock) -> None:
    anna = await person(store, phone(1))

    async def pay(id: str, value: int, currency: str = "PLN", minutes: int = 0) -> int | None:
        row = theirs(id, phone(1), channel=Channel.PAYMENT, value=value, currency=currency)
        await store.history.timeline.add(WE, replace(row, at=clock.now() + timedelta(minutes=minutes)))
        return (await store.history.contacts.get(anna.id)).lifetime_value

    assert await pay("1", 500) == 500
    assert await pay("2", 250) == 750
    assert await pay("2", 250) == 750, "the same payment again"
    assert await pay("3", -100) == 650
    assert await pay("4", 100, "EUR") == 650, "there is no rate"
    change = ContactChange({"lifetime_value": 9000})
    assert (await store.history.contacts.change(WE, anna.id, change)).lifetime_value == 9000
    assert await pay("5", 100, minutes=-10) == 9000, "it is in what the source said"
    assert await pay("6", 100, minutes=10) == 9100
    assert (await store.history.contacts.get(anna.id)).version == 6
    assert [kind for kind, _ in await told(store)].count("contact.changed") == 5


async def test_what_calls_write_is_on_the_same_timeline(store: Store) -> None:
    anna = await person(store, phone(1))
    await store.history.timeline.add(WE, theirs("1", phone(1)))
    row = Interaction("2", START, Channel.CALL, "inbound", "call", phone(1))
    await store.ledger.commit([InteractionAdded(row, "new")], durable=True)
    assert await ids_of(store, anna.id) == ["2", "1"]
