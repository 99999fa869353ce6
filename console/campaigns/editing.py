"""/campaigns/new and /campaigns/ID/change: a campaign made and changed step by step, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from aiohttp import web

from console.api.parts import ApiParts
from console.campaigns.asking import actor_of, campaign_read, version_of
from console.campaigns.fields import STEPS, fields_of, place_of
from console.campaigns.forms import (
    ID,
    Settings,
    Shown,
    Typed,
    campaign_of,
    fill_in,
    id_of,
    new_settings,
    settings_of,
    shown,
    with_settings,
)
from console.campaigns.frame import frame
from console.campaigns.mistake_telling import mistake_told
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.refusal_telling import refusal_told
from console.words import Words
from dialer.campaign import Campaign, CampaignState
from dialer.mistakes import Mistake
from engine.registers.refusals import Changed, Refused

CHECK = "check"
_NEXT = {"what": "how", "how": CHECK}
_MOST_SAME = 20
_DIALS = frozenset({CampaignState.RUNNING})


class CampaignEditing:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts
        self._campaigns = parts.campaigns
        self._rules = parts.campaign_rules
        self._clock = parts.clock

    def routes(self) -> list[web.RouteDef]:
        change = "/campaigns/{campaign_id}/change"
        return [
            web.get("/campaigns/new", self.new),
            web.post("/campaigns/new", self.make),
            web.get(change, self.step),
            web.post(change, self.change),
        ]

    async def new(self, request: web.Request) -> web.Response:
        return self._new(request, self._new_settings(), Typed())

    async def make(self, request: web.Request) -> web.Response:
        words, form = self._pages.words_for(request), await form_of(request)
        settings = self._new_settings()
        wanted, typed = fill_in(settings, fields_of("what"), form, words)
        typed.texts["id"] = given = form.get("id", "").strip()
        wanted_id = given or id_of(typed.texts["name"])
        if not ID.fullmatch(wanted_id):
            typed.add("id", words("campaign_wrong_id"))
        elif wanted is not None:
            more = () if given else (f"{wanted_id}-{number}" for number in range(2, _MOST_SAME))
            try:
                made = await self._made(
                    request, campaign_of(wanted, wanted_id, self._clock.now()), [wanted_id, *more]
                )
            except Refused as refused:
                typed.add("name" if refused.field == "name" else "id", refusal_told(refused, words))
            else:
                return web.Response(
                    status=303, headers={"Location": f"/campaigns/{made.id}/change?step=how&done=made"}
                )
        return self._new(request, settings, typed, 422)

    async def _made(self, request: web.Request, wanted: Campaign, ids: Sequence[str]) -> Campaign:
        """With the first id that is free. Raises Refused."""
        taken: Refused | None = None
        for one in ids:
            try:
                return await self._campaigns.create(actor_of(request), replace(wanted, id=one))
            except Refused as refused:
                if refused.field != "id":
                    raise
                taken = refused
        raise taken or Refused("There is no id for it.", "id")

    async def step(self, request: web.Request) -> web.Response:
        campaign = await campaign_read(self._campaigns, request)
        return await self._show(request, campaign, _step_of(request))

    async def change(self, request: web.Request) -> web.Response:
        """To the next step; a campaign that runs must not get a mistake that would have kept it from it."""
        words, form, step = self._pages.words_for(request), await form_of(request), _step_of(request)
        if step not in STEPS:
            raise Fault(405, "This step has no form. Open it anew.")
        campaign = await campaign_read(self._campaigns, request)
        seen = version_of(form)
        wanted, typed = fill_in(settings_of(campaign), fields_of(step), form, words)
        if seen != campaign.version:
            return await self._show(request, campaign, step, typed, 409, words("campaign_changed"))
        if wanted is None:
            return await self._show(request, campaign, step, typed, 422)
        after = with_settings(campaign, wanted)
        if campaign.state in _DIALS and any(one.blocks for one in await self._rules.mistakes(after)):
            told = words("campaign_runs_on")
            return await self._show(request, after, step, typed, 422, told)
        try:
            await self._campaigns.change(actor_of(request), after)
        except Changed:
            campaign = await campaign_read(self._campaigns, request)
            return await self._show(request, campaign, step, typed, 409, words("campaign_changed"))
        except Refused as refused:
            if refused.field in {one.path for one in fields_of(step)}:
                typed.add(refused.field, refusal_told(refused, words))
                return await self._show(request, campaign, step, typed, 422)
            return await self._show(request, campaign, step, typed, 422, refusal_told(refused, words))
        self._parts.refresh_campaigns()
        return web.Response(
            status=303, headers={"Location": f"/campaigns/{campaign.id}/change?step={_NEXT[step]}&done=saved"}
        )

    # --- what is shown ------------------------------------------------------------------------------------

    def _new_settings(self) -> Settings:
        zone = self._parts.zone
        name = zone.key if isinstance(zone, ZoneInfo) else "UTC"
        return new_settings(name, self._rules.known().lines)

    def _new(self, request: web.Request, settings: Settings, typed: Typed, status: int = 200) -> web.Response:
        return self._pages.page(
            request,
            "campaigns/new.html",
            status=status,
            page="campaigns",
            groups=self._groups("what", settings, self._pages.words_for(request), typed, {}),
            id_typed=typed.texts.get("id", ""),
            id_wrong=typed.wrong.get("id", []),
        )

    async def _show(
        self,
        request: web.Request,
        campaign: Campaign,
        step: str,
        typed: Typed | None = None,
        status: int = 200,
        sentence: str = "",
    ) -> web.Response:
        words = self._pages.words_for(request)
        found = await self._rules.mistakes(campaign)
        by_field = _by_field(found, step, words)
        return self._pages.page(
            request,
            "campaigns/change.html",
            status=status,
            tab="change",
            step=step,
            steps=("what", "how", CHECK),
            groups=self._groups(step, settings_of(campaign), words, typed or Typed(), by_field),
            places={one: _place(one) for one in found},
            told={one: mistake_told(one, words) for one in found},
            blocking=[one for one in found if one.blocks],
            notes=[one for one in found if not one.blocks],
            sentence=sentence,
            done=request.query.get("done", ""),
            **await frame(campaign, self._parts, words),
        )

    def _groups(
        self,
        step: str,
        settings: Settings,
        words: Words,
        typed: Typed,
        mistakes: Mapping[str, Sequence[tuple[str, bool]]],
    ) -> list[tuple[str, list[Shown]]]:
        known = self._rules.known()
        return [
            (group.name, [shown(one, settings, known, words, typed, mistakes) for one in group.fields])
            for group in STEPS.get(step, ())
        ]


def _step_of(request: web.Request) -> str:
    """Raises Fault 400."""
    step = request.query.get("step", "what")
    if step not in (*STEPS, CHECK):
        raise Fault(400, f"`step` is one of {', '.join(STEPS)} and {CHECK}.")
    return step


def _by_field(found: Sequence[Mistake], step: str, words: Words) -> dict[str, list[tuple[str, bool]]]:
    told: dict[str, list[tuple[str, bool]]] = {}
    fields = fields_of(step) if step in STEPS else ()
    for one in found:
        path = place_of(one.field, fields)
        if path is not None:
            told.setdefault(path, []).append((mistake_told(one, words), one.blocks))
    return told


def _place(mistake: Mistake) -> tuple[str, str]:
    """The step and the field where it is put right; "" for a field that no form has."""
    for step in STEPS:
        path = place_of(mistake.field, fields_of(step))
        if path is not None:
            return step, path
    return "what", ""
