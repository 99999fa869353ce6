"""SqlAttempts: what campaigns have called, and what people heard of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.attempt import Attempt, Verdict
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from store.attempt_rows import attempt_of
from store.audit import note
from store.registers.transactions import reading, written
from store.tables import attempts

_columns = attempts.c
_NEWEST = (_columns.at.desc(), _columns.id.desc())


class SqlAttempts:
    """Implements engine.registers.attempts.Attempts."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, id: str) -> Attempt:
        found = await self._read(select(attempts).where(_columns.id == id))
        if not found:
            raise _missing(id)
        return found[0]

    async def of_lead(self, lead: str, *, limit: int = 50) -> Sequence[Attempt]:
        mine = select(attempts).where(_columns.lead == lead).order_by(*_NEWEST)
        return await self._read(mine.limit(limit))

    async def page(
        self, campaign: str, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Attempt]:
        asked = select(attempts).where(_columns.campaign == campaign).order_by(*_NEWEST).limit(limit + 1)
        if after is not None:
            last = datetime.fromisoformat(after[0]), after[1]
            asked = asked.where(tuple_(_columns.at, _columns.id) < tuple_(*last))
        async with reading(self._engine) as connection:
            rows = (await connection.execute(asked)).all()
        items = tuple(attempt_of(row) for row in rows[:limit])
        more = (rows[limit - 1].at.isoformat(), items[-1].id) if len(rows) > limit else None
        return Page(items, more)

    async def open(self, node: str) -> Sequence[Attempt]:
        mine = select(attempts).where(_columns.ended_at.is_(None), _columns.node == node)
        return await self._read(mine.order_by(_columns.at, _columns.id))

    async def forgotten(
        self, node: str, before: datetime, campaigns: Collection[str], *, limit: int = 100
    ) -> Sequence[Attempt]:
        theirs = select(attempts).where(
            _columns.ended_at.is_(None),
            _columns.node != node,
            _columns.at < before,
            _columns.campaign.in_(sorted(campaigns)),
        )
        return await self._read(theirs.order_by(_columns.at, _columns.id).limit(limit))

    async def to_audit(self, campaign: str, since: datetime, *, limit: int = 50) -> Sequence[Attempt]:
        unheard = select(attempts).where(
            _columns.campaign == campaign,
            _columns.at >= since,
            _columns.verdict == Verdict.MACHINE.value,
            _columns.audited.is_(None),
        )
        return await self._read(unheard.order_by(*_NEWEST).limit(limit))

    async def audit(self, actor: Actor, id: str, heard: Verdict) -> Attempt:
        if heard is Verdict.UNSURE:
            raise Refused("Say whether a human or a machine is heard, or leave it out.", "heard")
        this = _columns.id == id

        def work(connection: Connection) -> Attempt:
            row = connection.execute(select(attempts).where(this).with_for_update()).one_or_none()
            if row is None:
                raise _missing(id)
            attempt = attempt_of(row)
            if attempt.verdict is not Verdict.MACHINE:
                raise Refused("Only a call that was taken for a machine's is listened to so.", "verdict")
            connection.execute(update(attempts).where(this).values(audited=heard.value))
            about = {"heard": heard.value, "campaign": attempt.campaign}
            note(connection, actor, "attempt.audited", f"call:{id}", about, self._clock.now())
            return replace(attempt, audited=heard)

        return await written(self._engine, work)

    async def _read(self, wanted: Select[Any]) -> Sequence[Attempt]:
        async with reading(self._engine) as connection:
            return [attempt_of(row) for row in await connection.execute(wanted)]


def _missing(id: str) -> Missing:
    return Missing(f"There is no attempt {id}.")
