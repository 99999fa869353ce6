"""What tests of campaigns write: a campaign, a lead and an attempt in a line each, all times by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignState
from dialer.lead import Lead, LeadCallback, LeadNumber, LeadState
from dialer.lead_plan import LeadPlan
from dialer.recycling import AttemptCaps, BestTime, Recycling, RetryRules
from dialer.results import AttemptResult
from tests.gate_cases import utc

MOBILE, HOME, WORK = "+48600000001", "+48220000001", "+48220000002"
# A Monday; 09:00 in Warsaw.
MONDAY = utc("2026-11-23 08:00")
HOUR, DAY = 3600, 86_400

R = AttemptResult


def campaign(**changed: Any) -> Campaign:
    retry = changed.pop("retry", rules())
    base = Campaign(
        id="autumn",
        name="Autumn reorder",
        kind=CampaignKind.SALES,
        mode=Mode.PREDICTIVE,
        purpose=Purpose.MARKETING,
        created_at=MONDAY,
        updated_at=MONDAY,
        queue="sales",
        time_zone="Europe/Warsaw",
        state=CampaignState.RUNNING,
        retry=retry,
    )
    return replace(base, **changed)


def rules(
    *,
    lead: int = 6,
    number: int = 6,
    day: int = 6,
    gap: int = 600,
    best_time: BestTime | None = None,
    **recycling: tuple[int, int] | tuple[int, int, bool],
) -> RetryRules:
    """Recycling as no_answer=(after_seconds, most, next_number)."""
    found = {AttemptResult(name): Recycling(*rule) for name, rule in recycling.items()}
    return RetryRules(found, AttemptCaps(lead, number, day, gap), best_time or BestTime())


def lead(*numbers: str, state: LeadState = LeadState.DIALLING, **changed: Any) -> Lead:
    base = Lead(
        id="l1",
        campaign="autumn",
        contact_id="c1",
        numbers=tuple(LeadNumber(number) for number in numbers or (MOBILE,)),
        added_at=MONDAY,
        name="Anna",
        time_zone="Europe/Warsaw",
        state=state,
    )
    return replace(base, **changed)


def attempt(
    result: AttemptResult,
    at: datetime = MONDAY,
    number: str = MOBILE,
    *,
    rang: bool | None = None,
    talked: bool = False,
    **changed: Any,
) -> Attempt:
    """It was dialled at `at` and ended 30 s later. `rang` None: as such a call usually does."""
    usually = result not in (R.CONGESTION, R.FAILED, R.UNALLOCATED, R.CHANGED, R.BUSY)
    answered = result in (R.ANSWERED, R.ABANDONED, R.MACHINE)
    base = Attempt(
        id="a1",
        lead="l1",
        campaign="autumn",
        contact_id="c1",
        number=number,
        caller_id="+48220000010",
        mode=Mode.PREDICTIVE,
        reserved_at=at,
        dialled_at=at,
        ringing_at=at if (usually if rang is None else rang) else None,
        answered_at=at + timedelta(seconds=8) if answered else None,
        connected_at=at + timedelta(seconds=10) if talked else None,
        ended_at=at + timedelta(seconds=30),
        result=result,
        abandoned=result is R.ABANDONED,
        conversation=talked,
    )
    return replace(base, **changed)


def callback(begins: str | None = None, ends: str | None = None, **changed: Any) -> LeadCallback:
    base = LeadCallback(
        "r1", MONDAY, None if begins is None else utc(begins), None if ends is None else utc(ends), True
    )
    return replace(base, **changed)


def dialled_again(plan: LeadPlan) -> Lead:
    """The lead as it is while its next attempt is on its way."""
    return replace(plan.lead, state=LeadState.DIALLING, version=plan.lead.version + 1)
