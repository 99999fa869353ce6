"""SqlCampaignForecasts: a row for each campaign of which a forecast was made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.forecasts import ForecastOrder, ForecastPlace, ForecastState, KeptForecast
from store.campaign_rows import json_of
from store.registers.campaigns import campaign_row
from store.registers.transactions import reading, written
from store.tables import campaign_forecasts

_columns = campaign_forecasts.c


class SqlCampaignForecasts:
    """Implements engine.registers.campaign_forecasts.CampaignForecasts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, made: KeptForecast) -> None:
        if made.ended_at is None or made.result is None:
            raise ValueError(f"The forecast of {made.campaign} has no result to be kept.")
        ended_at, order = made.ended_at, made.order
        row = {
            "campaign": made.campaign,
            "begun_at": made.begun_at,
            "ended_at": ended_at,
            "place": order.place.value,
            "made_by": order.by,
            "agents": order.agents,
            "days": order.days,
            "changes": list(order.changes),
            "settings": json_of(made.settings),
            "result": json_of(made.result),
        }
        its_own = _columns.campaign == made.campaign

        def work(connection: Connection) -> None:
            campaign_row(connection, made.campaign, lock=True)  # two at a time would both insert
            known = connection.execute(select(_columns.ended_at).where(its_own)).scalar_one_or_none()
            if known is not None and known > ended_at:
                return
            connection.execute(delete(campaign_forecasts).where(its_own))
            connection.execute(insert(campaign_forecasts).values(row))

        await written(self._engine, work)

    async def latest(self, campaign: str) -> KeptForecast | None:
        wanted = select(campaign_forecasts).where(_columns.campaign == campaign)
        async with reading(self._engine) as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else _forecast_of(row)


def _forecast_of(row: Row[Any]) -> KeptForecast:
    order = ForecastOrder(row.agents, row.days, tuple(row.changes), ForecastPlace(row.place), row.made_by)
    return KeptForecast(
        row.campaign,
        order,
        row.begun_at,
        ForecastState.DONE,
        ended_at=row.ended_at,
        result=row.result,
        settings=row.settings,
    )
