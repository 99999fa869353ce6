"""SqlShortLinks: where short links lead; who follows one has got its message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock
from engine.registers.followups import Followed
from engine.registers.messages import Move
from messaging.links import is_link_id
from messaging.states import MessageState
from store.message_moves import Moves
from store.registers.transactions import read, written
from store.tables import short_links

FOLLOWED = "its link was followed"


class SqlShortLinks:
    """Implements engine.registers.followups.ShortLinks."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def follow(self, id: str, at: datetime, *, by_a_person: bool) -> Followed | None:
        if not is_link_id(id):
            return None
        row = short_links.c
        chosen = select(short_links).where(row.id == id)
        found = await read(self._engine, lambda connection: connection.execute(chosen).one_or_none())
        if found is None:
            return None
        if found.expires_at <= at:
            return Followed(None)
        if by_a_person and found.followed_at is None:
            now = self._clock.now()

            def work(connection: Connection) -> None:
                first = update(short_links).where(row.id == id, row.followed_at.is_(None))
                if connection.execute(first.values(followed_at=at)).rowcount == 1:
                    moves = Moves(connection, now)
                    moves.make([Move(found.message_id, MessageState.CHECKED, at, FOLLOWED, "link")])
                    moves.write()

            await written(self._engine, work)
        return Followed(str(found.target))
