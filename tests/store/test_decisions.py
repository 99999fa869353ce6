"""The chained log of decisions: who asks, what is written, and what an audit finds; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from calls.call import fold
from compliance.facts import Channel, Mode, Purpose, Reached
from engine.changes import CallStored, InteractionAdded, ObjectionKept
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.registers.actor import ENGINE
from engine.registers.contacts import ContactDraft
from engine.registers.decisions import DecisionFilter
from engine.registers.permissions import PersonQuery
from engine.rulebook import RuleBook
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from history.permissions import Objection, Scope
from store.database import create_engine, database_url, writing
from store.decision_audit import Audited, Expected, Finding
from store.store import Store
from tests.conftest import HandClock
from tests.store.samples import call_events

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")


def request(n: int = 1, **more: object) -> ContactRequest:
    values = {
        "channel": Channel.CALL,
        "purpose": Purpose.INFORMATION,
        "mode": Mode.MANUAL,
        "point": ANNA,
        **more,
    }
    return ContactRequest(f"call:{n}", **values)  # type: ignore[arg-type]


def keeper(store: Store, clock: HandClock) -> Gatekeeper:
    return Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)


@pytest.fixture
def gate(store: Store, clock: HandClock) -> Gatekeeper:
    return keeper(store, clock)


Change = Callable[[str], Awaitable[None]]


@pytest.fixture
def change(url: str) -> Change:
    """Tampers with the tables, as somebody with the database's password could."""

    async def run(sql: str) -> None:
        engine = create_engine(database_url(url))
        async with writing(engine) as connection:
            for statement in sql.split(";"):
                await connection.execute(text(statement))
        await engine.dispose()

    return run


async def audited(store: Store, *expected: Expected) -> tuple[list[tuple[str, int, str]], list[Audited]]:
    found = [one async for one in store.decisions.audit(expected)]
    findings = [(one.writer, one.seq, one.kind) for one in found if isinstance(one, Finding)]
    return findings, [one for one in found if isinstance(one, Audited)]


# --- asking -----------------------------------------------------------------------------------------------


async def test_each_decision_is_logged_before_it_is_told(
    store: Store, gate: Gatekeeper, clock: HandClock
) -> None:
    decision = await gate.ask(request(1))
    assert decision.allowed
    clock.pass_seconds(6 * 3600)  # 23:05 in Warsaw
    late = await gate.ask(request(2, campaign="spring"))
    assert (late.allowed, late.rule) == (False, "service/hours")
    second, first = await store.decisions.logged(DecisionFilter())
    assert (first.writer, first.seq, first.subject, first.packs) == ("infolinia", 1, "call:1", ("service@1",))
    assert (second.seq, second.subject, second.campaign, second.at) == (2, "call:2", "spring", clock.now())
    assert first.decision == decision
    assert second.decision == late


async def test_nothing_in_the_log_tells_whom_it_was_about(store: Store, gate: Gatekeeper, url: str) -> None:
    own = Objection("o1", gate._clock.now(), Scope.NUMBER, ANNA.value, "Anna asked in a letter", "test")
    await store.ledger.commit([ObjectionKept(own)], durable=True)
    decision = await gate.ask(request(1, debt="D-77"))
    assert decision.reason is not None
    assert "Anna" in decision.reason
    person = await store.permissions.person_facts(
        PersonQuery(Channel.CALL, gate._clock.now() - timedelta(days=1), ANNA), gate._clock.now()
    )
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        row = str((await connection.execute(text("SELECT * FROM decisions"))).one())
    await engine.dispose()
    for private in ("600000001", "Anna", "D-77", person.contact_id or ""):
        assert private not in row, private


async def test_decisions_are_found_by_person_until_they_are_erased(store: Store, gate: Gatekeeper) -> None:
    await gate.ask(request(1))
    await gate.ask(request(2, point=ContactPoint(PointKind.PHONE, "+48600000002")))
    query = PersonQuery(Channel.CALL, gate._clock.now() - timedelta(days=1), ANNA)
    contact_id = (await store.permissions.person_facts(query, gate._clock.now())).contact_id or ""
    about = await store.decisions.logged(DecisionFilter(contact_id=contact_id))
    assert [one.subject for one in about] == ["call:1"]
    await store.privacy.erase(ENGINE, contact_id, "asked")
    assert list(await store.decisions.logged(DecisionFilter(contact_id=contact_id))) == []
    assert len(await store.decisions.logged(DecisionFilter())) == 2
    findings, _ = await audited(store)
    assert findings == [], "the chain is as whole as before"


