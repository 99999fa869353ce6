"""All pages of campaigns."""

from __future__ import annotations

from aiohttp import web

from console.api.parts import ApiParts
from console.campaigns.editing import CampaignEditing
from console.campaigns.forecast import CampaignForecasts
from console.campaigns.lead_orders import LeadOrders
from console.campaigns.leads import CampaignLeads
from console.campaigns.listing import CampaignList
from console.campaigns.live import CampaignLivePages
from console.campaigns.moves import CampaignMoves
from console.campaigns.rules import CampaignRulePages
from console.pages import Pages


def campaign_routes(pages: Pages, parts: ApiParts) -> list[web.RouteDef]:
    return [
        *CampaignEditing(pages, parts).routes(),
        *CampaignList(pages, parts).routes(),
        *CampaignLeads(pages, parts).routes(),
        *LeadOrders(pages, parts).routes(),
        *CampaignForecasts(pages, parts).routes(),
        *CampaignLivePages(pages, parts).routes(),
        *CampaignRulePages(pages, parts).routes(),
        *CampaignMoves(pages, parts).routes(),
    ]
