"""Dialler: all campaigns that this engine runs, in one task; and those of its calls that are left over.

Each campaign is run by one engine alone, which holds its lease and renews it; agents and lines are shared out
among campaigns that run at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from calls.call import fold
from calls.outcome import Outcome
from compliance.facts import Mode
from dialer.campaign import Campaign, CampaignState
from dialer.shares import Claim, assign, split
from engine.dialling.callback_leads import CallbackLeads
from engine.dialling.campaign_run import CampaignRun
from engine.dialling.flights import Flight
from engine.dialling.forgotten import ForgottenCalls
from engine.dialling.lead_calling import LeadCaller
from engine.dialling.means import DiallingMeans
from engine.dialling.pacing_of import TICK_SECONDS, Allowance
from engine.dialling.trunks import Trunks
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.refusals import Changed, Missing

LEASE_SECONDS = 15.0
# The campaigns that run, leases, and calls of earlier engines are looked at so often.
REFRESH_SECONDS = 5.0
# People who ask to be called back become leads so soon.
CALLBACK_SECONDS = 2.0
PAGE = 100

log = structlog.get_logger(__name__)


class Dialler:
    def __init__(self, means: DiallingMeans) -> None:
        self._means = means
        self._clock = means.exchange.clock
        trunk = means.lines.trunk
        self._trunks = Trunks(trunk, means.unreachable, means.exchange.health)
        self._forgotten = ForgottenCalls(means)
        self._caller = LeadCaller(means, trunk or "")
        self._callbacks = CallbackLeads(means)
        self._paused: list[Campaign] = []
        self._runs: dict[str, CampaignRun] = {}
        self._allowance = Allowance(means.lines.calls_per_second, self._clock.monotonic())
        self._left_over: frozenset[str] | None = None  # attempts of the engine before this one
        self._refreshed_at = -1e9
        self._refreshing: asyncio.Task[None] | None = None
        self._asked_at = -1e9
        self._asking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        self._means.agents.start()
        try:
            while True:
                try:
                    self.tick()
                except Exception:
                    log.exception("campaigns could not be looked at; trying again")
                await asyncio.sleep(TICK_SECONDS)
        finally:
            self._means.agents.close()

    async def close(self) -> None:
        """What was learned is kept, and other engines may go on at once. Idempotent."""
        for task in (self._refreshing, self._asking):
            if task is not None:
                task.cancel()
        if self._means.open_lines is not None:
            await self._means.open_lines.close()
        runs, self._runs = list(self._runs.values()), {}
        for run in runs:
            await run.close()
            try:
                await run.keep_knowledge(at_once=True)
                if run.lease is not None:
                    await self._means.campaigns.end_lease(run.lease)
            except (StoreUnavailable, Changed, Missing) as failure:
                log.warning("a campaign is left as it is", campaign=run.campaign.id, why=str(failure))

    # --- what is seen -------------------------------------------------------------------------------------

    def explain(self, campaign_id: str) -> dict[str, Any] | None:
        """What its pacer believes and why it dials what it dials; None: this engine does not run it."""
        run = self._runs.get(campaign_id)
        return None if run is None else run.explain()

    def refresh_soon(self) -> None:
        """Somebody has started, paused or changed a campaign."""
        self._refreshed_at = -1e9

    # --- twice a second -----------------------------------------------------------------------------------

    def tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._refreshed_at >= REFRESH_SECONDS and self._refreshing is None:
            self._refreshed_at = now
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        if now - self._asked_at >= CALLBACK_SECONDS and self._asking is None:
            self._asked_at = now
            self._asking = asyncio.get_running_loop().create_task(self._look_at_callbacks())
        self._share_agents()
        lines, calls = self._lines(now)
        free = self._free_lines
        for run in tuple(self._runs.values()):
            campaign = run.campaign.id
            try:
                placed = run.tick(min(free, lines.get(campaign, 0)), calls.get(campaign, 0))
                self._allowance.take(placed)
                free -= placed
            except Exception:
                log.exception("a campaign could not be looked at", campaign=run.campaign.id)

    def _share_agents(self) -> None:
        agents, claims = self._means.agents, []
        able: dict[str, set[str]] = {}
        for run in self._runs.values():
            campaign = run.campaign
            if campaign.queue is None or not run.wants_agents:
                continue
            members = agents.members(campaign.queue)
            for name in members:
                able.setdefault(name, set()).add(campaign.id)
            claims.append(Claim(campaign.id, len(members), campaign.share, campaign.priority))
        agents.assign(assign(able, claims, agents.campaigns))
        if (lines := self._means.open_lines) is not None:
            looking = {run.campaign.id for run in self._runs.values() if run.campaign.mode is Mode.PREVIEW}
            on_lines = [agent for agent, campaign in agents.campaigns.items() if campaign not in looking]
            lines.want(on_lines, self._means.switchboard.served())

    @property
    def _free_lines(self) -> int:
        pending = sum(run.pending for run in self._runs.values())
        return max(0, self._means.lines.most - self._means.switchboard.placed - pending)

    def _lines(self, now: float) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Lines, and calls that may be placed now, of each campaign."""
        runs = tuple(self._runs.values())
        used = {run.campaign.id: run.flights.on_line for run in runs}
        free = self._free_lines
        shares = split(free + sum(used.values()), [_claim(run, used, run.wants_lines()) for run in runs])
        lines = {campaign: max(0, given - used[campaign]) for campaign, given in shares.items()}
        calls = [_claim(run, {}, lines[run.campaign.id]) for run in runs]
        return lines, split(self._allowance.left(now), calls)

    # --- every few seconds --------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        try:
            if self._left_over is None:  # before anything is dialled
                open_still = await self._means.attempts.open(self._means.exchange.node)
                self._left_over = frozenset(attempt.id for attempt in open_still)
            running = {campaign.id: campaign for campaign in await self._running()}
            for campaign in running.values():
                run = self._runs.get(campaign.id) or self._begin(campaign)
                run.campaign = campaign
            for run in tuple(self._runs.values()):
                await self._renewed(run, anew=run.campaign.id not in running)
            await self._find_left_over()
            mine = {run.campaign.id: run.campaign for run in self._runs.values() if run.lease is not None}
            await self._forgotten.close(mine)
        except (StoreUnavailable, LedgerUnavailable) as away:
            log.warning("campaigns wait for the database", why=str(away))
        except Exception:
            log.exception("campaigns could not be read; trying again")
        finally:
            self._refreshing = None

    async def _look_at_callbacks(self) -> None:
        runs = [run for run in self._runs.values() if run.active]
        mine = {run.campaign.id for run in runs if run.lease is not None}
        try:
            if mine:
                known = {one.id: one for one in (*self._paused, *(run.campaign for run in runs))}
                for campaign in await self._callbacks.look(tuple(known.values()), mine):
                    self._runs[campaign].list_has_changed()
        except StoreUnavailable as away:
            log.warning("callbacks wait for the database", why=str(away))
        except Exception:
            log.exception("callbacks could not be looked at; trying again")
        finally:
            self._asking = None

    async def _running(self) -> list[Campaign]:
        """Those that are paused are kept beside: what they keep is nobody else's."""
        found = await self._in_state(CampaignState.RUNNING)
        self._paused = await self._in_state(CampaignState.PAUSED)
        return found

    async def _in_state(self, state: CampaignState) -> list[Campaign]:
        found: list[Campaign] = []
        after = None
        while True:
            states = (state,)
            page = await self._means.campaigns.list(states, limit=PAGE, after=after)
            found += page.items
            if (after := page.after) is None:
                return found

    def _begin(self, campaign: Campaign) -> CampaignRun:
        run = CampaignRun(campaign, self._means, self._caller, self._trunks, self._callbacks)
        self._runs[campaign.id] = run
        return run

    async def _renewed(self, run: CampaignRun, *, anew: bool) -> None:
        """One campaign that cannot be gone on with must not cost the others their leases.

        `anew`: it does not run any more, or was not known to when the running ones were read.
        """
        try:
            await self._renew(run, anew=anew)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("a campaign's lease could not be renewed", campaign=run.campaign.id)

    async def _renew(self, run: CampaignRun, *, anew: bool) -> None:
        campaigns, campaign = self._means.campaigns, run.campaign
        if anew:
            run.campaign = campaign = await campaigns.get(campaign.id)
        if run.active:
            run.hold(await campaigns.lease(campaign.id, self._means.worker, LEASE_SECONDS))
            return
        if run.idle:
            await run.keep_knowledge(at_once=True)
            if run.lease is not None:
                await campaigns.end_lease(run.lease)
            self._runs.pop(campaign.id, None)

    async def _find_left_over(self) -> None:
        """Attempts of the engine before this one: adopted, or ended, by engine.recovery.

        And those of this one that nobody makes, as the database's answer was lost: ended here.
        """
        means, doubtful = self._means, self._caller.doubtful
        ours = (self._left_over or frozenset()) | doubtful
        for attempt in await means.attempts.open(means.exchange.node):
            run = self._runs.get(attempt.campaign)
            if attempt.id not in ours or (run is not None and attempt.id in run.flights):
                continue
            call_log = means.switchboard.log_of(attempt.id)
            if call_log is None:
                events = await means.queries.events(attempt.id)
                over = bool(events) and fold(events).ended_at is not None
                if not events or not (over or attempt.id in doubtful):
                    continue  # it is about to be adopted, or ended
                call_log = means.exchange.call_log(attempt.id)
                call_log.resume(events)
                if not over:
                    await call_log.end("network", Outcome.FAILED)
            if run is None:
                try:
                    run = self._begin(await means.campaigns.get(attempt.campaign))
                except Missing:
                    continue
            if attempt.id not in run.flights:
                run.flights.add(Flight(attempt, call_log, again=True), again=True)
                self._caller.on_line(attempt)
                log.info("a call of a campaign is followed on", call=attempt.id, campaign=attempt.campaign)


def _claim(run: CampaignRun, used: Mapping[str, int], more: int) -> Claim:
    campaign = run.campaign
    return Claim(campaign.id, used.get(campaign.id, 0) + more, campaign.share, campaign.priority)
