"""Campaigns, lists and attempts as the tests make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.lead import Lead
from engine.registers.leads import NewLead
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE
from tests.store.samples import START

MINUTE = timedelta(minutes=1)


def campaign(id: str = "spring", **fields: object) -> Campaign:
    made = Campaign(
        id,
        f"The {id} sale",
        CampaignKind.SALES,
        Mode.PROGRESSIVE,
        Purpose.MARKETING,
        START,
        START,
        queue="sales",
        caller_ids={"+48": "+48220000001", "": "+48220000002"},
    )
    return replace(made, **fields)  # type: ignore[arg-type]


async def running(store: Store, id: str = "spring", **fields: object) -> Campaign:
    await store.campaigns.create(WE, campaign(id, **fields))
    return await store.campaigns.set_state(WE, id, CampaignMove.START)


def listed(n: int, **fields: object) -> NewLead:
    new = NewLead(n, ((f"+486000000{n:02d}", ""),), name=f"Anna {n}")
    return replace(new, **fields)  # type: ignore[arg-type]


async def add(store: Store, *people: NewLead, to: str = "spring") -> dict[int, str]:
    return dict((await store.leads.add(WE, to, people)).ids)


async def reserve(
    store: Store, clock: HandClock, limit: int = 10, worker: str = "w1", of: str = "spring", **more: object
) -> Sequence[Lead]:
    now = clock.now()
    return await store.leads.reserve(
        of,
        worker,
        limit,
        now,
        now + 5 * MINUTE,
        **more,  # type: ignore[arg-type]
    )


def attempt(lead: Lead, clock: HandClock, id: str = "call1", **fields: object) -> Attempt:
    made = Attempt(
        id,
        lead.id,
        lead.campaign,
        lead.contact_id,
        lead.numbers[0].e164,
        "+48220000001",
        Mode.PROGRESSIVE,
        clock.now(),
        node="n1",
    )
    return replace(made, **fields)  # type: ignore[arg-type]
