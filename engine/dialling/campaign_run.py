"""CampaignRun: one campaign while this engine dials for it. It decides twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any

import structlog

from compliance.facts import Mode
from dialer.campaign import Campaign, CampaignState
from dialer.pacing import AgentView, CallView, PacingDecision, PacingEvent, PacingView
from engine.dialling.callback_leads import CallbackLeads
from engine.dialling.calling_off import CallingOff
from engine.dialling.campaign_counting import CampaignCounting
from engine.dialling.campaign_explaining import explained
from engine.dialling.flight_following import FlightFollowing
from engine.dialling.flights import Flights
from engine.dialling.floor import Floor
from engine.dialling.held import NO_AGENTS, NOTHING_YET, PLACING, PREVIEWED, Held, dials
from engine.dialling.holding import held_now
from engine.dialling.lead_calling import LeadCaller
from engine.dialling.lead_placing import LOOK_SECONDS, LeadPlacing
from engine.dialling.means import DiallingMeans
from engine.dialling.minute_taking import MinuteTaking
from engine.dialling.not_called import NotCalled
from engine.dialling.pacer_keeping import PacerKeeping
from engine.dialling.pacing_of import Allowance, min_ring_seconds
from engine.dialling.preview_calling import PreviewCaller
from engine.dialling.previewing import CampaignPreviews
from engine.dialling.trunks import Trunks
from engine.ports import StoreUnavailable
from engine.registers.campaigns import Lease
from engine.registers.refusals import Changed, Missing, Refused

log = structlog.get_logger(__name__)


class CampaignRun:
    """`lease` None: another engine dials for it; calls that are on the line are followed to their end."""

    def __init__(
        self,
        campaign: Campaign,
        means: DiallingMeans,
        caller: LeadCaller,
        trunks: Trunks,
        callbacks: CallbackLeads,
    ) -> None:
        self.campaign = campaign
        self.lease: Lease | None = None
        self._means = means
        self._trunks = trunks
        self._clock = means.exchange.clock
        self.flights = Flights(self.at)
        self._floor = Floor(means.agents.free, self.at)
        self._following = FlightFollowing(self.flights, means, trunks, lambda: self.campaign)
        self._allowance = Allowance(campaign.calls_per_second, self._clock.monotonic())
        self._pacing = PacerKeeping(means)
        self._events: list[PacingEvent] = []
        self._looked_at = -1e9
        self._not_called = NotCalled()
        self._counting = CampaignCounting(means, self.flights, self._not_called)
        self._leads = LeadPlacing(means, caller, callbacks, self.flights, trunks, self._not_called)
        self._calling_off = CallingOff(means.switchboard, self._following.write)
        self._deciding = False
        self._why = NOTHING_YET
        self._agents: Sequence[AgentView] = ()
        self._minutes = MinuteTaking()
        self._began_at = self._clock.now()
        self._dialled: tuple[datetime, int] | None = None
        self._previews = CampaignPreviews(
            means,
            PreviewCaller(means, caller, trunks),
            lambda: self.campaign,
            placed=self.flights.add,
            planned=self._not_called.count,
        )
        self._placing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def at(self, moment: datetime) -> float:
        """In the loop's seconds."""
        return self._clock.monotonic() - (self._clock.now() - moment).total_seconds()

    def hold(self, lease: Lease | None) -> None:
        """The lease as it is now. Of a time in which another engine had it the counters know nothing."""
        if lease is not None and (self.lease is None or lease.fence != self.lease.fence):
            self._counting.forget_window()
            self._looked_at = -1e9
        self.lease = lease

    # --- what is seen -------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        return self.campaign.state is CampaignState.RUNNING

    @property
    def idle(self) -> bool:
        """Nothing of it goes on here."""
        return not len(self.flights) and self._placing is None and self._previews.idle

    @property
    def wants_agents(self) -> bool:
        """Who is free has something to do here, or may have in a moment."""
        return self._deciding or self.flights.on_line > 0

    @property
    def pending(self) -> int:
        """Calls that are being placed, which may have no line yet."""
        return self._leads.pending

    def wants_lines(self) -> int:
        return max(0, self.campaign.lines - self.flights.on_line) if self.active and self.lease else 0

    def explain(self) -> dict[str, Any]:
        return explained(
            self.campaign,
            self._why,
            seats=self._means.agents.of(self.campaign.id),
            agents=self._agents,
            flights=self.flights,
            counting=self._counting,
            not_called=self._not_called,
            pacer=self._pacing.pacer,
            began_at=self._began_at,
            dialled=self._dialled,
        )

    # --- twice a second -----------------------------------------------------------------------------------

    def tick(self, free_lines: int, calls_left: int) -> int:
        """Look, learn, decide; how many calls are placed now. Never waits: what takes time goes on beside it.

        `calls_left`: of all campaigns' calls a second.
        """
        now = self._clock.monotonic()
        seats = self._means.agents.of(self.campaign.id)
        agents, agent_events = self._floor.look(seats, self.flights.__contains__, now)
        calls, call_events = self.flights.look(now)
        self._events += agent_events + call_events
        self._following.follow(now)
        if not agents and self.campaign.mode not in (Mode.AGENTLESS, Mode.PREVIEW):
            shortest = min_ring_seconds(self.campaign, self._means.limits(self.campaign))
            self._calling_off.all_that_ring(calls, now, shortest)
        if now - self._looked_at >= LOOK_SECONDS and self._looking is None:
            self._looked_at = now
            self._looking = self._run(self._look())
        why = self._held()
        self._deciding = why is None or self._placing is not None
        self._take_minute(agents, now, why)
        previewed = self.campaign.mode is Mode.PREVIEW
        room = self._counting.room(self.campaign)
        self._previews.look(self.lease, held_up=why is not None or not previewed, most=room)
        if previewed:
            self._events.clear()
            self._why = why or PREVIEWED
            return 0
        pacer = self._pacing.pacer
        if why is not None or pacer is None:
            self._why = why or NOTHING_YET
            return 0
        decision = pacer.decide(self._view(agents, calls, free_lines, calls_left, room))
        self._events.clear()
        return self._carry_out(decision)

    def _view(
        self,
        agents: Sequence[AgentView],
        calls: Sequence[CallView],
        free_lines: int,
        calls_left: int,
        room: int | None,
    ) -> PacingView:
        now, counted, left = self._clock.monotonic(), self.flights.counted, self._counting.leads_left
        allowed = min(self._allowance.left(now), calls_left)
        if room is not None:
            allowed, left = min(allowed, room), room if left is None else min(left, room)
        return PacingView(
            now=now,
            agents=agents,
            calls=calls,
            events=tuple(self._events),
            free_lines=free_lines,
            attempts=counted.attempts,
            live=counted.live,
            abandoned=counted.abandoned,
            leads_left=0 if now < self._leads.none_until else left,
            dial_limit=allowed,
        )

    def _held(self) -> Held | None:
        """Why nothing is decided now."""
        leased, counted = self.lease is not None, self._counting.window is not None
        found = held_now(self.campaign, self._means, self._trunks, leased=leased, counted=counted)
        return found or (PLACING if self._placing is not None else None)

    def _take_minute(self, agents: Sequence[AgentView], now: float, why: Held | None) -> None:
        self._agents = agents
        if self.lease is None or not (self.active or agents):
            self._minutes.rest()
            return
        code = "" if why is None or why is PLACING else why.code
        self._minutes.look(self._clock.now(), now, agents, self.flights.on_line, code)

    def _carry_out(self, decision: PacingDecision) -> int:
        self._calling_off.cancel(decision.cancel)
        dial = self._trunks.most(decision.dial, self._clock.now())
        left = self._counting.leads_left
        if not dial and left and self._clock.monotonic() < self._leads.none_until:
            self._why = self._not_called.nobody_due(left)
        elif not dial and not self._agents and self.campaign.mode is not Mode.AGENTLESS:
            self._why = NO_AGENTS
        else:
            self._why = dials(dial)
        if dial > 0:
            self._allowance.take(dial)
            self._dialled = (self._clock.now(), dial)
            self._placing = self._run(self._place(dial))
        return dial

    # --- placing ------------------------------------------------------------------------------------------

    async def _place(self, count: int) -> None:
        try:
            await self._leads.place(self.campaign, self.lease, count)
        finally:
            self._placing = None

    def list_has_changed(self) -> None:
        """There may be somebody to be called now."""
        self._looked_at = self._leads.none_until = -1e9
        self._counting.list_has_grown()

    # --- what goes on beside ------------------------------------------------------------------------------

    async def _look(self) -> None:
        """The campaign as it is now, its list, its counters."""
        means = self._means
        try:
            self.campaign = await means.campaigns.get(self.campaign.id)
            self._allowance.per_second = self.campaign.calls_per_second
            if self.lease is None:
                return
            await self._counting.count(self.campaign)
            await self._pacing.make(self.campaign, self._counting.heard)
            self._calling_off.forget_all_but({flight.attempt.id for flight in self.flights})
            self.campaign = await self._counting.stopped(self.campaign)
            await self.keep_knowledge()
            if self.lease is not None:  # another engine may have it by now
                await self._minutes.keep(means.minutes, self.lease)
        except (StoreUnavailable, Missing, Changed, Refused) as failure:
            log.warning("a campaign could not be looked at", campaign=self.campaign.id, why=str(failure))
        except Exception:
            log.exception("a campaign could not be looked at; trying again", campaign=self.campaign.id)
        finally:
            self._looking = None

    async def keep_knowledge(self, *, at_once: bool = False) -> None:
        """Raises StoreUnavailable, Missing."""
        if self.lease is None or not (at_once or self._pacing.due()):
            return
        if at_once:
            await self._minutes.keep(self._means.minutes, self.lease, all_of_it=True)
        try:
            await self._pacing.keep(self.lease)
        except Changed:
            self.lease = None  # another engine has it by now

    @staticmethod
    def _run(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def close(self) -> None:
        """What is being done is given a moment; the next engine does the rest."""
        await self._previews.close()
        tasks = [
            task for task in (self._placing, self._looking, *self._following.writing) if task is not None
        ]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=2.0)
            for task in late:
                task.cancel()
