"""ListFigures: a campaign's list and calls, counted no oftener than a large list can bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.campaign import Campaign
from dialer.lead import LeadState
from engine.dialling.means import DiallingMeans
from engine.registers.campaigns import CampaignCounters
from engine.registers.leads import LeadCount

# Counting rests so many times as long as it took, and no longer than this.
RESTS = 50
LONGEST_REST_SECONDS = 30.0

_LEFT = frozenset({LeadState.WAITING, LeadState.RESERVED})


@dataclass(frozen=True, slots=True)
class Figures:
    """`total`: since the campaign began; `window`: over the legal window. `closed`: where a goal asks."""

    counts: Sequence[LeadCount]
    total: CampaignCounters
    window: CampaignCounters
    closed: Mapping[str, int]

    @property
    def leads_left(self) -> int:
        return sum(one.count for one in self.counts if one.state in _LEFT)


class ListFigures:
    """Of one campaign."""

    def __init__(self, means: DiallingMeans) -> None:
        self._means = means
        self._known: Figures | None = None
        self._good_until = -1e9

    async def of(
        self, campaign: Campaign, began_at: datetime, window: datetime, *, anew: bool = False
    ) -> tuple[Figures, bool]:
        """And whether they were counted just now. `anew`: in any case. Raises StoreUnavailable, Missing."""
        means, clock = self._means, self._means.exchange.clock
        if self._known is not None and not anew and clock.monotonic() < self._good_until:
            return self._known, False
        asked_at = clock.monotonic()
        counts = await means.leads.counts(campaign.id)
        total = in_window = await means.campaigns.counters(campaign.id, began_at)
        if window != began_at:
            in_window = await means.campaigns.counters(campaign.id, window)
        goal = campaign.goal
        closed = await means.leads.closed(campaign.id) if goal and goal.dispositions else {}
        self._known = Figures(counts, total, in_window, closed)
        took = clock.monotonic() - asked_at
        self._good_until = clock.monotonic() + min(took * RESTS, LONGEST_REST_SECONDS)
        return self._known, True

    def list_has_grown(self) -> None:
        """There may be somebody where nobody was left."""
        if self._known is not None and not self._known.leads_left:
            self._good_until = -1e9
