"""Two contacts become one person and two again, whoever does what at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.changes import ProfileSet
from engine.registers.contacts import ContactChange, Merge
from engine.registers.refusals import Changed, Missing, Refused
from engine.registers.timeline import TimelineFilter
from history.contact import Contact, GroupKind
from history.merging import Reason
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, email, noted, person, phone, told
from tests.store.samples import START, call_changes


async def merge(store: Store, survivor: Contact, merged: Contact) -> tuple[Merge, Contact]:
    return await store.history.merges.merge(WE, survivor.id, merged.id, "same person")


def unchanging(contact: Contact) -> Contact:
    """Without what counts changes."""
    return replace(contact, version=0, updated_at=START)


async def test_the_survivor_wins_and_lacks_are_filled(store: Store) -> None:
    household = await store.history.groups.create(WE, GroupKind.HOUSEHOLD, "Nowak", None, [])
    anna = await person(
        store, phone(1), tags=frozenset({"a"}), attributes={"plan": "gold"}, language="pl", name="Anna"
    )
    other = await person(
        store,
        phone(2),
        tags=frozenset({"a", "b"}),
        attributes={"city": "Łódź"},
        language="ru",
        country="PL",
        given_name="Ania",
        lifetime_value=500,
        value_currency="PLN",
    )
    await store.history.groups.add_member(WE, household.group.id, other.id)
    merged, one = await store.history.merges.merge(WE, anna.id, other.id, "called from both", version=1)
    assert (one.name, one.given_name, one.language, one.country) == ("Anna", None, "pl", "PL")
    assert set(one.points) == {phone(1), phone(2)}
    assert one.tags == {"a", "b"}
    assert one.attributes == {"plan": "gold", "city": "Łódź"}
    assert (one.lifetime_value, one.value_currency) == (500, "PLN")
    assert [group.name for group in one.groups] == ["Nowak"]
    assert one.version == 2
    assert await store.history.contacts.get(other.id) == one, "the old id stands for the person"
    assert await store.history.contacts.by_point(phone(2)) == one
    assert list(await store.history.merges.of(anna.id)) == [merged]
    assert (await told(store))[-1] == ("contact.merged", f"contact:{anna.id}")
    assert (await noted(store))[-1] == ("contact.merged", f"contact:{anna.id}")
    with pytest.raises(Refused, match="one contact already"):
        await merge(store, anna, other)
    with pytest.raises(Changed):
        await store.history.merges.merge(WE, anna.id, (await person(store)).id, "x", version=1)


async def test_undoing_restores_both_exactly(store: Store) -> None:
    anna = await person(store, phone(1), attributes={"plan": "gold"}, language="pl", name="Anna")
    other = await person(
        store,
        phone(2),
        email("ania"),
        tags=frozenset({"b"}),
        attributes={"plan": "basic", "city": "Łódź"},
        country="PL",
        name="Ania Nowak",
        lifetime_value=500,
        value_currency="PLN",
    )
    merged, _ = await merge(store, anna, other)
    undone, apart = await store.history.merges.unmerge(WE, merged.id)
    assert unchanging(apart) == unchanging(other)
    assert unchanging(await store.history.contacts.get(anna.id)) == unchanging(anna)
    assert undone.undone_by == "person:anna"
    assert apart.version == 3
    assert [kind for kind, _ in await told(store)][-2:] == ["contact.unmerged", "contact.changed"]
    with pytest.raises(Refused, match="undone already"):
        await store.history.merges.unmerge(WE, merged.id)
    with pytest.raises(Missing, match="no merge nothing"):
        await store.history.merges.unmerge(WE, "nothing")


async def test_what_was_changed_since_stays_with_the_survivor(store: Store, clock: HandClock) -> None:
    anna = await person(store, phone(1))
    other = await person(
        store, phone(2), tags=frozenset({"b", "c"}), attributes={"city": "Łódź"}, language="ru", country="PL"
    )
    merged, _ = await merge(store, anna, other)
    clock.pass_seconds(60)
    change = ContactChange(
        {"language": "pl", "lifetime_value": 900, "value_currency": "PLN"},
        {"city": "Opole"},
        add_tags=frozenset({"d"}),
        remove_tags=frozenset({"b"}),
    )
    await store.history.contacts.change(WE, other.id, change)
    await store.history.contacts.add_point(WE, anna.id, phone(3))
    _, apart = await store.history.merges.unmerge(WE, merged.id)
    left = await store.history.contacts.get(anna.id)
    assert (left.language, left.country, left.tags) == ("pl", None, {"d"})
    assert (left.attributes, left.lifetime_value) == ({"city": "Opole"}, 900)
    assert set(left.points) == {phone(1), phone(3)}
    assert unchanging(apart) == unchanging(other)


async def test_what_another_merged_contact_has_too_comes_from_that_one(store: Store) -> None:
    anna = await person(store)
    first = await person(store, tags=frozenset({"t"}), country="PL")
    second = await person(store, tags=frozenset({"t"}), country="RU", language="ru")
    one, _ = await merge(store, anna, first)
    other, _ = await merge(store, anna, second)
    await store.history.merges.unmerge(WE, one.id)
    left = await store.history.contacts.get(anna.id)
    assert (left.country, left.language, left.tags) == ("RU", "ru", {"t"})
    await store.history.merges.unmerge(WE, other.id)
    left = await store.history.contacts.get(anna.id)
    assert (left.country, left.language, left.tags) == (None, None, frozenset())


async def test_values_of_two_profiles_add_up_and_are_parted(store: Store) -> None:
    anna = await person(store, lifetime_value=0, value_currency="PLN")
    other = await person(store, lifetime_value=500, value_currency="PLN")
    euro = await person(store, lifetime_value=70, value_currency="EUR")
    merged, one = await merge(store, anna, other)
    assert one.lifetime_value == 500
    assert (await merge(store, anna, euro))[1].lifetime_value == 500
    await store.history.merges.unmerge(WE, merged.id)
    left = await store.history.contacts.get(anna.id)
    assert (left.lifetime_value, left.value_currency) == (0, "PLN")


async def test_chains_keep_one_hop_and_come_apart_in_turn(store: Store) -> None:
    people = [await person(store, phone(number)) for number in range(4)]
    first, _ = await merge(store, people[1], people[0])
    second, _ = await merge(store, people[2], people[1])
    third, _ = await merge(store, people[3], people[2])
    for one in people:
        assert (await store.history.contacts.get(one.id)).id == people[3].id
    async with store._engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT DISTINCT merged_into FROM contacts")
        assert {row[0] for row in rows} == {None, people[3].id}
    with pytest.raises(Refused, match=f"undo the merge {second.id} first"):
        await store.history.merges.unmerge(WE, first.id)
    _, apart = await store.history.merges.unmerge(WE, third.id)
    assert set(apart.points) == {phone(0), phone(1), phone(2)}
    _, apart = await store.history.merges.unmerge(WE, second.id)
    assert set(apart.points) == {phone(0), phone(1)}
    _, apart = await store.history.merges.unmerge(WE, first.id)
    assert unchanging(apart) == unchanging(people[0])


async def test_two_opposite_merges_at_once_make_one_person(store: Store) -> None:
    for number in range(3):
        anna = await person(store, phone(2 * number))
        jan = await person(store, phone(2 * number + 1))
        done = await asyncio.gather(merge(store, anna, jan), merge(store, jan, anna), return_exceptions=True)
        assert sum(isinstance(one, Refused) for one in done) == 1
        one = await store.history.contacts.get(anna.id)
        assert one == await store.history.contacts.get(jan.id)
        assert len(one.points) == 2


async def test_merging_while_others_add_loses_nothing(store: Store) -> None:
    anna, jan = await person(store, phone(0)), await person(store, phone(1))
    contacts = store.history.contacts
    await asyncio.gather(
        merge(store, anna, jan),
        *(contacts.add_point(WE, jan.id, phone(number)) for number in range(2, 6)),
        *(
            contacts.change(WE, jan.id, ContactChange(add_tags=frozenset({f"t{number}"})))
            for number in range(4)
        ),
        store.ledger.commit(call_changes("a", 1), durable=True),
        store.ledger.commit([ProfileSet(phone(1), "city", "Łódź", START, "c", "new")], durable=True),
    )
    one = await contacts.get(jan.id)
    assert one.id == anna.id
    assert set(one.points) == {phone(number) for number in range(6)}
    assert one.tags == {f"t{number}" for number in range(4)}
    assert one.attributes == {"city": "Łódź"}
    rows = await store.history.timeline.of(anna.id, TimelineFilter())
    assert [row.subject_id for row in rows.items] == ["a"]


async def test_a_ring_of_merges_at_once_makes_one_person(store: Store) -> None:
    people = [await person(store, phone(number)) for number in range(5)]
    ring = zip(people, [*people[1:], people[0]], strict=True)
    done = await asyncio.gather(*(merge(store, one, other) for one, other in ring), return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 1
    assert len({(await store.history.contacts.get(one.id)).id for one in people}) == 1


async def test_the_newest_attribute_of_all_contacts_counts(store: Store) -> None:
    anna, jan = await person(store, phone(1)), await person(store, phone(2))
    await merge(store, anna, jan)
    city = [("Łódź", 2, 0), ("Opole", 1, 60), ("Sopot", 2, 30)]
    for value, number, seconds in city:
        at = START + timedelta(seconds=seconds)
        await store.ledger.commit([ProfileSet(phone(number), "city", value, at, "c", "new")], durable=True)
    assert (await store.history.contacts.get(anna.id)).attributes == {"city": "Opole"}
    gone = await store.history.contacts.change(WE, anna.id, ContactChange(attributes={"city": None}))
    assert gone.attributes == {}
    assert await store.queries.attribute(phone(2), "city") is None


async def test_duplicates_are_suggested_with_their_reasons(store: Store) -> None:
    anna = await person(
        store, email("anna"), name="Anna Łącka", postcode="90-001", attributes={"birthdate": "1980-02-29"}
    )
    by_mail = await person(store, email("anna+shop"))
    by_name = await person(
        store, name="Lacka Anna", postcode="90 001", attributes={"birthdate": "1980-02-29"}
    )
    await person(store, name="Anna Łącka", postcode="90-001", attributes={"birthdate": "1999-01-01"})
    await person(store, name="Anna Łącka", postcode="00-950")
    await person(store, email("annax"), name="Anna")
    found = await store.history.merges.duplicates(anna.id)
    assert [(one.contact.id, one.likeness.reasons) for one in found] == [
        (by_name.id, (Reason.SAME_NAME_AND_BIRTHDATE, Reason.SAME_NAME_AND_POSTCODE)),
        (by_mail.id, (Reason.SAME_MAILBOX,)),
    ]
    await merge(store, anna, by_mail)
    assert [one.contact.id for one in await store.history.merges.duplicates(by_mail.id)] == [by_name.id]
