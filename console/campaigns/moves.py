"""What a manager does to a campaign: it is started, paused, ended, and given a list of people."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from console.api.imports import LARGEST_LIST
from console.api.parts import ApiParts
from console.api.problem import Problem
from console.api.reading import body_chunks
from console.campaigns.asking import actor_of, campaign_read
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.refusal_telling import refusal_told
from dialer.campaign import CampaignMove, CampaignState
from engine.campaign_rules import HasMistakes
from engine.imports import ListRefused
from engine.registers.refusals import Changed, Refused
from history.importing.options import ImportOptions

LONGEST_REASON = 500
LONGEST_NAME = 200


class CampaignMoves:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/campaigns/{campaign_id}/moves/{move}", self.move),
            web.post("/campaigns/{campaign_id}/list", self.take_list),
        ]

    async def move(self, request: web.Request) -> web.Response:
        """Back to the list; a campaign with mistakes to its checks."""
        campaign, form = await campaign_read(self._parts.campaigns, request), await form_of(request)
        words = self._pages.words_for(request)
        try:
            move = CampaignMove(request.match_info["move"])
        except ValueError:
            raise Fault(404, f"A campaign can {', '.join(CampaignMove)}.") from None
        reason = " ".join(form.get("reason", "").split())
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise Fault(422, f"A reason has at most {LONGEST_REASON} letters that can be seen. Shorten it.")
        place = f"/campaigns/{campaign.id}"
        try:
            await self._parts.campaign_rules.move(actor_of(request), campaign.id, move, reason)
        except HasMistakes:
            return web.Response(status=303, headers={"Location": f"{place}/change?step=check&done=mistakes"})
        except Refused as refused:
            raise Fault(409, refusal_told(refused, words), words.language) from None
        except Changed:
            raise Fault(409, words("campaign_changed"), words.language) from None
        self._parts.refresh_campaigns()
        tab = "live" if move in (CampaignMove.START, CampaignMove.RESUME) else "leads"
        return web.Response(status=303, headers={"Location": f"{place}/{tab}?done={move}"})

    async def take_list(self, request: web.Request) -> web.Response:
        """A list's file as the body, its name in the query; it is imported beside the calls."""
        campaign = await campaign_read(self._parts.campaigns, request)
        if campaign.state is CampaignState.FINISHED:
            raise Fault(409, self._pages.words_for(request)("refused_campaign_finished_list"))
        name = request.query.get("name", "").strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise Fault(400, f"`name` is the file's name, of 1 to {LONGEST_NAME} letters that can be seen.")
        options = ImportOptions(self._parts.region, campaign=campaign.id)
        try:
            begun = await self._parts.intake.begin(actor_of(request), name, _pieces(request), options)
        except ListRefused as refused:
            raise Fault(422, str(refused)) from refused
        except Refused as twice:
            raise Fault(409, refusal_told(twice, self._pages.words_for(request))) from twice
        except Problem as problem:
            raise Fault(problem.status, problem.detail) from problem
        return web.json_response(
            {"import": begun.id, "place": f"/campaigns/{campaign.id}/leads?done=list"}, status=201
        )


def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    return body_chunks(request, LARGEST_LIST)
