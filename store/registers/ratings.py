"""SqlRatings: grades, counted in the calls' log each time they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.ratings import RatingCount
from store.registers.transactions import read
from store.tables import call_events, calls

_KINDS = ("agent_connected", "transferred", "rated")


class SqlRatings:
    """Implements engine.registers.ratings.Ratings."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def since(self, since: datetime) -> Sequence[RatingCount]:
        row = call_events.c
        recent = select(calls.c.id).where(calls.c.started_at >= since)
        rated = select(row.call_id).where(row.call_id.in_(recent), row.kind == "rated")
        told = (
            select(row.call_id, row.kind, row.data)
            .where(row.call_id.in_(rated), row.kind.in_(_KINDS))
            .order_by(row.call_id, row.seq)
        )

        def work(connection: Connection) -> Sequence[RatingCount]:
            found: dict[tuple[str, str], RatingCount] = {}
            call, talk = "", ("", "")
            for one in connection.execute(told):
                if one.call_id != call:
                    call, talk = one.call_id, ("", "")
                if one.kind == "agent_connected":
                    talk = (str(one.data.get("queue") or ""), str(one.data.get("agent") or ""))
                    continue
                if one.kind == "transferred":
                    if one.data.get("kind") == "agent":  # who took the call over is graded
                        talk = (talk[0], str(one.data["target"]))
                    continue
                count, grade = found.get(talk, RatingCount(*talk)), one.data.get("rating")
                if grade is None:
                    found[talk] = replace(count, declined=count.declined + 1)
                else:
                    found[talk] = replace(count, rated=count.rated + 1, total=count.total + int(grade))
            return [found[key] for key in sorted(found)]

        return await read(self._engine, work)