async def test_what_was_allowed_and_is_not_in_the_history_yet_counts(
    store: Store, gate: Gatekeeper, clock: HandClock
) -> None:
    debt = {
        "purpose": Purpose.COLLECTIONS,
        "debt": "D-1",
        "point": ContactPoint(PointKind.PHONE, "+12125550101"),
    }
    for n in range(7):
        assert (await gate.ask(request(n, **debt))).allowed, n
    eighth = await gate.ask(request(7, **debt))
    assert (eighth.allowed, eighth.rule) == (False, "us-reg-f/7-in-7")
    assert (await gate.ask(request(8, **{**debt, "debt": "D-2"}))).allowed, "another debt"
    assert (await gate.ask(request(3, **debt))).allowed, "the same contact, asked about again"
    # Once it is in the history it counts as what it was: the number was out of service.
    row = Interaction(
        "i1",
        clock.now(),
        HistoryChannel.CALL,
        "outbound",
        "3",
        debt["point"],  # type: ignore[arg-type]
        data={"reached": "failed", "debt": "D-1"},
    )
    await store.ledger.commit([InteractionAdded(row, "c1")], durable=True)
    assert (await gate.ask(request(9, **debt))).allowed
    query = PersonQuery(Channel.CALL, clock.now() - timedelta(days=1), debt["point"], subject="x", debt="D-1")  # type: ignore[arg-type]
    history = (await store.permissions.person_facts(query, clock.now())).facts.history
    assert [past.kind for past in history].count(Reached.FAILED) == 1


async def made(store: Store) -> None:
    """Calls that come to nothing at once: nobody is on the line, and they are not in the history yet."""
    ended = [CallStored(fold(call_events(str(n)))) for n in range(30)]
    await store.ledger.commit(ended, durable=True)


