"""Why a lead is, or is not, called now: everything that holds it, what decides first."""

from __future__ import annotations

from datetime import datetime

from compliance.decision import Decision
from dialer.campaign import Campaign, CampaignState
from dialer.caps import capped, held_back
from dialer.lead import OVER, Lead, LeadState
from dialer.reasons import IN_TURN, Reason, ReasonCode, until_of, waits
from dialer.schedule import Dialling
from dialer.trunk_trouble import Trunk, may_dial


def why(
    campaign: Campaign,
    lead: Lead,
    now: datetime,
    dialling: Dialling,
    *,
    gate: Decision | None = None,
    trunk: Trunk | None = None,
) -> tuple[Reason, ...]:
    """At least one reason; the first one decides. `gate`: what it would say now of the number to dial."""
    if lead.state in OVER:
        return (lead.reason,)
    if lead.state in (LeadState.DIALLING, LeadState.TALKING, LeadState.WRAP_UP):
        return (Reason(ReasonCode.ON_THE_LINE, {"state": lead.state.value}),)
    found: list[Reason] = []
    if campaign.state is not CampaignState.RUNNING:
        found.append(Reason(ReasonCode.CAMPAIGN, {"state": campaign.state.value}))
    ended = capped(campaign, lead)
    if ended is not None:
        found.append(ended)
    if lead.not_before is not None and now < lead.not_before:
        found.append(lead.reason if until_of(lead.reason) else waits(ReasonCode.RETRY, lead.not_before))
    elif ended is None and (held := held_back(campaign, lead, now)) is not None:
        found.append(held[1])
    if gate is not None and not gate.allowed:
        told: dict[str, object] = {"rule": gate.rule or "gate", "reason": (gate.reason or "").rstrip(".")}
        until = gate.next_allowed_at
        found.append(
            Reason(ReasonCode.GATE_FOREVER, told) if until is None else waits(ReasonCode.GATE, until, **told)
        )
    if campaign.state is CampaignState.RUNNING and not dialling.open:
        opens = dialling.changes_at
        found.append(
            Reason(ReasonCode.CAMPAIGN, {"state": "past its last day"})
            if opens is None
            else waits(ReasonCode.OUTSIDE_HOURS, opens)
        )
    if trunk is not None and trunk.until is not None and not may_dial(trunk, now):
        found.append(waits(ReasonCode.TRUNK_TROUBLE, trunk.until, trunk=trunk.name))
    if found:
        return tuple(found)
    if lead.state is LeadState.RESERVED:
        return (Reason(ReasonCode.RESERVED),)
    return (Reason(ReasonCode.CALLBACK_DUE) if lead.callback is not None else IN_TURN,)
