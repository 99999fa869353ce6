"""/campaigns/ID/forecast: what a day of calling would come to, made beside the calls."""

from __future__ import annotations

from typing import Any

from console.api.access import Role, Scope
from console.api.forecast_shapes import ForecastShape, NewForecast, forecast_shape
from console.api.operation import Answer, Asked, Operation
from console.api.parts import ApiParts
from console.api.problem import Problem
from dialer.campaign import Campaign
from engine.forecasts import ForecastBusy, ForecastOrder, ForecastPlace, Forecasts, by_of
from engine.registers.refusals import Refused

_AGAIN_SECONDS = 30


class ForecastsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        shared: dict[str, Any] = {"tag": "campaigns", "role": Role.SUPERVISOR, "answer": ForecastShape}
        path = "/campaigns/{campaign_id}/forecast"
        return (
            Operation(
                "GET", path, "get_forecast", self._get, "The last forecast, or how far it has come",
                scope=Scope.CAMPAIGNS_READ, **shared,
            ),
            Operation(
                "POST", path, "make_forecast", self._make, "Make a forecast",
                description="Who of the list may be called by hour and rule, and simulated days of calling "
                "them. It takes minutes: look until its state is done. One is made at a time.",
                body=NewForecast, status=202, keyed=True,
                scope=Scope.CAMPAIGNS_WRITE, **shared,
            ),
            Operation(
                "POST", f"{path}/cancel", "cancel_forecast", self._cancel, "Give up the one being made",
                keyed=True, scope=Scope.CAMPAIGNS_WRITE, **shared,
            ),
        )  # fmt: skip

    async def _get(self, asked: Asked) -> Answer:
        campaign = await self._parts.campaigns.get(asked.path["campaign_id"])
        desk = self._parts.forecasts
        kept = None if desk is None else await desk.latest(campaign.id)
        if kept is None:
            raise _none(campaign)
        return Answer(forecast_shape(kept, campaign))

    async def _make(self, asked: Asked) -> Answer:
        body: NewForecast = asked.body
        campaign = await self._parts.campaigns.get(asked.path["campaign_id"])
        agents = body.agents
        if agents is None:
            known = campaign.queue is not None and campaign.queue in self._parts.queues
            agents = len(self._parts.queues.agents_of(campaign.queue or "")) if known else 0
            if campaign.queue is not None and not agents:
                raise Refused("No agents of its queue are known: say how many there are.", "agents")
        changes = tuple(dict.fromkeys(change for change in body.what_if if change))
        try:
            order = ForecastOrder(agents, body.days, changes, ForecastPlace.API, by_of(asked.actor))
            kept = await self._desk().begin(campaign.id, order)
        except ForecastBusy as busy:
            headers = {"Retry-After": str(_AGAIN_SECONDS)}
            raise Problem(503, "busy", str(busy), headers=headers) from busy
        return Answer(
            forecast_shape(kept, campaign), headers={"Location": f"/api/v1/campaigns/{campaign.id}/forecast"}
        )

    async def _cancel(self, asked: Asked) -> Answer:
        campaign = await self._parts.campaigns.get(asked.path["campaign_id"])
        desk = self._parts.forecasts
        kept = None if desk is None else await desk.cancel(campaign.id)
        if kept is None:
            raise _none(campaign)
        return Answer(forecast_shape(kept, campaign))

    def _desk(self) -> Forecasts:
        if self._parts.forecasts is None:
            raise Problem(503, "unavailable", "No forecasts are made here.", headers={"Retry-After": "5"})
        return self._parts.forecasts


def _none(campaign: Campaign) -> Problem:
    return Problem(404, "not-found", f"No forecast of campaign {campaign.id} was made yet: make one.")
