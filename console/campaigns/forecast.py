"""/campaigns/ID/forecast: before it is started, who can be called, and what a day of it comes to."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Any

from aiohttp import web

from console.accounts.admission import saw
from console.api.forecast_shapes import MOST_AGENTS, ForecastShape, OutlookShape, forecast_shape
from console.api.parts import ApiParts
from console.campaigns.asking import actor_of, campaign_read
from console.campaigns.forecast_charts import HEIGHT, WIDTH, abandoned, bars, steps, utilisation
from console.campaigns.forecast_telling import note_told, rule_told
from console.campaigns.frame import frame
from console.campaigns.people import names_of
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from dialer.campaign import Campaign
from dialer.lead import Lead
from engine.forecasts import ForecastBusy, ForecastOrder, ForecastPlace, ForecastState, by_of
from engine.registers.actor import ActorKind
from engine.registers.refusals import Missing

DAYS = 10
# More and fewer agents that are looked at beside the plan's, and the most that may be asked for.
WHAT_IF = (-2, 2)
MOST_CHANGES = 5
_CHANGE = re.compile(r"[+-]?[0-9]{1,4}", re.ASCII)
# Of those whom a rule refuses.
EXAMPLES = 3


class CampaignForecasts:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/campaigns/{campaign_id}/forecast", self.forecast),
            web.post("/campaigns/{campaign_id}/forecast", self.make),
            web.post("/campaigns/{campaign_id}/forecast/cancel", self.cancel),
            web.get("/parts/campaigns/{campaign_id}/forecast", self.part),
        ]

    async def forecast(self, request: web.Request) -> web.Response:
        return await self._show(request, await campaign_read(self._parts.campaigns, request))

    async def part(self, request: web.Request) -> web.Response:
        """How far the one that is being made has come; nothing once it is made: the page is loaded anew."""
        campaign = await campaign_read(self._parts.campaigns, request)
        kept = await self._latest(campaign)
        return self._pages.page(request, "campaigns/forecast_progress.html", kept=kept)

    async def make(self, request: web.Request) -> web.Response:
        campaign, form = await campaign_read(self._parts.campaigns, request), await form_of(request)
        words, desk = self._pages.words_for(request), self._parts.forecasts
        if desk is None:
            raise Fault(503, "No forecasts are made here. Ask the engine that runs the hotline.")
        text = form.get("agents", "").strip()
        known = text.isascii() and text.isdigit() and len(text) < 6
        if campaign.queue is not None and not (known and 1 <= int(text) <= MOST_AGENTS):
            sentence = words("forecast_wrong_agents", None, most=MOST_AGENTS)
            return await self._show(request, campaign, sentence, 422)
        agents = int(text) if campaign.queue is not None else 0
        try:
            changes = _changes(form.get("what_if", " ".join(f"{n:+}" for n in WHAT_IF)))
            if changes is None:
                sentence = words("forecast_wrong_what_if", None, most=MOST_CHANGES)
                return await self._show(request, campaign, sentence, 422)
            possible = tuple(change for change in changes if 0 < agents + change <= MOST_AGENTS)
            by = by_of(actor_of(request))
            order = ForecastOrder(agents, DAYS, possible if agents else (), ForecastPlace.PAGE, by)
            await desk.begin(campaign.id, order)
        except ForecastBusy as busy:
            return await self._show(request, campaign, str(busy), 409)
        return web.Response(status=303, headers={"Location": f"/campaigns/{campaign.id}/forecast"})

    async def cancel(self, request: web.Request) -> web.Response:
        """The one that is being made is given up; one that has ended stays."""
        campaign = await campaign_read(self._parts.campaigns, request)
        await form_of(request)
        if self._parts.forecasts is not None:
            await self._parts.forecasts.cancel(campaign.id)
        return web.Response(status=303, headers={"Location": f"/campaigns/{campaign.id}/forecast"})

    async def _examples(
        self, request: web.Request, kept: ForecastShape | None
    ) -> dict[str, list[tuple[Lead, str]]]:
        """By rule, some of those whom it refuses, with their names; one that is gone is left out."""
        if kept is None or kept.result is None:
            return {}
        found: dict[str, list[tuple[Lead, str]]] = {}
        words = self._pages.words_for(request)
        for rule in kept.result.eligibility.rules:
            for lead_id in rule.examples[:EXAMPLES]:
                try:
                    lead = await self._parts.leads.get(lead_id)
                except Missing:
                    continue
                if lead.campaign == kept.campaign:
                    found.setdefault(rule.rule, []).append((lead, lead.name or words("contact_unnamed")))
        saw(request, "lead.seen", [f"lead:{lead.id}" for leads in found.values() for lead, _ in leads])
        return found

    async def _show(
        self, request: web.Request, campaign: Campaign, wrong: str = "", status: int = 200
    ) -> web.Response:
        words, kept = self._pages.words_for(request), await self._latest(campaign)
        made = kept
        if kept is not None and kept.result is None:  # the last one is shown beside one that has failed
            running = kept.state is ForecastState.RUNNING
            made = None if running else await self._done(campaign)
        found = await self._parts.campaign_rules.mistakes(campaign)
        return self._pages.page(
            request,
            "campaigns/forecast.html",
            status=status,
            tab="forecast",
            kept=kept,
            wrong=wrong,
            agents=self._agents(campaign) if kept is None else kept.agents,
            most_agents=MOST_AGENTS,
            made=made,
            made_by="" if made is None else await self._told_by(made, words),
            examples=await self._examples(request, made),
            what_if=" ".join(f"{n:+}" for n in (WHAT_IF if kept is None else kept.what_if or WHAT_IF)),
            blocking=sum(one.blocks for one in found),
            rule_told=lambda one: rule_told(one.rule, one.sentence, words),
            note_told=lambda note: note_told(note, words),
            **_drawn(made, self._parts.zone),
            **await frame(campaign, self._parts, words),
        )

    async def _latest(self, campaign: Campaign) -> ForecastShape | None:
        kept = await self._parts.forecasts.latest(campaign.id) if self._parts.forecasts else None
        return None if kept is None else forecast_shape(kept, campaign)

    async def _done(self, campaign: Campaign) -> ForecastShape | None:
        kept = await self._parts.forecasts.done(campaign.id) if self._parts.forecasts else None
        return None if kept is None else forecast_shape(kept, campaign)

    async def _told_by(self, made: ForecastShape, words: Words) -> str:
        """Who asked for it, and where."""
        if made.by.startswith(f"{ActorKind.COMMAND}:"):
            who = made.by.partition(":")[2]
        else:
            who = (await names_of([made.by], self._parts.accounts.people, words)).get(made.by, made.by)
        return words(f"forecast_by_{made.place}", who=who)

    def _agents(self, campaign: Campaign) -> int:
        if campaign.queue is None or campaign.queue not in self._parts.queues:
            return 0
        return len(self._parts.queues.agents_of(campaign.queue))


def keeps_cap(outlook: OutlookShape) -> bool:
    """Safe to start: the 80 % interval of such days ends under the cap."""
    return outlook.abandoned.high80 <= outlook.abandon_cap


def _changes(text: str) -> tuple[int, ...] | None:
    """Such as "+5 -2"; None when it cannot be read."""
    parts = text.replace(",", " ").replace("−", "-").split()
    if len(parts) > MOST_CHANGES or not all(_CHANGE.fullmatch(part) for part in parts):
        return None
    return tuple(dict.fromkeys(change for change in map(int, parts) if change))


def _drawn(kept: ForecastShape | None, zone: tzinfo) -> dict[str, Any]:
    result = kept.result if kept is not None else None
    outlook = result.forecast if result is not None else None
    drawn: dict[str, Any] = {"result": result, "outlook": outlook, "width": WIDTH, "height": HEIGHT}
    if result is not None:
        drawn["steps"] = steps(result.eligibility)
    if result is not None and outlook is not None:
        found, marks = bars(outlook.hours, zone)
        rows = [(one.agents, False, one) for one in result.what_if]
        drawn |= {
            "safe": keeps_cap(outlook),
            "bars": found,
            "marks": marks,
            "busy": utilisation(outlook.curve, zone),
            "lost": abandoned(outlook.curve, zone, outlook.abandon_cap),
            "rows": sorted([*rows, (result.agents, True, outlook)], key=lambda row: row[0]),
        }
    return drawn
