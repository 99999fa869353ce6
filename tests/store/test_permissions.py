"""Consents and objections: kept, found for a person, lifted, listed; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from compliance.facts import Channel, Facts, PastContact, Reached
from engine.changes import ConsentKept, InteractionAdded, ObjectionKept
from engine.registers.actor import ENGINE
from engine.registers.permissions import (
    ListEntry,
    ListImport,
    ListImported,
    ObjectionFilter,
    PersonFacts,
    PersonQuery,
)
from engine.registers.refusals import Missing
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from history.permissions import Consent, Objection, Proof, Scope
from store.store import Store
from tests.conftest import HandClock

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")
ANNA_AT_WORK = ContactPoint(PointKind.PHONE, "+48220000001")
JAN = ContactPoint(PointKind.PHONE, "+48600000002")
MAIL = ContactPoint(PointKind.EMAIL, "anna@shop.example.com")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def consent(id: str, at: datetime = NOON, *, given: bool = True, **more: object) -> Consent:
    values = {"channel": "call", "purpose": "marketing", "source": "test", "point": ANNA, **more}
    return Consent(id=id, at=at, given=given, **values)  # type: ignore[arg-type]


def objection(id: str, scope: Scope, value: str, **more: object) -> Objection:
    return Objection(id=id, at=NOON, scope=scope, value=value, reason="asked", source="test", **more)  # type: ignore[arg-type]


async def facts_of(
    store: Store,
    clock: HandClock,
    point: ContactPoint | None = ANNA,
    channel: Channel = Channel.CALL,
    contact_id: str | None = None,
) -> PersonFacts:
    query = PersonQuery(channel, clock.now() - timedelta(days=35), point, contact_id)
    return await store.permissions.person_facts(query, clock.now())


async def keep(store: Store, *consents: Consent) -> None:
    await store.ledger.commit([ConsentKept(one, f"contact-of-{one.id}") for one in consents], durable=True)


async def test_a_consent_of_a_call_is_kept_with_its_proof_and_told(store: Store, clock: HandClock) -> None:
    proof = Proof(call_id="call-1", recording="2026/call-1.wav", second=12.5)
    await keep(store, consent("c1", proof=proof))
    person = await facts_of(store, clock)
    assert person.contact_id == "contact-of-c1"
    (kept,) = await store.permissions.consents_of("contact-of-c1")
    assert kept.proof == proof
    assert kept.given
    assert kept.contact_id == "contact-of-c1"
    (fact,) = person.facts.consents
    assert (fact.channel, fact.purpose, fact.given_at, fact.withdrawn_at) == (
        Channel.CALL,
        "marketing",
        NOON,
        None,
    )


async def test_a_withdrawal_ends_what_was_given_before_it_and_not_what_comes_after(
    store: Store, clock: HandClock
) -> None:
    later = NOON + timedelta(hours=1)
    await keep(
        store, consent("c1"), consent("c2", later, given=False), consent("c3", NOON + timedelta(hours=2))
    )
    facts = (await facts_of(store, clock)).facts.consents
    assert [(f.given_at, f.withdrawn_at) for f in facts] == [(NOON, later), (NOON + timedelta(hours=2), None)]


async def test_a_withdrawal_stamped_by_a_slower_clock_counts_all_the_same(
    store: Store, clock: HandClock
) -> None:
    await keep(store, consent("c1", NOON))
    await keep(store, consent("c2", NOON - timedelta(seconds=3), given=False))
    (fact,) = (await facts_of(store, clock)).facts.consents
    assert fact.withdrawn_at == NOON - timedelta(seconds=3)


async def test_a_consent_that_is_imported_after_an_old_withdrawal_stands(
    store: Store, clock: HandClock
) -> None:
    await keep(store, consent("c1", NOON))
    await keep(store, consent("c2", NOON - timedelta(days=400), given=False))
    (fact,) = (await facts_of(store, clock)).facts.consents
    assert fact.withdrawn_at is None


async def test_a_consent_for_one_number_is_none_for_another_of_the_same_person(
    store: Store, clock: HandClock
) -> None:
    await keep(store, consent("c1"))
    contact_id = (await facts_of(store, clock)).contact_id
    assert contact_id is not None
    at_work = await facts_of(store, clock, ANNA_AT_WORK, contact_id=contact_id)
    assert at_work.facts.consents == ()
    whole = consent("c2", point=None, contact_id=contact_id)
    await store.permissions.keep_consents(contact_id, [whole], ENGINE)
    at_work = await facts_of(store, clock, ANNA_AT_WORK, contact_id=contact_id)
    assert len(at_work.facts.consents) == 1


async def test_a_consent_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(Missing, match="no contact nobody"):
        await store.permissions.keep_consents("nobody", [consent("c1", point=None)], ENGINE)


@pytest.mark.parametrize(
    ("scope", "value", "reached"),
    [
        (Scope.NUMBER, "+48600000001", True),
        (Scope.NUMBER, "+48600000002", False),
        (Scope.PREFIX, "+4860000", True),
        (Scope.PREFIX, "+48600000001", True),
        (Scope.PREFIX, "+486000000019", False),
        (Scope.PREFIX, "+49", False),
        (Scope.PERSON, "anna", True),
        (Scope.PERSON, "jan", False),
        (Scope.DOMAIN, "shop.example.com", True),
        (Scope.DOMAIN, "example.com", True),
        (Scope.DOMAIN, "ample.com", False),
    ],
)
async def test_an_objection_reaches_whom_it_names(
    store: Store, clock: HandClock, scope: Scope, value: str, reached: bool
) -> None:
    changes = [
        InteractionAdded(Interaction(f"i{n}", NOON, HistoryChannel.EMAIL, "inbound", f"m{n}", point), "anna")
        for n, point in enumerate((ANNA, MAIL))
    ]
    await store.ledger.commit(changes, durable=True)
    await store.ledger.commit([ObjectionKept(objection("o1", scope, value))], durable=True)
    # E-mail and number are one person once they are merged; here the contact is asked about by both.
    mail = (await facts_of(store, clock, MAIL, Channel.EMAIL)).contact_id
    found = (await facts_of(store, clock, ANNA, contact_id=mail)).facts.do_not_contact
    assert [one.scope for one in found] == ([scope] if reached else [])


async def test_an_objection_of_a_flow_is_of_the_person_too(store: Store, clock: HandClock) -> None:
    person = ObjectionKept(objection("o1", Scope.PERSON, ""), ANNA, "anna")
    await store.ledger.commit([person], durable=True)
    (found,) = (await facts_of(store, clock)).facts.do_not_contact
    assert (found.scope, found.reason) == ("person", "asked")
    assert (await store.permissions.objection("o1")).value == "anna"


async def test_what_is_in_force_does_not_wait_for_our_clock(store: Store, clock: HandClock) -> None:
    ahead = Objection("o1", clock.now() + timedelta(seconds=5), Scope.NUMBER, ANNA.value, "asked", "test")
    await store.ledger.commit([ObjectionKept(ahead)], durable=True)
    (found,) = (await facts_of(store, clock)).facts.do_not_contact
    assert found.at == clock.now()


async def test_the_same_objection_many_times_at_once_is_one(store: Store, clock: HandClock) -> None:
    many = [Objection(f"o{n}", clock.now(), Scope.NUMBER, "+48600000009", "asked", "api") for n in range(8)]
    kept = await asyncio.gather(*(store.permissions.add_objections([one], ENGINE) for one in many))
    assert len({standing.id for (standing,) in kept}) == 1


async def test_the_same_objection_is_kept_once_and_lifted_once(store: Store, clock: HandClock) -> None:
    first = objection("o1", Scope.NUMBER, ANNA.value)
    (kept,) = await store.permissions.add_objections([first], ENGINE)
    again, other = await store.permissions.add_objections(
        [
            objection("o2", Scope.NUMBER, ANNA.value),
            objection("o3", Scope.NUMBER, ANNA.value, channels=frozenset({"sms"})),
        ],
        ENGINE,
    )
    assert (kept.id, again.id, other.id) == ("o1", "o1", "o3")
    lifted = await store.permissions.lift_objection("o1", "a mistake", ENGINE, clock.now())
    assert lifted.lifted_at == clock.now()
    clock.pass_seconds(60)
    assert (await store.permissions.lift_objection("o1", "again", ENGINE, clock.now())) == lifted
    left = (await facts_of(store, clock)).facts.do_not_contact
    assert [one.channels for one in left] == [{"sms"}]
    in_force = await store.permissions.objections(ObjectionFilter())
    every = await store.permissions.objections(ObjectionFilter(in_force=False))
    assert ([o.id for o in in_force], [o.id for o in every]) == (["o3"], ["o3", "o1"])
    assert [
        o.id for o in await store.permissions.objections(ObjectionFilter(in_force=False), before="o3")
    ] == ["o1"]
    with pytest.raises(Missing):
        await store.permissions.lift_objection("o9", "nothing", ENGINE, clock.now())


# --- lists ------------------------------------------------------------------------------------------------


async def entries(*values: str) -> AsyncIterator[ListEntry]:
    for value in values:
        yield ListEntry(Scope.NUMBER, value)


async def bring(store: Store, clock: HandClock, values: Sequence[str], *, replace: bool) -> ListImported:
    plan = ListImport("register", "on the public register", "import", replace=replace)
    return await store.permissions.import_list(plan, entries(*values), ENGINE, clock.now())


async def listed(store: Store) -> set[str]:
    wanted = ObjectionFilter(list_name="register")
    return {one.value for one in await store.permissions.objections(wanted, limit=200)}


async def test_a_list_is_added_to_and_replaced(store: Store, clock: HandClock) -> None:
    one, two, three = (f"+4860000000{n}" for n in (1, 2, 3))
    assert await bring(store, clock, [one, two, two], replace=False) == ListImported(3, 2, 1, 0)
    assert await bring(store, clock, [two, three], replace=True) == ListImported(2, 1, 1, 1)
    assert await listed(store) == {two, three}
    assert (await facts_of(store, clock)).facts.do_not_contact == ()
    assert await bring(store, clock, [one], replace=False) == ListImported(1, 1, 0, 0)
    assert await listed(store) == {one, two, three}
    assert len((await facts_of(store, clock)).facts.do_not_contact) == 1
    assert await bring(store, clock, [], replace=True) == ListImported(0, 0, 0, 3)
    assert await listed(store) == set()


async def test_a_replacement_that_breaks_off_changes_nothing(store: Store, clock: HandClock) -> None:
    await bring(store, clock, ["+48600000001"], replace=True)

    async def broken() -> AsyncIterator[ListEntry]:
        for number in range(2500):  # more than a batch
            yield ListEntry(Scope.NUMBER, f"+4822000{number:04}")
        raise OSError("the file ended early")

    plan = ListImport("register", "on the public register", "import", replace=True)
    with pytest.raises(OSError, match="ended early"):
        await store.permissions.import_list(plan, broken(), ENGINE, clock.now())
    assert await listed(store) == {"+48600000001"}
    result = await bring(store, clock, ["+48220000001"], replace=True)
    assert result.read == 1
    assert await listed(store) == {"+48220000001"}


async def test_two_replacements_at_once_leave_one_of_them_whole(store: Store, clock: HandClock) -> None:
    first, second = [f"+4860000{n:04}" for n in range(40)], [f"+4860000{n:04}" for n in range(20, 60)]
    await asyncio.gather(bring(store, clock, first, replace=True), bring(store, clock, second, replace=True))
    assert await listed(store) in (set(first), set(second))


# --- history ----------------------------------------------------------------------------------------------


async def test_rows_of_the_history_are_counted_by_how_far_they_got(store: Store, clock: HandClock) -> None:
    def call(number: int, days: float, **more: object) -> InteractionAdded:
        at = clock.now() - timedelta(days=days)
        values = {"direction": "outbound", "subject_id": f"call-{number}", "point": ANNA, **more}
        return InteractionAdded(Interaction(f"i{number}", at, HistoryChannel.CALL, **values), "anna")  # type: ignore[arg-type]

    debt = {"reached": "conversation", "debt": "D-1", "abandoned": False}
    await store.ledger.commit(
        [
            call(1, 36, data=debt),  # too long ago
            call(2, 3, data=debt),
            call(3, 2, outcome="no_answer"),
            call(4, 1, outcome="unallocated"),
        ],
        durable=True,
    )
    history = (await facts_of(store, clock)).facts.history
    at = [clock.now() - timedelta(days=days) for days in (1, 2, 3)]
    assert history == (
        PastContact(at[0], Channel.CALL, Reached.FAILED),
        PastContact(at[1], Channel.CALL, Reached.ATTEMPT),
        PastContact(at[2], Channel.CALL, Reached.CONVERSATION, debt="D-1"),
    )


async def test_nobody_known_has_no_facts(store: Store, clock: HandClock) -> None:
    person = await facts_of(store, clock, JAN)
    assert (person.contact_id, person.facts) == (None, Facts())
    with pytest.raises(Missing):
        await facts_of(store, clock, None, contact_id="nobody")
