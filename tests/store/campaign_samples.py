"""Campaigns, lists and attempts as the tests make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.lead import Lead, LeadCallback, LeadNumber, NumberState
from dialer.reasons import Reason, ReasonCode
from dialer.results import AttemptResult
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


def whole(now: datetime) -> Lead:
    """In which everything is filled."""
    return Lead(
        id="01LEAD",
        campaign="spring",
        contact_id="01PERSON",
        added_at=now,
        name="Anna",
        time_zone="Europe/Warsaw",
        priority=2,
        fields={"city": "Radom"},
        debt="01DEBT",
        numbers=(LeadNumber("+48600000001", "mobile", 2, NumberState.BAD, now),),
        attempts=2,
        today=now.date(),
        attempts_today=1,
        results={AttemptResult.BUSY: 2},
        parts_tried=(1, 0, 1),
        troubles=1,
        skips=3,
        not_before=now + timedelta(hours=4),
        next_number="+48600000001",
        callback=LeadCallback("01REQUEST", now, now + MINUTE),
        last_at=now,
        last_outcome=AttemptResult.BUSY,
        last_disposition="busy",
        last_verified=False,
        reason=Reason(ReasonCode.RETRY, {"result": "busy", "until": "2026-11-21T20:05:00Z"}),
    )
