"""One person and two engines: of calls with them only one is allowed at a time; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from compliance.decision import Decision
from compliance.facts import Channel, Mode, Purpose
from dialer.before_dialling import PERSON_BUSY, refused
from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.changes import AttemptBegun, AttemptStored, CallStored, Change, EventsAppended, LeadPlanned
from engine.dialling.lead_calling import request_of
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.rulebook import RuleBook
from history.interaction import ContactPoint, PointKind
from store.registers.person_busy import LONGEST_CALL, LONGEST_PLACING, WHILE_ON_LINE
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, attempt, campaign, listed, reserve, running
from tests.store.people import WE

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")
CALL = {"channel": Channel.CALL, "purpose": Purpose.SERVICE, "mode": Mode.AGENTLESS}


class Engine:
    """What an engine has of the database and the gate."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store = store
        self.gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)

    async def ask(self, call: str, point: ContactPoint = ANNA, **more: object) -> Decision:
        asked = {**CALL, "point": point, **more}
        return await self.gate.ask(ContactRequest(f"call:{call}", **asked))  # type: ignore[arg-type]


@pytest.fixture
async def engines(url: str, make_store: Callable[..., Store], clock: HandClock) -> tuple[Engine, Engine]:
    made = []
    for node in ("n1", "n2"):
        store = make_store(url, f"spool of {node}", node=node)
        await store.start()
        made.append(Engine(store, clock))
    return made[0], made[1]


def rung(call: str, clock: HandClock, direction: str = "outbound", *, over: bool = False) -> list[Change]:
    """A call with Anna as it is written."""
    here, there = ("+48220000001", ANNA.value)
    caller, dialled = (here, there) if direction == "outbound" else (there, here)
    data = {"direction": direction, "caller": caller, "dialled": dialled, "network_id": call, "node": "n1"}
    events = [CallEvent(call, 1, clock.now(), CallEventKind.RECEIVED, data)]
    if over:
        ended = {"by": "network", "outcome": "no_answer", "cause": 19}
        events.append(CallEvent(call, 2, clock.now(), CallEventKind.ENDED, ended))
    return [EventsAppended(tuple(events)), CallStored(fold(events))]


async def test_of_two_engines_that_ask_at_one_moment_one_may_call(
    engines: tuple[Engine, Engine], clock: HandClock
) -> None:
    people = [ContactPoint(PointKind.PHONE, f"+4860000010{n}") for n in range(6)]
    asked = [(n, person, engine) for n, person in enumerate(people) for engine in (0, 1)]
    told = await asyncio.gather(*(engines[at].ask(f"{n}.{at}", person) for n, person, at in asked))
    for n in range(len(people)):
        (other,) = [one for (m, _, _), one in zip(asked, told, strict=True) if m == n and not one.allowed]
        assert (other.rule, other.next_allowed_at) == (PERSON_BUSY, clock.now() + LONGEST_PLACING)
    # Whoever was allowed has died before the call was written.
    clock.pass_seconds(LONGEST_PLACING.total_seconds() + 1)
    assert (await engines[0].ask("later", people[0])).allowed


async def test_who_is_on_the_line_with_one_engine_is_called_by_none(
    engines: tuple[Engine, Engine], clock: HandClock
) -> None:
    for direction in ("outbound", "inbound"):
        call = f"{direction}1"
        await engines[0].store.ledger.commit(rung(call, clock, direction), durable=True)
        for engine in engines:
            busy = await engine.ask("c2")
            assert (busy.rule, busy.next_allowed_at) == (PERSON_BUSY, clock.now() + WHILE_ON_LINE)
        assert (await engines[1].ask(call)).allowed, "it is this very call"
        message = ContactRequest("message:1", Channel.SMS, Purpose.SERVICE, Mode.AGENTLESS, ANNA)
        assert (await engines[1].gate.ask(message)).allowed
        await engines[0].store.ledger.commit(rung(call, clock, direction, over=True), durable=True)
        assert (await engines[1].ask("c3")).allowed
        assert (await engines[1].ask("c4")).allowed, "it knows by itself that the call before was not made"
        clock.pass_seconds(LONGEST_PLACING.total_seconds() + 1)
    # A call that its engine left behind is waited for no longer than any lasts.
    clock.pass_seconds(-LONGEST_CALL.total_seconds())
    left_behind = rung("c5", clock)
    clock.pass_seconds(LONGEST_CALL.total_seconds() - 1)
    await engines[0].store.ledger.commit(left_behind, durable=True)
    assert (await engines[1].ask("c6")).rule == PERSON_BUSY
    clock.pass_seconds(2)
    assert (await engines[1].ask("c7")).allowed


