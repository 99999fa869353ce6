"""Publications as they are read, and up to which number all are there.

On PostgreSQL a transaction that took a smaller number may commit after one that took a greater one, so a
reader that goes by numbers alone would pass it over. So the last number L is read, and then a transaction id
X is taken: whoever took a number up to L had a smaller id before. Once no transaction below X runs, nothing
more can come at or below L. (The end of a snapshot will not do for X: it is not beyond those that run.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.ports import StoreUnavailable
from engine.registers.publications import Told
from store.registers.transactions import reading
from store.tables import publications

# How long the first answer may wait for transactions that were running before.
FIRST_LIMIT_SECONDS = 5.0
_LOOK_SECONDS = 0.05
# Marks kept while one long transaction holds all back; of more, the last one stands for the others.
_MOST_MARKS = 1000

_LAST_NUMBER = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM publications_number_seq")
_NEXT_ID = text("SELECT pg_current_xact_id()::text::bigint")
_OLDEST_RUNNING = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


class SqlPublications:
    """Implements engine.registers.publications.PublicationLog."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._marks: deque[tuple[int, int]] = deque()
        self._settled: int | None = None
        self._looking = asyncio.Lock()

    async def settled(self) -> int:
        loop = asyncio.get_running_loop()
        until = loop.time() + FIRST_LIMIT_SECONDS
        while True:
            async with self._looking, reading(self._engine) as connection:
                found = await self._look(connection)
            if found is not None:
                return found
            if loop.time() >= until:
                raise StoreUnavailable("a transaction has been open for long; events wait for its end")
            await asyncio.sleep(_LOOK_SECONDS)

    async def between(
        self,
        after: int,
        until: int,
        *,
        limit: int,
        kinds: Collection[str] = (),
        subject: str | None = None,
    ) -> Sequence[Told]:
        wanted = (
            select(publications)
            .where(publications.c.number > after, publications.c.number <= until)
            .order_by(publications.c.number)
            .limit(limit)
        )
        if kinds:
            wanted = wanted.where(publications.c.kind.in_(sorted(kinds)))
        if subject is not None:
            wanted = wanted.where(publications.c.subject == subject)
        async with reading(self._engine) as connection:
            return [told_of(row) for row in (await connection.execute(wanted)).all()]

    async def _look(self, connection: AsyncConnection) -> int | None:
        """None: not known yet, since this process began."""
        if self._engine.dialect.name == "sqlite":  # one transaction writes at a time
            last = await connection.scalar(select(func.coalesce(func.max(publications.c.number), 0)))
            return int(last or 0)
        number = await connection.scalar(_LAST_NUMBER) or 0
        # Only for what is new: an idle follower uses up no ids.
        if number > (self._marks[-1][0] if self._marks else self._settled or -1):
            if len(self._marks) == _MOST_MARKS:
                self._marks.pop()
            self._marks.append((number, await connection.scalar(_NEXT_ID) or 0))
        oldest = await connection.scalar(_OLDEST_RUNNING) or 0
        while self._marks and self._marks[0][1] <= oldest:
            self._settled = max(self._settled or 0, self._marks.popleft()[0])
        return self._settled


def told_of(row: Row[Any]) -> Told:
    return Told(row.number, row.id, row.at, row.kind, row.subject, row.seq, row.data)
