"""SqlCampaignMinutes: agents' seconds kept minute by minute, and calls counted so in the rows of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, delete, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.attempt import Verdict
from engine.registers.campaign_minutes import AgentMinute, CallMinute
from engine.registers.campaigns import Lease
from store.registers.transactions import read, written
from store.tables import attempts, campaign_minutes

_kept, _tried = campaign_minutes.c, attempts.c


class SqlCampaignMinutes:
    """Implements engine.registers.campaign_minutes.CampaignMinutes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, lease: Lease, minutes: Sequence[AgentMinute]) -> None:
        if not minutes:
            return
        rows = [
            {
                "campaign": lease.campaign,
                "at": one.at,
                "fence": lease.fence,
                "ready_seconds": one.ready_seconds,
                "talking_seconds": one.talking_seconds,
                "wrapping_seconds": one.wrapping_seconds,
                "lines": one.lines,
                "held": one.held,
            }
            for one in minutes
        ]
        before = (
            (_kept.campaign == lease.campaign)
            & (_kept.fence == lease.fence)
            & _kept.at.in_([one.at for one in minutes])
        )

        def work(connection: Connection) -> None:
            connection.execute(delete(campaign_minutes).where(before))
            connection.execute(insert(campaign_minutes), rows)

        await written(self._engine, work)

    async def agents(self, campaign: str, since: datetime, until: datetime) -> Sequence[AgentMinute]:
        wanted = (
            select(
                _kept.at,
                func.sum(_kept.ready_seconds),
                func.sum(_kept.talking_seconds),
                func.sum(_kept.wrapping_seconds),
                func.max(_kept.lines),
                func.max(_kept.held),
            )
            .where(_kept.campaign == campaign, _kept.at >= since, _kept.at < until)
            .group_by(_kept.at)
            .order_by(_kept.at)
        )

        def work(connection: Connection) -> Sequence[AgentMinute]:
            return [AgentMinute(*row) for row in connection.execute(wanted)]

        return await read(self._engine, work)

    async def calls(self, campaign: str, since: datetime, until: datetime) -> Sequence[CallMinute]:
        minute = _minute(self._engine.dialect.name).label("minute")
        wanted = (
            select(
                minute,
                func.count(),
                _number(_tried.live),
                _number(_tried.abandoned),
                _number(_tried.verdict == Verdict.MACHINE.value),
            )
            .where(_tried.campaign == campaign, _tried.at >= since, _tried.at < until)
            .group_by(minute)
            .order_by(minute)
        )

        def work(connection: Connection) -> Sequence[CallMinute]:
            return [CallMinute(_time(row[0]), *row[1:]) for row in connection.execute(wanted)]

        return await read(self._engine, work)


def _minute(database: str) -> ColumnElement[Any]:
    """SQLite keeps times as text, in UTC."""
    if database == "sqlite":
        return func.substr(type_coerce(_tried.at, Text), 1, 16, type_=Text)
    return func.date_trunc("minute", _tried.at)


def _time(minute: str | datetime) -> datetime:
    if isinstance(minute, str):
        return datetime.strptime(minute, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return minute.astimezone(UTC)


def _number(holds: Any) -> Any:
    return func.coalesce(func.sum(case((holds, 1), else_=0)), 0)
