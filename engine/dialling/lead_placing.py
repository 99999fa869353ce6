"""LeadPlacing: leads are reserved and called, and what is not called is put back where it belongs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from dialer.callbacks import settled
from dialer.campaign import Campaign
from dialer.lead import Lead
from dialer.lead_plan import LeadEvent
from engine.dialling.callback_leads import CallbackLeads
from engine.dialling.callback_telling import tell_callbacks
from engine.dialling.flight_following import RETRY_SECONDS
from engine.dialling.flights import Flights
from engine.dialling.lead_calling import LeadCaller, call_all
from engine.dialling.means import DiallingMeans
from engine.dialling.not_called import NotCalled
from engine.dialling.trunks import Trunks
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.campaigns import Lease

RESERVED_FOR = timedelta(seconds=60)
# When none is due, it is asked for the next one so often.
LOOK_SECONDS = 10.0

log = structlog.get_logger(__name__)


class LeadPlacing:
    """Of one campaign. No lead is due before `none_until`, in the loop's seconds.

    `pending`: calls that were decided on and may have no line yet.
    """

    def __init__(
        self,
        means: DiallingMeans,
        caller: LeadCaller,
        callbacks: CallbackLeads,
        flights: Flights,
        trunks: Trunks,
        not_called: NotCalled,
    ) -> None:
        self.none_until = -1e9
        self.pending = 0
        self._means = means
        self._clock = means.exchange.clock
        self._caller = caller
        self._callbacks = callbacks
        self._flights = flights
        self._trunks = trunks
        self._not_called = not_called

    async def place(self, campaign: Campaign, lease: Lease | None, count: int) -> None:
        """So many calls, or as many as there are leads for. Never fails; waits a moment where it cannot."""
        self.pending = count
        try:
            await self._place(campaign, lease, count)
        except (StoreUnavailable, LedgerUnavailable) as away:
            log.warning("no leads are called", campaign=campaign.id, why=str(away))
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            log.exception("leads could not be called", campaign=campaign.id)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            self.pending = 0

    async def _place(self, campaign: Campaign, lease: Lease | None, count: int) -> None:
        means = self._means
        leads = await self._reserved(campaign, lease, count)
        if not leads:
            await self._wait(campaign)
            return
        needless = await self._callbacks.not_wanted(campaign, leads)
        kept: list[Lead] = [planned.lead for planned in needless.values()]
        leads = [lead for lead in leads if lead.id not in needless]
        given_back: list[str] = []
        told: list[LeadEvent] = []
        for lead, flight, planned in await call_all(self._caller, campaign, leads, means.limits(campaign)):
            if flight is not None:
                self._flights.add(flight)
                self._trunks.dialled(self._clock.now())
                self._not_called.called()
            elif planned is not None:
                planned = settled(campaign, planned)
                kept.append(planned.lead)
                told += planned.events
                self._not_called.count(planned)
            else:
                given_back.append(lead.id)
        if kept:
            await means.leads.keep(kept)
        await tell_callbacks(means, campaign.id, told)
        if given_back:
            await means.leads.release(means.worker, given_back)

    async def _reserved(self, campaign: Campaign, lease: Lease | None, count: int) -> list[Lead]:
        means, now = self._means, self._clock.now()
        free = [seat.name for seat in means.agents.of(campaign.id) if means.agents.free(seat.name)]
        until = now + RESERVED_FOR
        reserved = await means.leads.reserve(
            campaign.id, means.worker, count, now, until, agents=free, lease=lease
        )
        return list(reserved)

    async def _wait(self, campaign: Campaign) -> None:
        """None is due: the pacer need not ask for any for a while."""
        due = await self._means.leads.next_due(campaign.id)
        seconds = LOOK_SECONDS if due is None else (due - self._clock.now()).total_seconds()
        self.none_until = self._clock.monotonic() + min(max(seconds, 1.0), LOOK_SECONDS)
        self._not_called.due_at = due
