"""CampaignRun: one campaign while this engine dials for it. It decides twice a second."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import structlog

from compliance.facts import Mode
from dialer.abandon_window import window_began
from dialer.campaign import Campaign, CampaignState, Cause
from dialer.goals import Tally
from dialer.machine import DetectionCounts
from dialer.pacing import (
    AgentView,
    CallView,
    Pacer,
    PacingDecision,
    PacingEvent,
    PacingSettings,
    PacingView,
    create_pacer,
)
from dialer.stopping import own_change
from engine.dialling.agentless import Agentless
from engine.dialling.callback_leads import CallbackLeads
from engine.dialling.flight_following import FlightFollowing
from engine.dialling.flights import Counted, Flights
from engine.dialling.floor import Floor
from engine.dialling.held import (
    NO_AGENTS,
    NOTHING_YET,
    PLACING,
    PREVIEWED,
    Held,
    dials,
    held,
    held_by_flow,
    held_by_trunk,
    iso,
)
from engine.dialling.lead_calling import LeadCaller
from engine.dialling.lead_placing import LOOK_SECONDS, LeadPlacing
from engine.dialling.list_figures import Figures, ListFigures
from engine.dialling.means import DiallingMeans
from engine.dialling.minute_taking import MinuteTaking
from engine.dialling.not_called import NotCalled
from engine.dialling.pacing_of import Allowance, min_ring_seconds, settings_of, tally_of
from engine.dialling.preview_calling import PreviewCaller
from engine.dialling.previewing import CampaignPreviews
from engine.dialling.trunks import Trunks
from engine.ports import StoreUnavailable
from engine.registers.actor import ENGINE
from engine.registers.campaigns import Lease
from engine.registers.refusals import Changed, Missing, Refused

KNOWLEDGE_SECONDS = 60.0

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
        self._pacer: Pacer | None = None
        self._made_for: tuple[Mode, PacingSettings] | None = None
        self._events: list[PacingEvent] = []
        self._window: datetime | None = None
        self._looked_at = self._kept_at = -1e9
        self._leads_left: int | None = None
        self._heard = DetectionCounts()
        self._figures = ListFigures(means)
        self._not_called = NotCalled()
        self._leads = LeadPlacing(means, caller, callbacks, self.flights, trunks, self._not_called)
        self._cancelled: set[str] = set()
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
            self._window = None
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
        counted = self.flights.counted
        return {
            "campaign": self.campaign.id,
            "state": self.campaign.state.value,
            "why": self._why.sentence,
            "held": {"code": self._why.code, "data": dict(self._why.data)},
            "agents": {seat.name: seat.state.value for seat in self._means.agents.of(self.campaign.id)},
            "agent_states": dict(Counter(agent.state for agent in self._agents)),
            "calls": self.flights.on_line,
            "in_flight": self.flights.stages(),
            "lines": self.campaign.lines,
            "began_at": iso(self._began_at),
            "leads_left": self._leads_left,
            "not_called": self._not_called.counts(),
            "counted": {
                "since": None if self._window is None else iso(self._window),
                "attempts": counted.attempts,
                "live": counted.live,
                "abandoned": counted.abandoned,
            },
            "last_dialled": None
            if self._dialled is None
            else {"at": iso(self._dialled[0]), "calls": self._dialled[1]},
            "pacer": None if self._pacer is None else self._pacer.explain(),
        }

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
            self._call_off(calls, now)
        if now - self._looked_at >= LOOK_SECONDS and self._looking is None:
            self._looked_at = now
            self._looking = self._run(self._look())
        why = self._held()
        self._deciding = why is None or self._placing is not None
        self._take_minute(agents, now, why)
        previewed = self.campaign.mode is Mode.PREVIEW
        self._previews.look(self.lease, held_up=why is not None or not previewed)
        if previewed:
            self._events.clear()
            self._why = why or PREVIEWED
            return 0
        if why is not None or self._pacer is None:
            self._why = why or NOTHING_YET
            return 0
        counted = self.flights.counted
        allowed = min(self._allowance.left(now), calls_left)
        view = PacingView(
            now=now,
            agents=agents,
            calls=calls,
            events=tuple(self._events),
            free_lines=free_lines,
            attempts=counted.attempts,
            live=counted.live,
            abandoned=counted.abandoned,
            leads_left=0 if now < self._leads.none_until else self._leads_left,
            dial_limit=allowed,
        )
        self._events.clear()
        decision = self._pacer.decide(view)
        return self._carry_out(decision)

    def _held(self) -> Held | None:
        """Why nothing is decided now."""
        now, trunks = self._clock.now(), self._trunks
        found = held(
            self.campaign,
            leased=self.lease is not None,
            counted=self._window is not None,
            connected=self._means.switchboard.connected,
            open_now=self._means.dialling(self.campaign, now),
        )
        flow, mode = self.campaign.flow, self.campaign.mode
        led = mode is Mode.AGENTLESS or (flow is not None and mode is not Mode.PREVIEW)
        if found is None and led and self._means.exchange.flows.by_name(flow or "") is None:
            return held_by_flow(flow)
        if found is None and (sentence := trunks.why_not(now)):
            return held_by_trunk(trunks.trunk, sentence)
        return found or (PLACING if self._placing is not None else None)

    def _take_minute(self, agents: Sequence[AgentView], now: float, why: Held | None) -> None:
        self._agents = agents
        if self.lease is None or not (self.active or agents):
            self._minutes.rest()
            return
        code = "" if why is None or why is PLACING else why.code
        self._minutes.look(self._clock.now(), now, agents, self.flights.on_line, code)

    def _carry_out(self, decision: PacingDecision) -> int:
        for call_id in decision.cancel:
            self._cancel(call_id)
        dial = self._trunks.most(decision.dial, self._clock.now())
        waits = not dial and self._leads_left and self._clock.monotonic() < self._leads.none_until
        if waits:
            self._why = self._not_called.nobody_due(self._leads_left)
        elif not dial and not self._agents and self.campaign.mode is not Mode.AGENTLESS:
            self._why = NO_AGENTS
        else:
            self._why = dials(dial)
        if dial > 0:
            self._allowance.take(dial)
            self._dialled = (self._clock.now(), dial)
            self._placing = self._run(self._place(dial))
        return dial

    def _call_off(self, calls: Sequence[CallView], now: float) -> None:
        """Nobody is there any more who could talk with those who still ring."""
        shortest = min_ring_seconds(self.campaign, self._means.limits(self.campaign))
        for call in calls:
            if call.stage == "ringing" and now - call.since >= shortest:
                self._cancel(call.id)

    def _cancel(self, call_id: str) -> None:
        if call_id not in self._cancelled:
            self._cancelled.add(call_id)
            self._following.write(self._hang_up(call_id))

    async def _hang_up(self, call_id: str) -> None:
        await self._means.switchboard.hang_up(call_id, "engine")

    # --- placing ------------------------------------------------------------------------------------------

    async def _place(self, count: int) -> None:
        try:
            await self._leads.place(self.campaign, self.lease, count)
        finally:
            self._placing = None

    def list_has_changed(self) -> None:
        """There may be somebody to be called now."""
        self._looked_at = self._leads.none_until = -1e9
        self._figures.list_has_grown()

    # --- what goes on beside ------------------------------------------------------------------------------

    async def _look(self) -> None:
        """The campaign as it is now, its list, its counters."""
        means = self._means
        try:
            self.campaign = await means.campaigns.get(self.campaign.id)
            self._allowance.per_second = self.campaign.calls_per_second
            if self.lease is None:
                return
            now = self._clock.now()
            limits = means.limits(self.campaign)
            started_at = self.campaign.started_at or self.campaign.created_at
            window = window_began(limits, started_at, now)
            figures = await self._count(started_at, window, anew=window != self._window)
            await self._make_pacer()
            self._cancelled &= {flight.attempt.id for flight in self.flights}
            gone = means.gone(self.campaign)
            change = own_change(self.campaign, self._tally(figures), now, limits, self._heard, gone)
            if change is not None and change.cause is Cause.LIST_ENDED:  # by a count that may be of before
                figures = await self._count(started_at, window, anew=True)
                change = own_change(self.campaign, self._tally(figures), now, limits, self._heard, gone)
            if change is not None:
                note = change.note or ("" if figures.total.attempts else self._not_called.note())
                self.campaign = await means.campaigns.set_state(
                    ENGINE, self.campaign.id, change.move, cause=change.cause, note=note
                )
                log.info("a campaign changed its state", campaign=self.campaign.id, cause=str(change.cause))
            await self.keep_knowledge()
            if self.lease is not None:  # another engine may have it by now
                await self._minutes.keep(means.minutes, self.lease)
        except (StoreUnavailable, Missing, Changed, Refused) as failure:
            log.warning("a campaign could not be looked at", campaign=self.campaign.id, why=str(failure))
        except Exception:
            log.exception("a campaign could not be looked at; trying again", campaign=self.campaign.id)
        finally:
            self._looking = None

    async def _count(self, began_at: datetime, window: datetime, *, anew: bool) -> Figures:
        """Raises StoreUnavailable, Missing."""
        figures, fresh = await self._figures.of(self.campaign, began_at, window, anew=anew)
        if fresh:
            found, total = figures.window, figures.total
            self.flights.count(Counted(found.attempts, found.live, found.abandoned), window)
            self._heard = DetectionCounts(total.live, total.machines, total.audited, total.mistaken)
            self._window = window
        self._leads_left = figures.leads_left
        return figures

    def _tally(self, figures: Figures) -> Tally:
        return tally_of(figures.counts, figures.total.attempts, self._not_called.in_row, figures.closed)

    async def _make_pacer(self) -> None:
        campaign, means = self.campaign, self._means
        now = self._clock.now()
        settings = settings_of(
            campaign, means.limits(campaign), means.dialling(campaign, now), now, self._heard
        )
        made_for = (campaign.mode, replace(settings, horizon=None))
        if made_for == self._made_for:
            return
        if campaign.mode is Mode.PREVIEW:
            self._pacer, self._made_for = None, made_for
            return
        if campaign.mode is Mode.AGENTLESS:
            self._pacer = Agentless()
        else:
            known = None if self._pacer is None else self._pacer.knowledge()
            if known is None:
                known = dict(await means.campaigns.knowledge(campaign.id) or {}) or None
            mode: Literal["progressive", "predictive"] = (
                "predictive" if campaign.mode is Mode.PREDICTIVE else "progressive"
            )
            self._pacer = create_pacer(mode, settings, known)
        self._made_for = made_for

    async def keep_knowledge(self, *, at_once: bool = False) -> None:
        """Raises StoreUnavailable, Missing."""
        now = self._clock.monotonic()
        if self.lease is None or (now - self._kept_at < KNOWLEDGE_SECONDS and not at_once):
            return
        self._kept_at = now
        if at_once:
            await self._minutes.keep(self._means.minutes, self.lease, all_of_it=True)
        if self._pacer is None:  # agents call its leads themselves
            return
        try:
            await self._means.campaigns.keep_knowledge(self.lease, self._pacer.knowledge())
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
