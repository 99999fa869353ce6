"""What the head of each of a campaign's pages shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from console.api.parts import ApiParts
from console.campaigns.note_telling import note_told
from console.words import Words
from dialer.campaign import TRANSITIONS, Campaign, CampaignState, Cause
from dialer.lead import OVER, LeadState
from dialer.reasons import ReasonCode
from engine.registers.leads import LeadCount

_R = ReasonCode
ON_THE_LINE = (LeadState.DIALLING, LeadState.TALKING, LeadState.WRAP_UP)
# How it ended with a person who was talked with.
REACHED = (_R.DISPOSITION, _R.LED_THROUGH, _R.STOP_CONTACT, _R.DISPUTED)
CALL_BACK = (_R.CALLBACK, _R.CALLBACK_DUE, _R.AGENT_AWAY)
REFUSED = (_R.GATE, _R.GATE_FOREVER)
SHAPES = {
    CampaignState.DRAFT: ("pill-offline", "pencil"),
    CampaignState.RUNNING: ("pill-talking", "phone-call"),
    CampaignState.PAUSED: ("pill-wrap", "circle-pause"),
    CampaignState.FINISHED: ("pill-break", "check"),
}


async def frame(
    campaign: Campaign, parts: ApiParts, words: Words, counts: Sequence[LeadCount] | None = None
) -> dict[str, Any]:
    """`counts`: of its leads, where they have been read already. `zone`: of all times that are shown."""
    mistakes = (
        await parts.campaign_rules.mistakes(campaign) if campaign.state_cause is Cause.NAMES_GONE else ()
    )
    known = await parts.leads.counts(campaign.id) if counts is None else counts
    return {
        "page": "campaigns",
        "zone": parts.zone,
        "campaign": campaign,
        "shape": SHAPES[campaign.state],
        "state_note": note_told(campaign, mistakes, words),
        "moves": [move.value for state, move in TRANSITIONS if state is campaign.state],
        "leads_all": sum(one.count for one in known),
        "packs_all": len(parts.campaign_rules.packs(campaign)),
    }


def counted(
    counts: Sequence[LeadCount], states: Collection[LeadState] = (), reasons: Collection[ReasonCode] = ()
) -> int:
    """Leads of these states and reasons; none named: of all."""
    return sum(
        one.count
        for one in counts
        if (not states or one.state in states) and (not reasons or one.reason in reasons)
    )


def done(counts: Sequence[LeadCount]) -> int:
    return counted(counts, OVER)