async def test_a_person_in_two_campaigns_of_two_engines_is_called_by_one(
    engines: tuple[Engine, Engine], clock: HandClock
) -> None:
    """At another number too; and the lead that has to wait is not burnt."""
    one, two = engines
    terms = {"purpose": Purpose.SERVICE, "mode": Mode.AGENTLESS, "flow": "news", "queue": None}
    await running(one.store, "spring", **terms)
    await running(one.store, "summer", **terms)
    await add(one.store, listed(1), to="spring")
    (first,) = await reserve(one.store, clock, worker="n1", of="spring")
    await add(two.store, listed(2, numbers=(("+48600000002", ""),), contact_id=first.contact_id), to="summer")
    (second,) = await reserve(two.store, clock, worker="n2", of="summer")
    spring, summer = (replace(campaign(name), **terms) for name in ("spring", "summer"))

    assert (await one.gate.ask(request_of(spring, first, "+48600000001", "c1"))).allowed
    begun = attempt(first, clock, "c1")
    await one.store.ledger.commit([*rung("c1", clock), AttemptBegun(begun, first.version)], durable=True)
    waits = await two.gate.ask(request_of(summer, second, "+48600000002", "c2"))
    planned = refused(summer, second, "+48600000002", waits, clock.now())
    assert (planned.lead.state, planned.lead.attempts) == (LeadState.WAITING, 0)
    assert (planned.lead.reason.code, planned.not_before) == (
        ReasonCode.PERSON_BUSY, clock.now() + WHILE_ON_LINE,
    )  # fmt: skip
    assert await two.store.leads.keep([planned.lead]) == []

    # The call is over, and what the person wished is not planned yet.
    await one.store.ledger.commit(rung("c1", clock, over=True), durable=True)
    clock.pass_seconds(WHILE_ON_LINE.total_seconds())
    (second,) = await reserve(two.store, clock, worker="n2", of="summer")
    assert (await two.gate.ask(request_of(summer, second, "+48600000002", "c3"))).rule == PERSON_BUSY
    over = replace(begun, ended_at=clock.now(), result=AttemptResult.NO_ANSWER)
    done = replace(await one.store.leads.get(first.id), state=LeadState.DONE)
    await one.store.ledger.commit([LeadPlanned(done), AttemptStored(over, 3)], durable=True)
    assert (await two.gate.ask(request_of(summer, second, "+48600000002", "c4"))).allowed


async def test_two_contacts_that_were_merged_are_one_person(
    engines: tuple[Engine, Engine], clock: HandClock
) -> None:
    one, two = engines
    other = ContactPoint(PointKind.PHONE, "+48600000009")
    for name, point in (("c1", ANNA), ("c2", other)):
        assert (await one.ask(name, point)).allowed
    history = one.store.history
    found = [await history.contacts.by_point(point) for point in (ANNA, other)]
    await history.merges.merge(WE, found[0].id, found[1].id, "the same")
    await one.store.ledger.commit(rung("c1", clock), durable=True)
    assert (await two.ask("c3", other)).rule == PERSON_BUSY
    clock.pass_seconds(timedelta(minutes=2).total_seconds())
    assert (await two.ask("c4", other)).rule == PERSON_BUSY
