"""/campaigns: all of them, with what each has done."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from acd.agents import AgentStatus
from console.api.pages_of import next_of
from console.api.parts import ApiParts
from console.campaigns.asking import campaign_read
from console.campaigns.frame import REACHED, SHAPES, counted, done
from console.pages import Pages
from console.query_values import place_of
from dialer.campaign import Campaign, CampaignState
from dialer.lead import OVER
from engine.queues import Queues

PAGE_ROWS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """Leads that are over, all of them, and those who were talked with; agents who are there now."""

    campaign: Campaign
    shape: tuple[str, str]
    done: int
    all: int
    reached: int
    agents: int | None


class CampaignList:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/campaigns", self.list), web.get("/campaigns/{campaign_id}", self.one)]

    async def list(self, request: web.Request) -> web.Response:
        after = place_of(request, "time", "id")
        page = await self._parts.campaigns.list(limit=PAGE_ROWS, after=after)
        return self._pages.page(
            request,
            "campaigns/list.html",
            page="campaigns",
            rows=[await self._row(campaign) for campaign in page.items],
            first=after is None,
            next=next_of(page),
        )

    async def one(self, request: web.Request) -> web.Response:
        """Its day while it runs, else its list."""
        campaign = await campaign_read(self._parts.campaigns, request)
        tab = "live" if campaign.state is CampaignState.RUNNING else "leads"
        return web.Response(status=303, headers={"Location": f"/campaigns/{campaign.id}/{tab}"})

    async def _row(self, campaign: Campaign) -> Row:
        counts = await self._parts.leads.counts(campaign.id)
        return Row(
            campaign,
            SHAPES[campaign.state],
            done(counts),
            counted(counts),
            counted(counts, OVER, REACHED),
            agents_there(self._parts.queues, campaign),
        )


def agents_there(queues: Queues, campaign: Campaign) -> int | None:
    """Of its queue, those who are available, at work or not. None: it has no queue."""
    if campaign.queue is None or campaign.queue not in queues:
        return None
    views = queues.agent_views()
    return sum(
        name in views and views[name].status is AgentStatus.AVAILABLE
        for name in queues.agents_of(campaign.queue)
    )