async def test_two_engines_that_ask_at_once_do_not_pass_a_limit(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    stores = [make_store(url, f"spool{n}", node=f"node{n}") for n in (1, 2)]
    for one in stores:
        await one.start()
    await made(stores[0])
    number = ContactPoint(PointKind.PHONE, "+12125550102")
    asked = [
        keeper(stores[n % 2], clock).ask(request(n, purpose=Purpose.COLLECTIONS, debt="D-1", point=number))
        for n in range(12)
    ]
    decisions = await asyncio.gather(*asked)
    assert sum(decision.allowed for decision in decisions) == 7
    assert {decision.rule for decision in decisions} == {None, "us-reg-f/7-in-7"}
    findings, chains = await audited(stores[0])
    assert findings == []
    assert [(chain.writer, chain.rows) for chain in chains] == [("node1", 6), ("node2", 6)]


async def test_a_number_that_is_also_asked_about_as_another_contacts_passes_no_limit(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    stores = [make_store(url, f"spool{n}", node=f"node{n}") for n in (1, 2)]
    for one in stores:
        await one.start()
    await made(stores[0])
    gates = [keeper(one, clock) for one in stores]
    debt = {"purpose": Purpose.COLLECTIONS, "point": ContactPoint(PointKind.PHONE, "+12125550103")}
    draft = ContactDraft((ContactPoint(PointKind.PHONE, "+12125550104"),))
    other = {"contact_id": (await stores[0].history.contacts.create(ENGINE, draft)).id}
    for n in range(7):
        assert (await gates[0].ask(request(n, **debt, **other, debt="D-1"))).allowed, n
    assert (await gates[0].ask(request(7, **debt, debt="D-1"))).rule == "us-reg-f/7-in-7"
    asked = [request(n, **debt, **(other if n % 2 else {}), debt="D-2") for n in range(10, 30)]
    decisions = await asyncio.gather(*(gates[n % 2].ask(each) for n, each in enumerate(asked)))
    assert sum(decision.allowed for decision in decisions) == 7
    assert {decision.rule for decision in decisions} == {None, "us-reg-f/7-in-7"}


async def test_a_number_that_was_taken_from_its_contact_keeps_its_history(
    store: Store, gate: Gatekeeper, clock: HandClock
) -> None:
    number = ContactPoint(PointKind.PHONE, "+12125550105")
    debt = {"purpose": Purpose.COLLECTIONS, "point": number, "debt": "D-1"}
    anna = await store.history.contacts.create(ENGINE, ContactDraft((number,)))
    for n in range(7):
        assert (await gate.ask(request(n, **debt))).allowed, n
        called = {"data": {"reached": "attempt", "debt": "D-1"}}
        row = Interaction(f"i{n}", clock.now(), HistoryChannel.CALL, "outbound", str(n), number, **called)  # type: ignore[arg-type]
        await store.ledger.commit([InteractionAdded(row, f"c{n}")], durable=True)
    assert (await gate.ask(request(7, **debt))).rule == "us-reg-f/7-in-7"
    await store.history.contacts.remove_point(ENGINE, anna.id, number)
    assert (await gate.ask(request(8, **debt))).rule == "us-reg-f/7-in-7", "it is nobody's now"
    jan = await store.history.contacts.create(ENGINE, ContactDraft())
    await store.history.contacts.add_point(ENGINE, jan.id, number, move=True)
    assert (await gate.ask(request(9, **debt))).rule == "us-reg-f/7-in-7", "it is another's now"
    assert (await gate.ask(request(10, **{**debt, "debt": "D-2"}))).allowed


async def test_a_note_about_a_call_that_goes_on_does_not_take_its_place(
    store: Store, gate: Gatekeeper, clock: HandClock
) -> None:
    number = ContactPoint(PointKind.PHONE, "+12125550106")
    debt = {"purpose": Purpose.COLLECTIONS, "point": number, "debt": "D-1"}
    for n in range(7):
        assert (await gate.ask(request(n, **debt))).allowed, n
    note = Interaction("i1", clock.now(), HistoryChannel.FORM, "inbound", "3", number)
    await store.ledger.commit([InteractionAdded(note, "c1")], durable=True)
    assert (await gate.ask(request(7, **debt))).rule == "us-reg-f/7-in-7"


async def test_an_objection_on_one_engine_is_in_force_on_the_other_at_once(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    one, other = (make_store(url, f"spool{n}", node=f"node{n}") for n in (1, 2))
    await one.start()
    await other.start()
    assert (await keeper(other, clock).ask(request(1))).allowed
    wish = Objection("o1", clock.now(), Scope.NUMBER, ANNA.value, "asked in a call", "hotline")
    await one.ledger.commit([ObjectionKept(wish)], durable=True)
    refused = await keeper(other, clock).ask(request(2))
    assert (refused.allowed, refused.rule, refused.next_allowed_at) == (False, "do-not-contact/number", None)
    await one.permissions.lift_objection("o1", "asked again", ENGINE, clock.now())
    assert (await keeper(other, clock).ask(request(3))).allowed


async def test_one_writers_name_on_two_engines_does_not_fork_the_chain(
    url: str, make_store: Callable[..., Store], clock: HandClock
) -> None:
    stores = [make_store(url, f"spool{n}", node="same") for n in (1, 2)]
    for one in stores:
        await one.start()
    people = [ContactPoint(PointKind.PHONE, f"+4860000{n:04}") for n in range(20)]
    await asyncio.gather(*(keeper(stores[n % 2], clock).ask(request(n, point=people[n])) for n in range(20)))
    findings, chains = await audited(stores[0])
    assert findings == []
    assert [(chain.writer, chain.rows, chain.seq) for chain in chains] == [("same", 20, 20)]


async def test_without_a_database_nobody_is_contacted(
    store: Store, gate: Gatekeeper, url: str, change: Change
) -> None:
    await change("ALTER TABLE decisions RENAME TO gone")
    decision = await gate.ask(request(1))
    assert (decision.allowed, decision.rule) == (False, "gate/facts")
    assert decision.reason is not None
    assert decision.reason.startswith("the facts cannot be read: ")
    await change("ALTER TABLE gone RENAME TO decisions")
    assert (await gate.ask(request(2))).allowed


async def test_a_person_without_a_point_or_who_is_none_is_refused(store: Store, gate: Gatekeeper) -> None:
    unknown = await gate.ask(request(1, point=None, contact_id="nobody"))
    assert (unknown.allowed, unknown.rule) == (False, "gate/contact")
    await gate.ask(request(2))
    query = PersonQuery(Channel.CALL, gate._clock.now() - timedelta(days=1), ANNA)
    contact_id = (await store.permissions.person_facts(query, gate._clock.now())).contact_id
    by_mail = await gate.ask(request(3, point=None, contact_id=contact_id, channel=Channel.EMAIL))
    assert (by_mail.allowed, by_mail.rule) == (False, "gate/point")
    assert (await gate.ask(request(4, point=None, contact_id=contact_id))).allowed


async def test_who_was_erased_as_many_were_asked_about_does_not_come_back(
    store: Store, gate: Gatekeeper
) -> None:
    """A message may be claimed and its person erased before the gate is asked."""
    anna = await store.history.contacts.create(ENGINE, ContactDraft((ANNA,)))
    await store.privacy.erase(ENGINE, anna.id, "asked in a letter")
    other = ContactPoint(PointKind.PHONE, "+48600000002")
    gone, fresh = await gate.ask_all([request(1, contact_id=anna.id), request(2, point=other)])
    assert (gone.allowed, fresh.allowed) == (False, True)
    assert await store.history.contacts.by_point(ANNA) is None
    assert await store.history.contacts.by_point(other) is not None


# --- the audit --------------------------------------------------------------------------------------------


@pytest.fixture
async def six(store: Store, gate: Gatekeeper, clock: HandClock) -> list[Audited]:
    """Six decisions, and their chain as an audit told it."""
    for n in range(6):
        await gate.ask(request(n, point=ContactPoint(PointKind.PHONE, f"+4860000000{n}")))
        clock.pass_seconds(1)
    findings, chains = await audited(store)
    assert findings == []
    assert [(chain.rows, chain.seq) for chain in chains] == [(6, 6)]
    return chains


TAMPERING: list[tuple[str, list[tuple[int, str]]]] = [
    ("UPDATE decisions SET allowed = false WHERE seq = 3", [(3, "changed")]),
    ("UPDATE decisions SET reason = 'x' WHERE seq = 6", [(6, "changed")]),
    ("UPDATE decisions SET person = 'ab' WHERE seq = 1", [(1, "changed")]),
    ("UPDATE decisions SET debt = 'ab' WHERE seq = 2", [(2, "changed")]),
    ("DELETE FROM decisions WHERE seq = 3", [(3, "deleted")]),
    ("DELETE FROM decisions WHERE seq = 1", [(1, "deleted")]),
    ("DELETE FROM decisions WHERE seq IN (2, 3)", [(2, "deleted")]),
    ("DELETE FROM decisions WHERE seq = 6", [(6, "truncated")]),
    ("DELETE FROM decisions", [(1, "truncated")]),
    (
        "UPDATE decisions SET seq = 99 WHERE seq = 3;UPDATE decisions SET seq = 3 WHERE seq = 4;"
        "UPDATE decisions SET seq = 4 WHERE seq = 99",
        [(3, "moved"), (4, "moved"), (5, "broken")],
    ),
    (
        "DELETE FROM decisions WHERE seq = 3;UPDATE decisions SET seq = 3 WHERE seq = 4",
        [(3, "moved"), (4, "deleted")],
    ),
    ("UPDATE decisions SET seq = 7 WHERE seq = 6", [(6, "deleted"), (7, "changed"), (7, "inserted")]),
    ("UPDATE decisions SET seq = 0 WHERE seq = 1", [(0, "inserted"), (0, "changed"), (1, "deleted")]),
    ("DELETE FROM decision_chains", [(1, "inserted")]),
    ("UPDATE decision_chains SET hash = 'ab'", [(6, "changed")]),
]


async def test_tampering_is_found_where_it_was_done(store: Store, six: list[Audited], change: Change) -> None:
    both = ("decisions", "decision_chains")
    await change(";".join(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}" for table in both))
    for sql, found in TAMPERING:
        await change(sql)
        findings, _ = await audited(store)
        assert findings == [("infolinia", seq, kind) for seq, kind in found], sql
        await change(
            ";".join(f"DELETE FROM {table};INSERT INTO {table} SELECT * FROM kept_{table}" for table in both)
        )
    assert (await audited(store)) == ([], six)


async def test_a_chain_that_was_cut_with_its_head_is_found_by_what_was_noted_down(
    store: Store, six: list[Audited], change: Change
) -> None:
    await change(
        "UPDATE decision_chains SET seq = 5, hash = (SELECT hash FROM decisions WHERE seq = 5);"
        "DELETE FROM decisions WHERE seq = 6"
    )
    findings, _ = await audited(store)
    assert findings == [], "nothing in the database tells it"
    findings, _ = await audited(store, Expected("infolinia", 6, six[0].hash))
    assert findings == [("infolinia", 6, "truncated")]
    findings, _ = await audited(store, Expected("elsewhere", 2, "0" * 64))
    assert findings == [("elsewhere", 2, "truncated")]


async def test_a_chain_that_was_written_anew_is_found_by_what_was_noted_down(
    store: Store, six: list[Audited]
) -> None:
    assert (await audited(store, Expected("infolinia", 6, six[0].hash)))[0] == []
    findings, _ = await audited(store, Expected("infolinia", 6, "0" * 64))
    assert findings == [("infolinia", 6, "unexpected")]
