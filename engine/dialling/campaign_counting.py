"""CampaignCounting: a campaign's list and calls, counted for its run, and what of its goal they leave."""

from __future__ import annotations

from datetime import datetime

import structlog

from dialer.abandon_window import window_began
from dialer.campaign import Campaign, Cause, Change
from dialer.goals import Tally, room_left
from dialer.machine import DetectionCounts
from dialer.stopping import own_change
from engine.dialling.flights import Counted, Flights
from engine.dialling.list_figures import Figures, ListFigures
from engine.dialling.means import DiallingMeans
from engine.dialling.not_called import NotCalled
from engine.dialling.pacing_of import tally_of
from engine.registers.actor import ENGINE

log = structlog.get_logger(__name__)


class CampaignCounting:
    """Of one campaign. `window`: since when its legal counters count, None before they were read.

    `leads_left` None: not counted yet. `heard`: what its detection has said so far.
    """

    def __init__(self, means: DiallingMeans, flights: Flights, not_called: NotCalled) -> None:
        self.window: datetime | None = None
        self.leads_left: int | None = None
        self.heard = DetectionCounts()
        self._means = means
        self._flights = flights
        self._not_called = not_called
        self._list = ListFigures(means)
        self._figures: Figures | None = None
        self._placed_before = self._spoken_before = 0  # what the figures have in them at least

    def room(self, campaign: Campaign) -> int | None:
        """How many calls its goal and its rules to stop leave, those in flight counted; None: any number."""
        if self._figures is None:
            return None
        flights = self._flights
        return room_left(
            campaign.goal,
            campaign.stop,
            self._tally(self._figures),
            placed_since=flights.placed - self._placed_before,
            in_flight=len(flights),
            spoken_since=flights.spoken - self._spoken_before,
        )

    def list_has_grown(self) -> None:
        """There may be somebody where nobody was left."""
        self._list.list_has_grown()

    def forget_window(self) -> None:
        """Another engine had the campaign: the counters are read anew."""
        self.window = None

    async def count(self, campaign: Campaign, *, anew: bool = False) -> None:
        """Raises StoreUnavailable, Missing."""
        means, now = self._means, self._means.exchange.clock.now()
        began_at = campaign.started_at or campaign.created_at
        window = window_began(means.limits(campaign), began_at, now)
        # Read first: a call that is counted twice is held back for a moment, one in neither goes too far.
        placed, spoken = self._flights.placed, self._flights.spoken
        figures, fresh = await self._list.of(campaign, began_at, window, anew=anew or window != self.window)
        if fresh:
            found, total = figures.window, figures.total
            self._flights.count(Counted(found.attempts, found.live, found.abandoned), window)
            self.heard = DetectionCounts(total.live, total.machines, total.audited, total.mistaken)
            self.window = window
            self._figures, self._placed_before, self._spoken_before = figures, placed, spoken
        self.leads_left = figures.leads_left

    async def stopped(self, campaign: Campaign) -> Campaign:
        """The campaign, finished or paused where a rule of its own says so now.

        Raises StoreUnavailable, Missing, Changed, Refused.
        """
        change = self._own_change(campaign)
        if change is not None and change.cause is Cause.LIST_ENDED:  # by a count that may be of before
            await self.count(campaign, anew=True)
            change = self._own_change(campaign)
        if change is None or self._figures is None:
            return campaign
        note = change.note or ("" if self._figures.total.attempts else self._not_called.note())
        after = await self._means.campaigns.set_state(
            ENGINE, campaign.id, change.move, cause=change.cause, note=note
        )
        log.info("a campaign changed its state", campaign=campaign.id, cause=str(change.cause))
        return after

    # --- inside -------------------------------------------------------------------------------------------

    def _own_change(self, campaign: Campaign) -> Change | None:
        if self._figures is None:
            return None
        means = self._means
        return own_change(
            campaign,
            self._tally(self._figures),
            means.exchange.clock.now(),
            means.limits(campaign),
            self.heard,
            means.gone(campaign),
        )

    def _tally(self, figures: Figures) -> Tally:
        return tally_of(figures.counts, figures.total.attempts, self._not_called.in_row, figures.closed)
