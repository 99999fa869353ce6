"""/campaigns/ID/leads: who is on the list, how far each one is, and why, with the rules in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from console.accounts.admission import may, saw
from console.accounts.identity import identified
from console.api.pages_of import next_of
from console.api.parts import ApiParts
from console.campaigns.asking import campaign_read
from console.campaigns.frame import counted, frame
from console.campaigns.lead_filters import VIEWS, asked_of
from console.campaigns.people import disposition_names, names_of
from console.campaigns.telling import row_of, told
from console.faults import Fault
from console.gate_telling import gate_told
from console.pages import Pages
from console.query_values import place_of
from dialer.campaign import Campaign
from dialer.lead import LeadState
from dialer.results import AttemptResult
from engine.lead_reasons import lead_reasons
from engine.registers.imports import Import
from engine.registers.leads import LeadCount
from engine.registers.refusals import Missing

PAGE_ROWS = 40
_MOST_IMPORTS, _SHOWN_IMPORTS = 50, 3


class CampaignLeads:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/campaigns/{campaign_id}/leads", self.leads),
            web.get("/parts/campaigns/{campaign_id}/leads", self.part_leads),
            web.get("/parts/leads/{lead_id}/why", self.why),
        ]

    async def leads(self, request: web.Request) -> web.Response:
        campaign = await campaign_read(self._parts.campaigns, request)
        counts = await self._parts.leads.counts(campaign.id)
        return self._pages.page(
            request,
            "campaigns/leads.html",
            tab="leads",
            imports=await self._imports(campaign),
            done=request.query.get("done", ""),
            **await frame(campaign, self._parts, self._pages.words_for(request), counts),
            **await self._list(request, campaign, counts),
        )

    async def part_leads(self, request: web.Request) -> web.Response:
        campaign = await campaign_read(self._parts.campaigns, request)
        counts = await self._parts.leads.counts(campaign.id)
        return self._pages.page(
            request,
            "campaigns/lead_list.html",
            campaign=campaign,
            **await self._list(request, campaign, counts),
        )

    async def why(self, request: web.Request) -> web.Response:
        """All that holds a lead now, what decides first, and the gate's rules in their order."""
        parts, words = self._parts, self._pages.words_for(request)
        try:
            found = await lead_reasons(
                request.match_info["lead_id"],
                leads=parts.leads,
                rules=parts.campaign_rules,
                gate=parts.gate,
                clock=parts.clock,
            )
        except Missing:
            raise Fault(404, "There is no such lead any more. Load the page anew.") from None
        lead, decision = found.facts.lead, found.decision
        saw(request, "lead.seen", [f"lead:{lead.id}"])
        people = [reason.data.get("who") for reason in found.reasons]
        names = {
            **await names_of(people, parts.accounts.people, words),
            **disposition_names(parts.campaign_rules.known(), words),
        }
        return self._pages.page(
            request,
            "campaigns/lead_why.html",
            lead=lead,
            name=lead.name or words("contact_unnamed"),
            may_be_called=found.may_be_called,
            reasons=[told(reason, words, names, parts.zone) for reason in found.reasons],
            rules=decision.checked if decision else (),
            gate_told=lambda reason: gate_told(reason, words),
            decides=None if decision is None or decision.allowed else decision.rule,
            next_lawful=decision.next_allowed_at if decision else None,
            at=found.at,
            last_call=found.facts.attempts[0].id if found.facts.attempts else None,
            zone=parts.zone,
        )

    async def _list(
        self, request: web.Request, campaign: Campaign, counts: Sequence[LeadCount]
    ) -> dict[str, Any]:
        asked = asked_of(request.query)
        after = place_of(request, "time", "id")
        wanted = asked.filter(self._parts.zone)
        page = await self._parts.leads.page(campaign.id, wanted, limit=PAGE_ROWS, after=after)
        saw(request, "lead.seen", [f"lead:{lead.id}" for lead in page.items])
        words, now = self._pages.words_for(request), self._parts.clock.now()
        people = [lead.reason.data.get("who") for lead in page.items]
        names = {
            **await names_of(people, self._parts.accounts.people, words),
            **disposition_names(self._parts.campaign_rules.known(), words),
        }
        return {
            "rows": [row_of(lead, words, now, self._parts.zone, names) for lead in page.items],
            "views": [(name, counted(counts, one.states, one.reasons)) for name, one in VIEWS.items()],
            "asked": asked,
            "view": asked.view,
            "q": asked.search,
            "states": [state.value for state in LeadState],
            "reason_codes": sorted({one.reason.value for one in counts}),
            "outcomes": [outcome.value for outcome in AttemptResult],
            "may_order": _may_order(request),
            "first": after is None,
            "after": request.query.get("after", ""),
            "next": next_of(page),
        }

    async def _imports(self, campaign: Campaign) -> list[Import]:
        """The latest lists that were put into it."""
        page = await self._parts.imports.list(limit=_MOST_IMPORTS)
        return [one for one in page.items if one.options.campaign == campaign.id][:_SHOWN_IMPORTS]


def _may_order(request: web.Request) -> bool:
    return may(identified(request), "/campaigns/{campaign_id}/leads/orders")
