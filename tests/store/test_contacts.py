"""Contacts are kept, found, changed by one at a time, and every change is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.registers.contacts import POINTS_MOST, TAGS_MOST, ContactChange, ContactDraft, ContactFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import Contact
from history.folding import folded
from history.points import prefixes_of
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, email, noted, person, phone, told
from tests.store.samples import call_changes


async def test_a_contact_is_read_back_as_it_was_made(store: Store) -> None:
    made = await person(
        store,
        phone(1),
        email("anna"),
        tags=frozenset({"vip", "złoty"}),
        attributes={"plan": "gold", "seats": 3, "born": "1980-02-29", "list": ["a", None]},
        given_name="Anna",
        family_name="Łącka",
        language="pl",
        country="PL",
        lifetime_value=12_500,
        value_currency="PLN",
    )
    assert made.name == "Anna Łącka"
    assert made.version == 1
    assert set(made.points) == {phone(1), email("anna")}
    assert await store.history.contacts.get(made.id) == made
    assert await store.history.contacts.by_point(email("anna")) == made
    assert await store.history.contacts.by_point(phone(2)) is None
    assert await told(store) == [("contact.created", f"contact:{made.id}")]
    assert await noted(store) == [("contact.created", f"contact:{made.id}")]
    with pytest.raises(Missing, match="no contact nobody"):
        await store.history.contacts.get("nobody")


async def test_a_point_is_one_contacts(store: Store) -> None:
    first = await person(store, phone(1))
    with pytest.raises(Refused, match=f"contact {first.id}'s") as refused:
        await person(store, email("x"), phone(1))
    assert refused.value.field == "points[1].value"
    assert await store.history.contacts.by_point(email("x")) is None, "nothing of it was written"


async def test_two_who_make_the_same_contact_at_once_make_one(store: Store) -> None:
    made = await asyncio.gather(
        *(person(store, *points) for points in [(phone(1), phone(2)), (phone(2), phone(1))] * 3),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Contact) for one in made) == 1
    assert sum(isinstance(one, Refused) for one in made) == 5


async def test_a_change_counts_and_is_told_once(store: Store, clock: HandClock) -> None:
    made = await person(store, phone(1), name="Anna")
    clock.pass_seconds(5)
    change = ContactChange({"language": "ru"}, {"plan": "gold"}, add_tags=frozenset({"vip"}))
    changed = await store.history.contacts.change(WE, made.id, change, version=1)
    assert (changed.language, changed.attributes, changed.tags) == ("ru", {"plan": "gold"}, {"vip"})
    assert (changed.version, changed.updated_at) == (2, clock.now())
    assert await store.history.contacts.change(WE, made.id, change, version=2) == changed, "no change"
    assert [kind for kind, _ in await told(store)] == ["contact.created", "contact.changed"]
    with pytest.raises(Changed, match="version 2 now, not 1") as stale:
        await store.history.contacts.change(WE, made.id, ContactChange({"language": "pl"}), version=1)
    assert stale.value.version == 2


async def test_names_follow_their_parts(store: Store) -> None:
    made = await person(store, given_name="Anna", family_name="Nowak")
    change = store.history.contacts.change
    assert (await change(WE, made.id, ContactChange({"family_name": "Kowal"}))).name == "Anna Kowal"
    assert (await change(WE, made.id, ContactChange({"name": "Pani Anna"}))).name == "Pani Anna"
    bare = await change(WE, made.id, ContactChange({"name": None, "given_name": None, "family_name": None}))
    assert (bare.name, bare.given_name) == (None, None)


async def test_attributes_and_tags_are_removed(store: Store) -> None:
    made = await person(store, tags=frozenset({"a", "b"}), attributes={"plan": "gold", "city": "Łódź"})
    change = ContactChange(attributes={"plan": None, "none": None}, remove_tags=frozenset({"a", "x"}))
    changed = await store.history.contacts.change(WE, made.id, change)
    assert (changed.attributes, changed.tags) == ({"city": "Łódź"}, {"b"})
    emptied = await store.history.contacts.change(WE, made.id, ContactChange(tags=frozenset()))
    assert emptied.tags == frozenset()


async def test_a_value_needs_its_currency(store: Store) -> None:
    with pytest.raises(Refused) as refused:
        await person(store, lifetime_value=100)
    assert refused.value.field == "value_currency"


async def test_what_a_call_finds_and_keeps_is_the_same_contact(store: Store) -> None:
    made = await person(store, phone(1))
    await store.ledger.commit(call_changes("a", 1), durable=True)
    await store.ledger.commit(call_changes("b", 2), durable=True)
    new = await store.history.contacts.by_point(phone(2))
    assert new is not None
    assert await told(store) == [
        ("contact.created", f"contact:{made.id}"),
        ("interaction.added", f"contact:{made.id}"),
        ("contact.created", f"contact:{new.id}"),
        ("interaction.added", f"contact:{new.id}"),
    ]
    await store.ledger.commit(call_changes("b", 2), durable=True)
    assert len(await told(store)) == 4, "what is written twice is told once"


async def test_many_changes_at_once_lose_nothing(store: Store) -> None:
    made = await person(store)

    async def add(number: int) -> None:
        """Read, change what was read, and again when somebody else was quicker."""
        while True:
            seen = await store.history.contacts.get(made.id)
            change = ContactChange(tags=seen.tags | {f"t{number}"})
            try:
                await store.history.contacts.change(WE, made.id, change, version=seen.version)
            except Changed:
                continue
            return

    await asyncio.gather(
        *(add(number) for number in range(6)),
        *(store.history.contacts.add_point(WE, made.id, phone(number)) for number in range(6)),
        *(
            store.history.contacts.change(WE, made.id, ContactChange(attributes={f"a{number}": number}))
            for number in range(6)
        ),
    )
    after = await store.history.contacts.get(made.id)
    assert after.tags == {f"t{number}" for number in range(6)}
    assert set(after.points) == {phone(number) for number in range(6)}
    assert after.attributes == {f"a{number}": number for number in range(6)}
    assert after.version == 1 + 18


async def test_points_are_added_moved_and_removed(store: Store) -> None:
    anna, jan = await person(store, phone(1)), await person(store, phone(2))
    contacts = store.history.contacts
    with pytest.raises(Refused, match=f"contact {jan.id}'s"):
        await contacts.add_point(WE, anna.id, phone(2))
    moved = await contacts.add_point(WE, anna.id, phone(2), version=1, move=True)
    assert set(moved.points) == {phone(1), phone(2)}
    left = await contacts.get(jan.id)
    assert (left.points, left.version) == ((), 2)
    assert (await contacts.add_point(WE, anna.id, phone(2))).version == 2, "it has it already"
    gone = await contacts.remove_point(WE, anna.id, phone(1))
    assert gone.points == (phone(2),)
    with pytest.raises(Missing, match="no such phone"):
        await contacts.remove_point(WE, anna.id, phone(1))


async def test_two_who_move_a_point_each_way_at_once_end_with_one_owner(store: Store) -> None:
    anna, jan = await person(store, phone(1)), await person(store, phone(2))
    contacts = store.history.contacts
    await asyncio.gather(
        *(contacts.add_point(WE, one.id, phone(n), move=True) for one in (anna, jan) for n in (1, 2)),
        return_exceptions=True,
    )
    after = [await contacts.get(one.id) for one in (anna, jan)]
    assert sorted(point.value for one in after for point in one.points) == [phone(1).value, phone(2).value]


async def test_there_are_limits(store: Store) -> None:
    with pytest.raises(Refused, match=f"at most {POINTS_MOST} points"):
        await person(store, *(phone(number) for number in range(POINTS_MOST + 1)))
    with pytest.raises(Refused, match=f"at most {TAGS_MOST} tags"):
        await person(store, tags=frozenset(f"t{number}" for number in range(TAGS_MOST + 1)))
    with pytest.raises(Refused, match="cannot be kept"):
        await person(store, attributes={"huge": 2**70})


async def listed(store: Store, **wanted: object) -> list[str | None]:
    """Names, page by page of two."""
    names: list[str | None] = []
    after = None
    while True:
        page = await store.history.contacts.list(replace(ContactFilter(), **wanted), limit=2, after=after)
        names += [contact.name for contact in page.items]
        if (after := page.after) is None:
            return names


async def test_a_list_is_filtered_and_paged(store: Store, clock: HandClock) -> None:
    for number, name in enumerate(["Anna Łącka", "Jan Łapa", "Анна Иванова", "Zoë Quist"], 1):
        clock.pass_seconds(1)
        country = "PL" if number < 3 else "RU"
        await person(store, phone(number), email(f"x{number}"), name=name, country=country)
    assert await listed(store) == ["Zoë Quist", "Анна Иванова", "Jan Łapa", "Anna Łącka"]
    assert await listed(store, country="PL") == ["Jan Łapa", "Anna Łącka"]
    assert await listed(store, name_prefix=folded("ŁĄC")) == ["Anna Łącka"]
    assert await listed(store, name_prefix="la") == ["Jan Łapa", "Anna Łącka"], "by family name"
    assert await listed(store, name_prefix="анна и") == ["Анна Иванова"]
    assert await listed(store, name_prefix="zoe q") == ["Zoë Quist"]
    assert await listed(store, name_prefix="%") == []
    prefixes = prefixes_of("22 000 000 3", "PL")
    assert await listed(store, name_prefix="nobody", point_prefixes=prefixes) == ["Анна Иванова"]
    assert await listed(store, point_prefixes=prefixes_of("x2@", "PL")) == ["Jan Łapa"]
    assert await listed(store, phone=phone(4).value) == ["Zoë Quist"]
    assert await listed(store, email="x1@example.com", country="RU") == []
    since = clock.now() - timedelta(seconds=1)
    assert await listed(store, updated_since=since) == ["Анна Иванова", "Zoë Quist"]


async def test_a_list_by_change_goes_on_where_it_was(store: Store, clock: HandClock) -> None:
    start = clock.now()
    made = []
    for number in range(5):
        made.append(await person(store, name=f"n{number}"))
        clock.pass_seconds(1)
    await store.history.contacts.change(WE, made[0].id, ContactChange({"language": "pl"}))
    assert await listed(store, updated_since=start) == ["n1", "n2", "n3", "n4", "n0"]


async def test_a_draft_needs_nothing(store: Store) -> None:
    made = await store.history.contacts.create(WE, ContactDraft())
    assert (made.name, made.points) == (None, ())
