"""/campaigns: made, changed, checked, started and stopped, and what each does now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from console.api.access import Role, Scope
from console.api.campaign_live_shapes import CampaignLiveShape, LiveQuery, live_shape
from console.api.campaign_shapes import (
    CampaignCheck,
    CampaignCountersShape,
    CampaignExplanation,
    CampaignOrder,
    CampaignPage,
    CampaignPatch,
    CampaignSettings,
    CampaignShape,
    CampaignsQuery,
    LeadCountShape,
    LimitsShape,
    MistakeShape,
    NewCampaign,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from dialer.abandon_window import window_began
from dialer.campaign import Campaign, CampaignMove, CampaignState
from dialer.mistakes import Mistake
from dialer.reasons import Reason, sentence
from engine.campaign_live import campaign_live
from engine.campaign_rules import HasMistakes
from engine.registers.refusals import Changed

_TAG = "campaigns"
_LARGEST_SETTINGS = 256 * 1024
_READER: TypeAdapter[Campaign] = TypeAdapter(Campaign)
_MOVES = {
    CampaignMove.START: "Start a campaign that has no mistakes",
    CampaignMove.PAUSE: "Place no more calls; those that go on are finished",
    CampaignMove.RESUME: "Go on with a campaign that was paused",
    CampaignMove.FINISH: "End a campaign",
    CampaignMove.REOPEN: "Open a finished campaign again; it is paused then",
}


class CampaignsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._campaigns = parts.campaigns
        self._leads = parts.leads
        self._rules = parts.campaign_rules
        self._clock = parts.clock
        self._run = parts.explain_campaign
        self._refresh = parts.refresh_campaigns
        self._minutes = parts.campaign_minutes

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.CAMPAIGNS_READ, "role": Role.SUPERVISOR}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.CAMPAIGNS_WRITE, "role": Role.MANAGER}
        one = "/campaigns/{campaign_id}"
        return (
            Operation(
                "GET", "/campaigns", "list_campaigns", self._list, "Campaigns, the newest first",
                query=CampaignsQuery, answer=CampaignPage, **read,
            ),
            Operation(
                "POST", "/campaigns", "create_campaign", self._create, "Make a campaign, as a draft",
                description="A draft may have mistakes; `check` tells them, and it does not start with any.",
                body=NewCampaign, answer=CampaignShape, status=201, keyed=True,
                largest_body=_LARGEST_SETTINGS, **write,
            ),
            Operation("GET", one, "get_campaign", self._get, "One campaign", answer=CampaignShape, **read),
            Operation(
                "PATCH", one, "change_campaign", self._change, "Change a campaign, running or not",
                description="One that runs takes no change that would have kept it from starting.",
                body=CampaignPatch, answer=CampaignShape, if_match=True, largest_body=_LARGEST_SETTINGS,
                **write,
            ),
            Operation(
                "GET", f"{one}/check", "check_campaign", self._check,
                "What is wrong with it, and what the rules ask of it", answer=CampaignCheck, **read,
            ),
            Operation(
                "GET", f"{one}/explain", "explain_campaign", self._explain,
                "What it does now, and why",
                description="Its leads by reason, its counters, what its pacer has learned.",
                answer=CampaignExplanation, **read,
            ),
            Operation(
                "GET", f"{one}/live", "get_campaign_live", self._live,
                "Its day so far: agents, calls and the abandon cap's window",
                description="By periods of five minutes, counted anew at each request.",
                query=LiveQuery, answer=CampaignLiveShape, **read,
            ),
            *(
                Operation(
                    "POST", f"{one}/{move}", f"{move}_campaign", self._mover(move), summary,
                    body=CampaignOrder, answer=CampaignShape, keyed=True, **write,
                )
                for move, summary in _MOVES.items()
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: CampaignsQuery = asked.query
        after = after_of(query.cursor, "time", "id")
        page = await self._campaigns.list(query.state, limit=query.limit, after=after)
        items = [campaign_shape(campaign) for campaign in page.items]
        return Answer(CampaignPage(items=items, next=next_of(page)))

    async def _create(self, asked: Asked) -> Answer:
        body: NewCampaign = asked.body
        now = self._clock.now()
        wanted = _READER.validate_python({**body.model_dump(), "created_at": now, "updated_at": now})
        made = await self._campaigns.create(asked.actor, wanted)
        headers = {"Location": f"/api/v1/campaigns/{made.id}"}
        return Answer(campaign_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        return _shown(await self._campaigns.get(asked.path["campaign_id"]))

    async def _change(self, asked: Asked) -> Answer:
        known = await self._campaigns.get(asked.path["campaign_id"])
        if known.version != asked.if_match:
            raise Changed(
                "The campaign was changed meanwhile; read it again, then change that.", known.version
            )
        given: set[str] = asked.body.model_fields_set
        settings = CampaignSettings.model_validate(known, from_attributes=True).model_dump()
        settings |= asked.body.model_dump(include=given)
        times = {"created_at": known.created_at, "updated_at": known.updated_at}
        wanted = _READER.validate_python({**settings, **times, "id": known.id})
        after = replace(known, **{name: getattr(wanted, name) for name in given})
        if known.state is CampaignState.RUNNING:
            before = {one.field for one in await self._rules.mistakes(known) if one.blocks}
            found = [one for one in await self._rules.mistakes(after) if one.blocks]
            if new := [one for one in found if one.field not in before]:
                raise _refused(
                    new, "The campaign runs, and would have mistakes: see errors, or pause it first."
                )
        done = await self._campaigns.change(asked.actor, after)
        self._refresh()
        return _shown(done)

    async def _check(self, asked: Asked) -> Answer:
        campaign = await self._campaigns.get(asked.path["campaign_id"])
        found = await self._rules.mistakes(campaign)
        return Answer(
            CampaignCheck(
                may_start=not any(one.blocks for one in found),
                mistakes=[
                    MistakeShape(field=one.field, code=one.code, sentence=one.sentence, blocks=one.blocks)
                    for one in found
                ],
                limits=self._limits(campaign),
            )
        )

    async def _explain(self, asked: Asked) -> Answer:
        campaign = await self._campaigns.get(asked.path["campaign_id"])
        now = self._clock.now()
        limits = self._limits(campaign)
        since = window_began(self._rules.limits(campaign), campaign.started_at or campaign.created_at, now)
        counted = await self._campaigns.counters(campaign.id, since)
        dialling = self._rules.dialling(campaign, now)
        pacer = await self._campaigns.knowledge(campaign.id)
        return Answer(
            CampaignExplanation(
                state=campaign.state,
                state_cause=campaign.state_cause,
                state_note=campaign.state_note,
                dialling=campaign.state is CampaignState.RUNNING and dialling.open,
                changes_at=dialling.changes_at,
                next_due=await self._leads.next_due(campaign.id),
                leads=[
                    LeadCountShape(
                        state=one.state,
                        reason=one.reason,
                        sentence=sentence(Reason(one.reason)),
                        count=one.count,
                    )
                    for one in await self._leads.counts(campaign.id)
                ],
                counters=CampaignCountersShape(
                    since=since,
                    attempts=counted.attempts,
                    live=counted.live,
                    abandoned=counted.abandoned,
                    abandon_rate=counted.abandoned / counted.live if counted.live else None,
                    machines=counted.machines,
                    audited=counted.audited,
                    mistaken=counted.mistaken,
                ),
                limits=limits,
                pacer=None if pacer is None else dict(pacer),
                run=self._run(campaign.id),
            )
        )

    async def _live(self, asked: Asked) -> Answer:
        query: LiveQuery = asked.query
        campaign = await self._campaigns.get(asked.path["campaign_id"])
        live = await campaign_live(
            campaign,
            campaigns=self._campaigns,
            minutes=self._minutes,
            limits=self._rules.limits(campaign),
            run=self._run(campaign.id),
            now=self._clock.now(),
            day=query.day,
        )
        return Answer(live_shape(live))

    def _mover(self, move: CampaignMove) -> Any:
        async def moved(asked: Asked) -> Answer:
            body: CampaignOrder = asked.body
            campaign = asked.path["campaign_id"]
            try:
                done = await self._rules.move(asked.actor, campaign, move, body.reason or "")
            except HasMistakes as wrong:
                told = "The campaign has mistakes, so it does not start: see errors."
                raise _refused(wrong.mistakes, told) from wrong
            self._refresh()
            return _shown(done)

        return moved

    def _limits(self, campaign: Campaign) -> LimitsShape:
        packs = self._rules.packs(campaign)
        return LimitsShape.model_validate(
            {"packs": [pack.name for pack in packs], **_plain(self._rules.limits(campaign))}
        )


def campaign_shape(campaign: Campaign) -> CampaignShape:
    return CampaignShape.model_validate(campaign, from_attributes=True)


def _shown(campaign: Campaign) -> Answer:
    return Answer(campaign_shape(campaign), version=campaign.version)


def _refused(mistakes: Iterable[Mistake], detail: str) -> Problem:
    errors = [FieldError(f"campaign.{one.field}", one.sentence) for one in mistakes]
    return Problem(422, "refused", detail, errors=errors)


def _plain(limits: Any) -> dict[str, object]:
    return {name: getattr(limits, name) for name in LimitsShape.model_fields if name != "packs"}
