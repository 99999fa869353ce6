"""SqlRatings: grades, counted in the calls' log each time they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, union
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.ratings import RatingCount
from store.registers.transactions import read
from store.tables import call_events, calls, chats

_KINDS = ("agent_connected", "transferred", "rated")


class SqlRatings:
    """Implements engine.registers.ratings.Ratings."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def since(self, since: datetime) -> Sequence[RatingCount]:
        row = call_events.c
        recent = union(
            select(calls.c.id).where(calls.c.started_at >= since),
            select(chats.c.id).where(chats.c.opened_at >= since),
        )
        rated = select(row.call_id).where(row.call_id.in_(recent), row.kind == "rated")
        told = (
            select(row.call_id, row.kind, row.data)
            .where(row.call_id.in_(rated), row.kind.in_(_KINDS))
            .order_by(row.call_id, row.seq)
        )

        def work(connection: Connection) -> Sequence[RatingCount]:
            # Who goes back to a question answers it once: the last grade counts.
            grades: dict[tuple[str, int, tuple[str, str], str], int | None] = {}
            call, talks, talk = "", 0, ("", "")
            for one in connection.execute(told):
                if one.call_id != call:
                    call, talks, talk = one.call_id, 0, ("", "")
                if one.kind == "agent_connected":
                    talks += 1
                    talk = (str(one.data.get("queue") or ""), str(one.data.get("agent") or ""))
                    continue
                if one.kind == "transferred":
                    if one.data.get("kind") == "agent":  # who took the call over is graded
                        talk = (talk[0], str(one.data["target"]))
                    continue
                question, grade = (call, talks, talk, str(one.data.get("step"))), one.data.get("rating")
                grades[question] = grades.get(question) if grade is None else int(grade)
            found: dict[tuple[str, str], RatingCount] = {}
            for (_, _, talk, _), grade in grades.items():
                count = found.get(talk, RatingCount(*talk))
                if grade is None:
                    found[talk] = replace(count, declined=count.declined + 1)
                else:
                    found[talk] = replace(count, rated=count.rated + 1, total=count.total + grade)
            return [found[key] for key in sorted(found)]

        return await read(self._engine, work)
