"""A lead that was forbidden for ever comes back when what forbade it is gone, over a real database."""

from __future__ import annotations

import asyncio

import pytest

from compliance.facts import Mode, Purpose
from dialer.before_dialling import refused
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.lead import Lead, LeadState, NumberState
from dialer.reasons import ReasonCode
from engine.dialling.freed_leads import FreedLeads
from engine.gatekeeper import Gatekeeper
from engine.lead_reasons import contact_of
from engine.rulebook import RuleBook
from history.permissions import Consent, Objection, Scope
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, listed, reserve, running
from tests.store.people import WE
from tests.store.samples import until

INFORM = {"kind": CampaignKind.INFORMATION, "mode": Mode.PROGRESSIVE, "purpose": Purpose.INFORMATION}


class Dialled:
    """A campaign whose leads are asked about as they are before dialling."""

    def __init__(self, store: Store, clock: HandClock, campaign: Campaign) -> None:
        self.store = store
        self.clock = clock
        self.campaign = campaign
        self.gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
        self.freed = FreedLeads(store.campaigns, store.leads, store.publications, self.gate)

    async def refuse_all(self) -> None:
        for lead in await reserve(self.store, self.clock):
            while lead.state is not LeadState.STOPPED:
                number = lead.next_number or lead.numbers[0].e164
                asked = contact_of(self.campaign, lead, number, f"call:{lead.id}")
                decision = await self.gate.ask(asked)
                assert not decision.allowed
                lead = refused(self.campaign, lead, number, decision, self.clock.now()).lead
            await self.store.leads.keep([lead])

    async def lead(self, id: str) -> Lead:
        return await self.store.leads.get(id)


def objection(id: str, scope: Scope, value: str, clock: HandClock) -> Objection:
    return Objection(id, clock.now(), scope, value, "asked", "test")


async def test_a_consent_brings_its_person_back_and_nobody_else(store: Store, clock: HandClock) -> None:
    at = Dialled(store, clock, await running(store))  # advertising, to which nobody has consented
    ids = await add(store, listed(1), listed(2, numbers=(("+48600000002", ""), ("+48600000003", ""))))
    assert await at.freed.look_at_news() == 0
    await at.refuse_all()
    assert (await at.lead(ids[2])).reason.code is ReasonCode.GATE_FOREVER
    consent = Consent(
        id="n1", at=clock.now(), channel="call", purpose="marketing", given=True, source="test", point=None
    )
    await store.permissions.keep_consents((await at.lead(ids[2])).contact_id, [consent], WE)
    assert await at.freed.look_at_news() == 1
    back = await at.lead(ids[2])
    assert (back.state, back.reason.code) == (LeadState.WAITING, ReasonCode.IN_TURN)
    assert [one.state for one in back.numbers] == [NumberState.OK, NumberState.OK]
    assert (await at.lead(ids[1])).state is LeadState.STOPPED
    assert await at.freed.look_at_news() == 0  # told once
    assert [lead.id for lead in await reserve(store, clock)] == [ids[2]]


@pytest.mark.parametrize(
    ("scope", "value"), [(Scope.NUMBER, "+48600000001"), (Scope.PREFIX, "+486000000"), (Scope.PERSON, "")]
)
async def test_an_objection_that_is_lifted_brings_leads_back(
    store: Store, clock: HandClock, scope: Scope, value: str
) -> None:
    at = Dialled(store, clock, await running(store, **INFORM))
    ids = await add(store, listed(1))
    person = (await at.lead(ids[1])).contact_id
    other = objection("o2", Scope.PERSON, person, clock) if scope is not Scope.PERSON else None
    first = objection("o1", scope, value or person, clock)
    await store.permissions.add_objections([first, *([other] if other else [])], WE)
    await at.refuse_all()
    await at.freed.look_at_news()
    await store.permissions.lift_objection("o1", "asked", WE, clock.now())
    if other is not None:
        assert await at.freed.look_at_news() == 0  # the other one stands
        await store.permissions.lift_objection("o2", "asked", WE, clock.now())
    assert await at.freed.look_at_news() == 1
    assert (await at.lead(ids[1])).state is LeadState.WAITING


async def test_the_daily_look_finds_what_nobody_told(store: Store, clock: HandClock) -> None:
    at = Dialled(store, clock, await running(store, **INFORM))
    ids = await add(store, listed(1), listed(2), listed(3))
    objections = [objection(f"o{n}", Scope.NUMBER, f"+4860000000{n}", clock) for n in (1, 2, 3)]
    await store.permissions.add_objections(objections, WE)
    await store.leads.stop(WE, ids[2], "asked by mail")
    await at.refuse_all()
    for n in (1, 2):
        await store.permissions.lift_objection(f"o{n}", "asked", WE, clock.now())
    assert await at.freed.look_at_news() == 0  # it begins with what is told from now on
    await store.campaigns.set_state(WE, "spring", CampaignMove.PAUSE)
    assert await at.freed.look_at_all() == 1
    states = [(await at.lead(ids[n])).state for n in (1, 2, 3)]
    assert states == [LeadState.WAITING, LeadState.STOPPED, LeadState.STOPPED]


async def test_the_news_do_not_wait_for_a_look_at_all(store: Store, clock: HandClock) -> None:
    at = Dialled(store, clock, await running(store))
    ids = await add(store, listed(1))
    await at.refuse_all()
    freed = FreedLeads(store.campaigns, store.leads, store.publications, at.gate, news_seconds=0.05)
    begun = asyncio.Event()

    async def for_hours() -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    freed.look_at_all = for_hours  # type: ignore[method-assign]
    looking = asyncio.create_task(freed.run())
    await asyncio.wait_for(begun.wait(), 20)
    consent = Consent(
        id="n1", at=clock.now(), channel="call", purpose="marketing", given=True, source="test", point=None
    )
    await store.permissions.keep_consents((await at.lead(ids[1])).contact_id, [consent], WE)

    async def is_back() -> bool:
        return (await at.lead(ids[1])).state is LeadState.WAITING

    await until(is_back)
    looking.cancel()
    await asyncio.wait([looking])


async def test_a_finished_campaign_calls_nobody_back(store: Store, clock: HandClock) -> None:
    at = Dialled(store, clock, await running(store, **INFORM))
    ids = await add(store, listed(1))
    await store.permissions.add_objections([objection("o1", Scope.NUMBER, "+48600000001", clock)], WE)
    await at.refuse_all()
    await at.freed.look_at_news()
    await store.campaigns.set_state(WE, "spring", CampaignMove.FINISH)
    await store.permissions.lift_objection("o1", "asked", WE, clock.now())
    assert (await at.freed.look_at_news(), await at.freed.look_at_all()) == (0, 0)
    assert (await at.lead(ids[1])).state is LeadState.STOPPED
