"""CampaignPreviews: one campaign's leads, handed to its agents one by one, who call or skip them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any

import structlog

from acd.agents import AgentStatus
from acd.events import StatusChanged
from dialer.before_dialling import before_dialling, person_busy, skipped
from dialer.campaign import Campaign
from dialer.lead_plan import LeadPlan
from dialer.preview import PreviewEnd
from engine.desk.previews import Preview
from engine.desk.refusals import DeskRefused
from engine.dialling.flights import Flight
from engine.dialling.means import DiallingMeans
from engine.dialling.preview_board import Held, LeadStays
from engine.dialling.preview_calling import PreviewCaller
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditNote
from engine.registers.campaigns import Lease

# Behind the agent's time to look: the database and the gate take theirs.
SPARE = timedelta(seconds=30)
# Leads that turn out not to be due are passed by, at most so many at a look.
MOST_LOOKED_AT = 20
# Where none was due it is looked again after this.
NONE_DUE_SECONDS = 5.0
NO_DECISION = "no decision in time"
SKIPPING = Actor(ActorKind.ENGINE, "preview")

log = structlog.get_logger(__name__)


class CampaignPreviews:
    """Implements Previewing. `placed` is told of each call, `planned` of what becomes of leads instead."""

    def __init__(
        self,
        means: DiallingMeans,
        caller: PreviewCaller,
        campaign: Callable[[], Campaign],
        *,
        placed: Callable[[Flight], None],
        planned: Callable[[LeadPlan], None],
    ) -> None:
        self._means = means
        self._caller = caller
        self._campaign = campaign
        self._placed = placed
        self._planned = planned
        self._board = means.previews
        self._none_until = -1e9
        self._handing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- twice a second -----------------------------------------------------------------------------------

    def look(self, lease: Lease | None, *, held_up: bool, most: int | None = None) -> None:
        """`held_up`: it calls nobody now. `most`: so many calls does its goal leave. Never waits."""
        now = self._means.exchange.clock.now()
        for held in self._board.held_by(self):
            if held.busy:
                continue
            agent = held.preview.agent
            if held_up or lease is None or not self._looks(agent):
                self._run(self._put_back([held]))
            elif now >= held.preview.until:
                self._run(self._time_over(held))
        if held_up or lease is None or self._handing is not None:
            return
        idle = self._idle()
        if most is not None:
            del idle[max(0, most - len(self._board.held_by(self))) :]
        if idle and self._means.exchange.clock.monotonic() >= self._none_until:
            self._handing = self._run(self._hand_out(idle, lease))

    @property
    def idle(self) -> bool:
        """Nobody looks at a lead of it, and none is on its way."""
        return not self._tasks and not self._board.held_by(self)

    async def close(self) -> None:
        """Leads that agents look at go back. Never fails."""
        await self._put_back(self._board.held_by(self))
        for task in self._tasks:
            task.cancel()

    # --- what agents do -----------------------------------------------------------------------------------

    async def call(self, preview: Preview, number: str) -> str:
        """Raises DeskRefused, ContactForbidden, LeadStays."""
        campaign = self._campaign()
        if not self._means.exchange.queues.is_free(preview.agent):
            raise LeadStays("busy", "You have a call, or wrap one up: end that first.")
        flight = await self._caller.call(campaign, preview, number or preview.number, self._keep)
        self._placed(flight)
        return flight.attempt.id

    async def skip(self, preview: Preview, why: str) -> None:
        """Raises LeadStays."""
        wait = timedelta(seconds=self._campaign().preview.skip_seconds)
        now = self._means.exchange.clock.now()
        try:
            lead = await self._caller.as_it_is(preview.lead)
        except StoreUnavailable:
            raise _store_away() from None
        await self._keep(skipped(lead, preview.agent, why, now, wait))
        await self._note_skip(preview, why)

    # --- inside -------------------------------------------------------------------------------------------

    async def _note_skip(self, preview: Preview, why: str) -> None:
        """The lead has only its latest skip; all of them are in the audit log."""
        audit = self._means.audit
        if audit is None:
            return
        told = {"campaign": preview.campaign.id, "agent": preview.agent, "why": why}
        now = self._means.exchange.clock.now()
        try:
            await audit.add([AuditNote(now, SKIPPING, "lead.skipped", f"lead:{preview.lead.id}", told)])
        except StoreUnavailable as away:
            log.warning("a skip is not in the audit log", **told, lead=preview.lead.id, because=str(away))

    def _idle(self) -> list[str]:
        """Agents who have nothing to do and see nobody, those who have waited longest first."""
        seats = [seat for seat in self._means.agents.of(self._campaign().id) if self._looks(seat.name)]
        free = [seat for seat in seats if self._board.of(seat.name) is None]
        first = min((seat.state_since for seat in free if seat.state_since is not None), default=None)
        return [seat.name for seat in sorted(free, key=lambda seat: (seat.state_since or first, seat.name))]

    def _looks(self, agent: str) -> bool:
        """A waiting caller goes first: an agent who is offered one, or leaves, looks at no lead."""
        agents = self._means.agents
        return (
            self._board.at_desk(agent) and self._means.exchange.queues.is_free(agent) and agents.works(agent)
        )

    async def _hand_out(self, agents: Iterable[str], lease: Lease) -> None:
        try:
            for agent in agents:
                preview = await self._next_for(agent, lease)
                if preview is None:
                    self._none_until = self._means.exchange.clock.monotonic() + NONE_DUE_SECONDS
                    break
                if self._looks(agent) and self._board.of(agent) is None:
                    self._board.put(preview, self)
                else:
                    await self._means.leads.release(self._means.worker, [preview.lead.id])
        except (StoreUnavailable, LedgerUnavailable) as away:
            log.warning("no leads are handed out", campaign=self._campaign().id, why=str(away))
            self._none_until = self._means.exchange.clock.monotonic() + NONE_DUE_SECONDS
        finally:
            self._handing = None

    async def _next_for(self, agent: str, lease: Lease) -> Preview | None:
        means, clock = self._means, self._means.exchange.clock
        for _ in range(MOST_LOOKED_AT):
            campaign, now = self._campaign(), clock.now()
            until = now + timedelta(seconds=campaign.preview_seconds)
            leads = await means.leads.reserve(
                campaign.id, means.worker, 1, now, until + SPARE, agents=[agent], lease=lease
            )
            if not leads:
                return None
            lead = leads[0]
            ready = before_dialling(campaign, lead, now, *await self._caller.debt_of(lead))
            if isinstance(ready, LeadPlan):
                await self._keep(ready)
            elif self._caller.busy(lead):
                await self._keep(person_busy(lead, now))
            else:
                return Preview(agent, campaign, lead, ready.number, now, until)
        return None

    async def _time_over(self, held: Held) -> None:
        """The agent has neither called nor skipped."""
        preview, end = held.preview, self._campaign().preview.end
        try:
            if end is PreviewEnd.CALL:
                await self._board.call(preview.agent, preview.lead.id)
                return
            # First, so that no other lead comes to a desk at which nobody sits.
            self._means.exchange.queues.tell(StatusChanged(preview.agent, AgentStatus.MISSED))
            await self._board.skip(preview.agent, preview.lead.id, NO_DECISION)
        except DeskRefused as refused:
            log.info("a lead was not called", lead=preview.lead.id, agent=preview.agent, why=str(refused))
            if isinstance(refused, LeadStays):
                await self._put_back([held])

    async def _put_back(self, all_held: Iterable[Held]) -> None:
        """As if nobody had looked. One that the database does not take back is due again by itself."""
        ids = []
        for held in all_held:
            if not held.busy:
                held.busy = True
                ids.append(held.preview.lead.id)
                self._board.drop(held)
        if not ids:
            return
        try:
            await self._means.leads.release(self._means.worker, ids)
        except StoreUnavailable as away:
            log.warning("leads go back when their time is over", leads=ids, why=str(away))

    async def _keep(self, plan: LeadPlan) -> None:
        """Raises LeadStays."""
        try:
            await self._means.leads.keep([plan.lead])
        except StoreUnavailable:
            raise _store_away() from None
        self._planned(plan)

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._tried(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a lead could not be seen to", campaign=self._campaign().id)


def _store_away() -> LeadStays:
    return LeadStays("store", "The database does not answer: try again in a moment.")
