"""Calls of a campaign are followed to the plan of their lead; what cannot be written is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from calls.events import CallEventKind
from dialer.campaign import Campaign
from dialer.lead import LeadMove
from engine.changes import AttemptStored
from engine.dialling.after_calls import AfterCalls
from engine.dialling.attempt_folding import attempt_after
from engine.dialling.callback_telling import callback_begun
from engine.dialling.flights import Flight, Flights
from engine.dialling.means import DiallingMeans
from engine.dialling.trunks import Trunks
from engine.ports import LedgerUnavailable, StoreUnavailable

# What the database could not take is tried again after this.
RETRY_SECONDS = 5.0
# An agent's word on a call is waited for so long once they are at other things.
WORD_SECONDS = 30.0

log = structlog.get_logger(__name__)


class FlightFollowing:
    """Of one campaign, which `campaign` tells as it is now."""

    def __init__(
        self, flights: Flights, means: DiallingMeans, trunks: Trunks, campaign: Callable[[], Campaign]
    ) -> None:
        self.writing: set[asyncio.Task[None]] = set()
        self._flights = flights
        self._means = means
        self._trunks = trunks
        self._campaign = campaign
        self._after = AfterCalls(means)

    def follow(self, now: float) -> None:
        """`now` in the loop's seconds. Never waits."""
        for flight in self._flights:
            if now >= flight.try_again_at:
                self._follow(flight, now)

    def write(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._tried(work))
        self.writing.add(task)
        task.add_done_callback(self.writing.discard)

    # --- inside -------------------------------------------------------------------------------------------

    def _follow(self, flight: Flight, now: float) -> None:
        attempt = flight.attempt
        if attempt.callback is not None and not flight.claimed:
            flight.claimed = True
            self.write(callback_begun(self._means, attempt))
        working = attempt.ringing_at is not None or attempt.answered_at is not None
        if not flight.rang and (working or flight.over):
            flight.rang = True
            self._trunks.told(
                attempt.number, None if working else attempt.result, self._means.exchange.clock.now()
            )
        if flight.over:
            self._follow_over(flight, now)
            return
        if flight.in_talk and not flight.talking:
            flight.talking = True
            self.write(self._after.moved(attempt, LeadMove.CONNECT))
        if flight.seen > flight.stored:
            flight.stored = flight.seen
            self.write(self._store(flight))

    def _follow_over(self, flight: Flight, now: float) -> None:
        flight.ended_at = flight.ended_at or now
        if flight.in_talk and not self._word_is_said(flight, now):
            if not flight.hung_up:
                flight.hung_up = True
                self.write(self._hung_up(flight))
            return
        flight.try_again_at = float("inf")  # until this is done
        self.write(self._settle(flight, now))

    async def _store(self, flight: Flight) -> None:
        # It is open until its lead is planned: an engine that starts meanwhile must find it.
        open_still = replace(flight.attempt, ended_at=None)
        await self._means.exchange.ledger.commit([AttemptStored(open_still, 2 * flight.seen)])

    async def _hung_up(self, flight: Flight) -> None:
        await self._store(flight)
        await self._after.moved(flight.attempt, LeadMove.HANG_UP)

    def _word_is_said(self, flight: Flight, now: float) -> bool:
        """No agent has it in hand any more, and the last of them has said what came of it."""
        for seat in self._means.exchange.queues.agent_views().values():
            if any(work.work_id == flight.attempt.id for work in seat.all_work):
                flight.ended_at = now
                return False
        if any(event.kind is CallEventKind.WRAPPED_UP for event in flight.log.events):
            return True
        return now - (flight.ended_at or now) >= WORD_SECONDS

    async def _settle(self, flight: Flight, now: float) -> None:
        settled = False
        try:
            events = flight.log.events
            if flight.again:  # what is written of it now is written in another log
                events = await self._means.queries.events(flight.attempt.id) or events
                flight.attempt = attempt_after(flight.attempt, events)
            step = 2 * len(events) + 1
            settled = await self._after.over(self._campaign(), flight.attempt, step, events)
        finally:
            if settled:
                self._flights.done(flight)
            else:
                flight.try_again_at = now + RETRY_SECONDS

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        campaign = self._campaign().id
        try:
            await work
        except (StoreUnavailable, LedgerUnavailable) as away:
            log.warning("a call of a campaign is written later", campaign=campaign, why=str(away))
        except Exception:
            log.exception("a call of a campaign could not be followed", campaign=campaign)
