"""The dry run of a list: each lead as the gate would judge it in each hour of a plan, with nothing logged.

A list longer than MOST_JUDGED is sampled evenly. It goes on in steps and may be cancelled at any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from dialer.campaign import Campaign
from dialer.caps import capped, held_back
from dialer.eligibility import Eligibility, EligibilityTally, Refusal
from dialer.lead import OVER, Lead
from dialer.numbers import number_to_dial
from dialer.reasons import Reason, ReasonCode, sentence, until_of
from engine.campaign_rules import CampaignRules
from engine.gatekeeper import ContactRequest
from engine.lead_reasons import contact_of
from engine.ports import Clock
from engine.registers.decisions import Judgement
from engine.registers.leads import Leads
from engine.registers.list_samples import ListSamples, SampledLead
from engine.registers.permissions import PersonFacts

MOST_JUDGED = 4_000
_BATCH = 100
_LOOK_AHEAD = timedelta(days=14)
_HOUR = timedelta(hours=1)


class Judges(Protocol):
    """engine.gatekeeper.Gatekeeper, as far as it is pure."""

    def judge(self, request: ContactRequest, person: PersonFacts, at: datetime) -> Judgement: ...


def hours_of_plan(campaign: Campaign, rules: CampaignRules, now: datetime) -> tuple[datetime, ...]:
    """The whole hours of the 24 from now on, or from its next opening on, in which it may dial.

    Empty: it does not open within two weeks.
    """
    found = tuple(_open_hours(campaign, rules, now))
    if found:
        return found
    opens = rules.dialling(campaign, now).changes_at
    if opens is None or opens > now + _LOOK_AHEAD:
        return ()
    return tuple(_open_hours(campaign, rules, opens))


def _open_hours(campaign: Campaign, rules: CampaignRules, begins: datetime) -> Iterator[datetime]:
    first = begins.replace(minute=0, second=0, microsecond=0)
    for number in range(24):
        starts = first + number * _HOUR
        if rules.dialling(campaign, max(begins, starts + _HOUR / 2)).open:
            yield starts


async def eligibility(
    campaign: Campaign,
    hours: Sequence[datetime],
    *,
    samples: ListSamples,
    leads: Leads,
    gate: Judges,
    clock: Clock,
    most: int = MOST_JUDGED,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Eligibility:
    """Judged in the middle of each of the `hours`; of one that goes on, now. `progress`: leads done, of all.

    Raises StoreUnavailable, Missing.
    """
    now = clock.now()
    moments = [max(now, starts + _HOUR / 2) for starts in hours]
    tally = EligibilityTally(hours)
    sample = await samples.sample(campaign.id, most)
    for begins in range(0, len(sample.ids), _BATCH):
        ids = sample.ids[begins : begins + _BATCH]
        for one in await samples.read(ids, campaign.retry.caps, now):
            judge = partial(_judged, campaign, one, gate)
            tally.add(one.lead.id, _verdicts(campaign, one, moments, judge), elsewhere=one.elsewhere)
        progress(tally.judged, len(sample.ids))
        await asyncio.sleep(0)
    counts = await leads.counts(campaign.id)
    over = sum(one.count for one in counts if one.state in OVER)
    merged = sum(one.count for one in counts if one.state in OVER and one.reason is ReasonCode.MERGED)
    return tally.result(max(sample.standing, tally.judged), over=over, merged=merged)


def _judged(
    campaign: Campaign, one: SampledLead, gate: Judges, at: datetime
) -> tuple[Refusal | None, datetime | None]:
    """What the gate says, and until when it stays so; no end: for ever."""
    number = number_to_dial(one.lead, campaign.retry.caps)
    if one.facts is None or number is None:
        return Refusal("gate/contact", "The contact is not there any more."), None
    decision = gate.judge(
        contact_of(campaign, one.lead, number, f"lead:{one.lead.id}"), one.facts, at
    ).decision
    if decision.allowed:
        return None, None
    return Refusal(decision.rule or "gate", decision.reason or ""), decision.next_allowed_at


def _verdicts(
    campaign: Campaign,
    one: SampledLead,
    moments: Sequence[datetime],
    judge: Callable[[datetime], tuple[Refusal | None, datetime | None]],
) -> list[Refusal | None]:
    """One for each moment. What is refused until a later moment is not asked about again before."""
    ended = capped(campaign, one.lead)
    if ended is not None:
        return [_of_list(ended)] * len(moments)
    found: list[Refusal | None] = []
    refusal: Refusal | None = None
    until: datetime | None = None
    for at in moments:
        held = _held(campaign, one.lead, at)
        if held is not None:
            found.append(held)
            continue
        if refusal is None or (until is not None and at >= until):
            refusal, until = judge(at)
        found.append(refusal)
    return found


def _held(campaign: Campaign, lead: Lead, at: datetime) -> Refusal | None:
    """By the list's own plan and caps, before the gate is asked."""
    if lead.not_before is not None and at < lead.not_before:
        reason = lead.reason if until_of(lead.reason) is not None else Reason(ReasonCode.RETRY)
        return _of_list(reason)
    held = held_back(campaign, lead, at)
    return None if held is None else _of_list(held[1])


def _of_list(reason: Reason) -> Refusal:
    return Refusal(f"list/{reason.code}", sentence(reason))
