"""Why a lead is, or is not, called now: its own state, its campaign's, and what the gate would say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.decision import Decision
from compliance.facts import Channel
from dialer.callbacks import requested_by
from dialer.campaign import Campaign
from dialer.lead import OVER, Lead
from dialer.numbers import number_to_dial
from dialer.reasons import Reason, ReasonCode
from dialer.why import why
from engine.campaign_rules import CampaignRules
from engine.gatekeeper import ContactRequest, Gate
from engine.ports import Clock
from engine.registers.leads import LeadFacts, Leads
from history.interaction import ContactPoint, PointKind

_MAY_BE_CALLED = frozenset({ReasonCode.IN_TURN, ReasonCode.CALLBACK_DUE, ReasonCode.RESERVED})


@dataclass(frozen=True, slots=True)
class LeadReasons:
    """At least one reason; the first one decides. `decision`: the gate's, of the number to dial if any."""

    at: datetime
    facts: LeadFacts
    reasons: tuple[Reason, ...]
    decision: Decision | None = None

    @property
    def may_be_called(self) -> bool:
        return self.reasons[0].code in _MAY_BE_CALLED


async def lead_reasons(
    id: str, *, leads: Leads, rules: CampaignRules, gate: Gate, clock: Clock, attempts: int = 20
) -> LeadReasons:
    """Nothing is logged as a decision. Raises StoreUnavailable, Missing."""
    facts = await leads.facts(id, attempts=attempts)
    now = clock.now()
    lead, campaign = facts.lead, facts.campaign
    number = None if lead.state in OVER else number_to_dial(lead, campaign.retry.caps)
    decision = None
    if number is not None:
        decision = await gate.would_be(contact_of(campaign, lead, number, f"lead:{lead.id}"), now)
    found = why(campaign, lead, now, rules.dialling(campaign, now), gate=decision)
    return LeadReasons(now, facts, found, decision)


def contact_of(campaign: Campaign, lead: Lead, number: str, subject: str) -> ContactRequest:
    """The call to that number of the lead, as the gate is asked about it."""
    return ContactRequest(
        subject=subject,
        channel=Channel.CALL,
        purpose=campaign.purpose,
        mode=campaign.mode,
        point=ContactPoint(PointKind.PHONE, number),
        contact_id=lead.contact_id,
        debt=lead.debt,
        requested=requested_by(lead),
        campaign=campaign.id,
        packs=campaign.packs,
    )
