"""/campaigns/ID/live: how the day goes, whether the cap holds, and why so many are called now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from aiohttp import web

from console.api.forecast_shapes import ForecastShape, OutlookShape, forecast_shape
from console.api.parts import ApiParts
from console.campaigns import live_charts
from console.campaigns.asking import actor_of, campaign_read, version_of
from console.campaigns.frame import REACHED, counted, done, frame
from console.campaigns.live_telling import held_today, held_told, not_called_told, pacer_told
from console.campaigns.mistake_telling import mistake_told
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.refusal_telling import refusal_told
from dialer.campaign import Campaign, CampaignState
from dialer.checking import MOST_CALLS_PER_SECOND
from dialer.lead import OVER
from engine.campaign_live import CampaignLive, campaign_live
from engine.registers.leads import LeadCount
from engine.registers.refusals import Changed, Refused

_MOST_DIGITS = 8


class CampaignLivePages:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/campaigns/{campaign_id}/live", self.live),
            web.get("/parts/campaigns/{campaign_id}/live", self.part),
            web.post("/campaigns/{campaign_id}/pace", self.pace),
        ]

    async def live(self, request: web.Request) -> web.Response:
        return await self._show(request, await campaign_read(self._parts.campaigns, request))

    async def part(self, request: web.Request) -> web.Response:
        campaign = await campaign_read(self._parts.campaigns, request)
        counts = await self._parts.leads.counts(campaign.id)
        drawn = await self._drawn(request, campaign, counts)
        return self._pages.page(
            request, "campaigns/live_board.html", campaign=campaign, zone=self._parts.zone, **drawn
        )

    async def pace(self, request: web.Request) -> web.Response:
        """Lines, calls a second and share, while it runs or not."""
        campaign, form = await campaign_read(self._parts.campaigns, request), await form_of(request)
        words = self._pages.words_for(request)
        seen = version_of(form)
        if seen != campaign.version:
            return await self._show(request, campaign, words("campaign_changed"), 409)
        lines, share = _whole(form.get("lines", "")), _whole(form.get("share", ""))
        a_second = _decimal(form.get("calls_per_second", ""))
        if lines is None or share is None or a_second is None:
            told = words("live_wrong_pace", None, most=f"{MOST_CALLS_PER_SECOND:g}")
            return await self._show(request, campaign, told, 422)
        wanted = replace(campaign, lines=lines, share=share, calls_per_second=a_second)
        before = {one.field for one in await self._parts.campaign_rules.mistakes(campaign) if one.blocks}
        for one in await self._parts.campaign_rules.mistakes(wanted):
            if one.blocks and one.field not in before:
                return await self._show(request, campaign, mistake_told(one, words), 422)
        try:
            await self._parts.campaigns.change(actor_of(request), wanted)
        except Changed:
            return await self._show(request, campaign, words("campaign_changed"), 409)
        except Refused as refused:
            return await self._show(request, campaign, refusal_told(refused, words), 422)
        self._parts.refresh_campaigns()
        return web.Response(status=303, headers={"Location": f"/campaigns/{campaign.id}/live?done=saved"})

    # --- what is shown ------------------------------------------------------------------------------------

    async def _show(
        self, request: web.Request, campaign: Campaign, wrong: str = "", status: int = 200
    ) -> web.Response:
        counts = await self._parts.leads.counts(campaign.id)
        return self._pages.page(
            request,
            "campaigns/live.html",
            status=status,
            tab="live",
            wrong=wrong,
            done=request.query.get("done", ""),
            **await frame(campaign, self._parts, self._pages.words_for(request), counts),
            **await self._drawn(request, campaign, counts),
        )

    async def _drawn(
        self, request: web.Request, campaign: Campaign, counts: Sequence[LeadCount]
    ) -> dict[str, Any]:
        parts, words = self._parts, self._pages.words_for(request)
        run = parts.explain_campaign(campaign.id)
        day = _day_of(request)
        live = await campaign_live(
            campaign,
            campaigns=parts.campaigns,
            minutes=parts.campaign_minutes,
            limits=parts.campaign_rules.limits(campaign),
            run=run,
            now=parts.clock.now(),
            day=day,
        )
        outlook = await _outlook(parts, campaign)
        curve = outlook.curve if outlook is not None else []
        expected = outlook if live_charts.of_the_day(live, curve) else None
        axis = live_charts.axis_of(live, curve, parts.zone)
        return {
            "course": live,
            "run": run,
            "day": None if day is None else day.isoformat(),
            "expected": expected,
            "finish": None if expected is None else expected.finish.expected,
            "busy": live_charts.utilisation(live, axis, curve),
            "lost": live_charts.abandoned(live, axis, curve),
            "dialled": live_charts.calls(live, axis),
            "width": live_charts.WIDTH,
            "height": live_charts.HEIGHT,
            "left": live_charts.LEFT,
            "near_cap": _near_cap(live),
            "done_leads": done(counts),
            "all_leads": counted(counts),
            "reached_leads": counted(counts, OVER, REACHED),
            "why": held_told(campaign, run, words, parts.zone),
            "pacer": pacer_told(run, words),
            "stopped": held_today(live, words),
            "not_called": not_called_told(run, words),
            "run_began": None if run is None else datetime.fromisoformat(run["began_at"]),
            "running": campaign.state is CampaignState.RUNNING,
            "percent": percent,
        }


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _near_cap(live: CampaignLive) -> str:
    """The tile's colour: "", "near" from three quarters of the cap on, "past" over it."""
    window = live.window
    if window.cap is None or window.rate is None:
        return ""
    return "past" if window.over else "near" if window.rate >= 0.75 * window.cap else ""


async def _outlook(parts: ApiParts, campaign: Campaign) -> OutlookShape | None:
    kept = await parts.forecasts.done(campaign.id) if parts.forecasts else None
    shape: ForecastShape | None = None if kept is None else forecast_shape(kept, campaign)
    return shape.result.forecast if shape is not None and shape.result is not None else None


def _day_of(request: web.Request) -> date | None:
    """Raises Fault 400."""
    text = request.query.get("day", "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Fault(400, "`day` is a date such as 2026-11-22.") from None
    if not 2000 <= day.year < 2200:
        raise Fault(400, "`day` is of the years 2000 to 2199.")
    return day


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _decimal(text: str) -> float | None:
    text = text.strip().replace(",", ".")
    if len(text) > _MOST_DIGITS or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return float(text)
