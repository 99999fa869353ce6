"""/campaigns/ID/rules: the packs that it keeps, and what they ask of the whole of it."""

from __future__ import annotations

from aiohttp import web

from compliance.facts import Mode
from compliance.pack import CampaignLimits
from console.api.parts import ApiParts
from console.campaigns.asking import campaign_read
from console.campaigns.frame import frame
from console.pages import Pages
from console.words import Words
from dialer.abandon_window import window_began


class CampaignRulePages:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/campaigns/{campaign_id}/rules", self.rules)]

    async def rules(self, request: web.Request) -> web.Response:
        campaign = await campaign_read(self._parts.campaigns, request)
        rules, words = self._parts.campaign_rules, self._pages.words_for(request)
        limits = rules.limits(campaign)
        since = window_began(limits, campaign.started_at or campaign.created_at, self._parts.clock.now())
        return self._pages.page(
            request,
            "campaigns/rules.html",
            tab="rules",
            packs=rules.packs(campaign),
            asked=asked(limits, words),
            counters=await self._parts.campaigns.counters(campaign.id, since),
            since=since,
            cap=limits.abandon_cap,
            **await frame(campaign, self._parts, words),
        )


def asked(limits: CampaignLimits, t: Words) -> list[tuple[str, str]]:
    """What is asked, and how much of it; what is not asked is left out."""
    found: list[tuple[str, str]] = []
    if limits.abandon_cap is not None:
        days = limits.abandon_window_days
        cap = t("campaign_limit_cap", None, share=f"{limits.abandon_cap:.1%}")
        window = "" if days is None else ", " + t("campaign_limit_days", count=days)
        found.append((t("campaign_limit_abandon"), cap + window))
    if limits.ring_seconds is not None:
        found.append((t("campaign_limit_ring"), t("campaign_seconds", None, seconds=limits.ring_seconds)))
    if limits.agent_within_seconds is not None:
        key = "campaign_limit_agent_start" if limits.agent_from_speech_start else "campaign_limit_agent_end"
        found.append((t(key), t("campaign_seconds", None, seconds=f"{limits.agent_within_seconds:g}")))
    if limits.redial_lock_hours is not None:
        found.append((t("campaign_limit_lock"), t("campaign_hours", None, hours=limits.redial_lock_hours)))
    if limits.message:
        parts = ", ".join(t.get(f"campaign_message_{part}", part) for part in limits.message)
        found.append((t("campaign_limit_message"), parts))
    if limits.caller_id_always:
        found.append((t("campaign_limit_caller_id"), t("settings_yes")))
    if limits.labelled:
        found.append((t("campaign_limit_labelled"), t("settings_yes")))
    banned = [mode for mode in Mode if mode not in limits.modes]
    if banned:
        told = ", ".join(t(f"campaign_mode_{mode}") for mode in banned)
        found.append((t("campaign_limit_banned"), told))
    return found
