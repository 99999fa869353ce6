"""The dry run of a list: each lead as the gate would judge it in each hour of a plan, with nothing logged.

A list longer than MOST_JUDGED is sampled evenly. It goes on in steps and may be cancelled at any of them.
People whom the rules cannot tell apart are judged once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from compliance.alike import kind_of
from compliance.decision import Decision
from compliance.refusal_reasons import RefusalCode
from compliance.refusal_reasons import sentence as told_why
from dialer.campaign import Campaign
from dialer.caps import capped, held_back
from dialer.eligibility import Eligibility, EligibilityTally, Refusal
from dialer.lead import OVER, Lead
from dialer.numbers import number_to_dial
from dialer.reasons import Reason, ReasonCode, sentence, until_of
from engine.campaign_rules import CampaignRules
from engine.gatekeeper import ContactRequest, asked_of
from engine.lead_reasons import contact_of
from engine.placing.callees import callee_of, countries_of
from engine.ports import Clock
from engine.registers.decisions import Judgement
from engine.registers.leads import Leads
from engine.registers.list_samples import ListSamples, SampledLead
from engine.registers.permissions import PersonFacts

MOST_JUDGED = 20_000
BATCH = 500
_MOST_KINDS = 5_000
_LOOK_AHEAD = timedelta(days=14)
_HOUR = timedelta(hours=1)

# What the gate says, and until when it stays so; no end: for ever.
_Found = tuple[Refusal | None, datetime | None]


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
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Eligibility:
    """Judged in the middle of each of the `hours`; of one that goes on, now. `progress`: leads done, of all.

    Raises StoreUnavailable, Missing.
    """
    now = clock.now()
    moments = [max(now, starts + _HOUR / 2) for starts in hours]
    tally = EligibilityTally(hours)
    sample = await samples.sample(campaign.id, most)
    judging = _Judging(campaign, gate, moments)
    for begins in range(0, len(sample.ids), batch):
        ids = sample.ids[begins : begins + batch]
        for one in await samples.read(ids, campaign.retry.caps, now):
            tally.add(one.lead.id, judging.verdicts(one), elsewhere=one.elsewhere)
        progress(tally.judged, len(sample.ids))
        await asyncio.sleep(0)
    counts = await leads.counts(campaign.id)
    over = sum(one.count for one in counts if one.state in OVER)
    merged = sum(one.count for one in counts if one.state in OVER and one.reason is ReasonCode.MERGED)
    return tally.result(max(sample.standing, tally.judged), over=over, merged=merged)


class _Judging:
    """Of one campaign's leads, at the moments of a plan."""

    def __init__(self, campaign: Campaign, gate: Judges, moments: Sequence[datetime]) -> None:
        self._campaign = campaign
        self._gate = gate
        self._moments = moments
        # Of each kind of people, what was found at which moment.
        self._kinds: dict[Hashable, dict[datetime, _Found]] = {}

    def verdicts(self, one: SampledLead) -> list[Refusal | None]:
        """One for each moment. What is refused until a later moment is not asked about again before."""
        ended = capped(self._campaign, one.lead)
        if ended is not None:
            return [_of_list(ended)] * len(self._moments)
        judge = self._judge_of(one)
        found: list[Refusal | None] = []
        refusal: Refusal | None = None
        until: datetime | None = None
        for at in self._moments:
            held = _held(self._campaign, one.lead, at)
            if held is not None:
                found.append(held)
                continue
            if refusal is None or (until is not None and at >= until):
                refusal, until = judge(at)
            found.append(refusal)
        return found

    def _judge_of(self, one: SampledLead) -> Callable[[datetime], _Found]:
        facts, number = one.facts, number_to_dial(one.lead, self._campaign.retry.caps)
        if facts is None or facts.point is None or number is None:
            return lambda at: (Refusal("gate/contact", told_why(RefusalCode.CONTACT_GONE)), None)
        if not self._moments:
            return lambda at: (None, None)
        request = contact_of(self._campaign, one.lead, number, f"lead:{one.lead.id}")
        callee = callee_of(facts, facts.point)
        kind = kind_of(asked_of(request, callee), facts.facts, self._moments), countries_of(callee)
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            known = self._kinds[kind] = {}

        def judge(at: datetime) -> _Found:
            found = known.get(at)
            if found is None:
                found = known[at] = _told(self._gate.judge(request, facts, at).decision)
            return found

        return judge


def _told(decision: Decision) -> _Found:
    if decision.allowed:
        return None, None
    return Refusal(decision.rule or "gate", decision.reason or ""), decision.next_allowed_at


def _held(campaign: Campaign, lead: Lead, at: datetime) -> Refusal | None:
    """By the list's own plan and caps, before the gate is asked."""
    if lead.not_before is None and not lead.attempts:
        return None  # most leads of most lists
    if lead.not_before is not None and at < lead.not_before:
        reason = lead.reason if until_of(lead.reason) is not None else Reason(ReasonCode.RETRY)
        return _of_list(reason)
    held = held_back(campaign, lead, at)
    return None if held is None else _of_list(held[1])


def _of_list(reason: Reason) -> Refusal:
    return Refusal(f"list/{reason.code}", sentence(reason))
