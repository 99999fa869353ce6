"""What a campaign's run tells of itself: why it dials what it dials, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from acd.views import AgentView as Seat
from dialer.campaign import Campaign
from dialer.pacing import AgentView, Pacer
from engine.dialling.campaign_counting import CampaignCounting
from engine.dialling.flights import Flights
from engine.dialling.held import Held, iso
from engine.dialling.not_called import NotCalled


def explained(
    campaign: Campaign,
    why: Held,
    *,
    seats: Sequence[Seat],
    agents: Sequence[AgentView],
    flights: Flights,
    counting: CampaignCounting,
    not_called: NotCalled,
    pacer: Pacer | None,
    began_at: datetime,
    dialled: tuple[datetime, int] | None,
) -> dict[str, Any]:
    """`agents` as the pacer saw them last. `dialled`: when calls were placed last, and how many."""
    counted, window = flights.counted, counting.window
    return {
        "campaign": campaign.id,
        "state": campaign.state.value,
        "why": why.sentence,
        "held": {"code": why.code, "data": dict(why.data)},
        "agents": {seat.name: seat.state.value for seat in seats},
        "agent_states": dict(Counter(agent.state for agent in agents)),
        "calls": flights.on_line,
        "in_flight": flights.stages(),
        "lines": campaign.lines,
        "began_at": iso(began_at),
        "leads_left": counting.leads_left,
        "not_called": not_called.counts(),
        "counted": {
            "since": None if window is None else iso(window),
            "attempts": counted.attempts,
            "live": counted.live,
            "abandoned": counted.abandoned,
        },
        "last_dialled": None if dialled is None else {"at": iso(dialled[0]), "calls": dialled[1]},
        "pacer": None if pacer is None else pacer.explain(),
    }
