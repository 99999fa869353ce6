"""SqlCascades: runs of cascades, moved on one transaction at a time."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.cascades import Advance, KeptRun, RunAndPerson, RunNews
from engine.registers.messages import Message, Move
from engine.registers.pages import Page
from engine.registers.refusals import Missing
from messaging.cascade import Ending
from messaging.mailing import MailingState
from messaging.states import MessageState
from store.cascade_writing import add_run, tell_runs
from store.link_adding import add_links
from store.mailing_rows import HAPPENED, HELD, STOPPED, news_of, run_columns, run_of
from store.message_adding import add_messages
from store.message_moves import Moves
from store.registers.profiles import PERSON, family, profiles, survivor_of
from store.registers.transactions import read, written
from store.tables import cascade_news, cascade_runs, contacts, mailings

_c = cascade_runs.c
_n = cascade_news.c
WITHDRAWN = "the cascade went on, or is over"


class SqlCascades:
    """Implements engine.registers.cascades.Cascades."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def begin(self, advance: Advance) -> bool:
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            if not add_run(connection, advance.kept):
                return False
            add_messages(connection, advance.messages, self._ids.new, now)
            add_links(connection, advance.links)
            return True

        return await written(self._engine, work)

    async def get(self, id: str) -> KeptRun:
        asked = select(cascade_runs).where(_c.id == id)
        row = await read(self._engine, lambda connection: connection.execute(asked).one_or_none())
        if row is None:
            raise Missing(f"There is no cascade on its way {id}.")
        return run_of(row)

    async def list(
        self,
        *,
        mailing: str | None = None,
        ending: Ending | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[KeptRun]:
        asked = select(cascade_runs).order_by(_c.created_at.desc(), _c.id.desc()).limit(limit + 1)
        if mailing is not None:
            asked = asked.where(_c.mailing == mailing)
        if ending is not None:
            asked = asked.where(_c.ending == ending.value)
        if after is not None:
            last = tuple_(datetime.fromisoformat(after[0]), after[1])
            asked = asked.where(tuple_(_c.created_at, _c.id) < last)
        rows = await read(self._engine, lambda connection: connection.execute(asked).all())
        items = tuple(run_of(row) for row in rows[:limit])
        following = (items[-1].created_at.isoformat(), items[-1].id) if len(rows) > limit else None
        return Page(items, following)

    async def happened(self, contact_id: str, event: str, *, key: str | None = None) -> int:
        now, told = self._clock.now(), key or self._ids.new()

        def listing(connection: Connection) -> builtins.list[str]:
            try:
                person = survivor_of(connection, contact_id)
            except Missing:
                return []
            people = builtins.list(family(connection, [person]))
            going = select(cascade_runs).where(_c.contact_id.in_(people), _c.ending.is_(None))
            return [row.id for row in connection.execute(going) if event in row.plan["stops_on"]]

        runs = await read(self._engine, listing)
        news = [(run, HAPPENED, None, event, f"{told}.{run}") for run in runs]
        if news:
            await written(self._engine, lambda connection: tell_runs(connection, news, now))
        return len(news)

    async def stop(self, id: str) -> None:
        await self.get(id)
        now = self._clock.now()
        told = [(id, STOPPED, None, "", f"{id}.stopped")]
        await written(self._engine, lambda connection: tell_runs(connection, told, now))

    async def awaited(self) -> bool:
        going = select(_c.id).where(_c.ending.is_(None)).limit(1)
        return await read(self._engine, lambda connection: connection.execute(going).first() is not None)

    async def pending(self, *, limit: int, without: Collection[str] = ()) -> Sequence[RunAndPerson]:
        now = self._clock.now()
        heard_of = select(_n.run).join(cascade_runs, _c.id == _n.run).order_by(_n.at, _n.id).limit(limit)
        due = select(_c.id).where(_c.ending.is_(None), _c.deadline <= now).order_by(_c.deadline).limit(limit)
        if without:
            heard_of = heard_of.where(_n.run.not_in(without))
            due = due.where(_c.id.not_in(without))

        def work(connection: Connection) -> builtins.list[RunAndPerson]:
            ids = dict.fromkeys([*connection.execute(heard_of).scalars(), *connection.execute(due).scalars()])
            wanted = builtins.list(ids)[:limit]
            if not wanted:
                return []
            rows = {row.id: row for row in connection.execute(select(cascade_runs).where(_c.id.in_(wanted)))}
            news: dict[str, builtins.list[RunNews]] = {}
            heard = select(cascade_news).where(_n.run.in_(wanted)).order_by(_n.at, _n.id)
            for one in connection.execute(heard):
                news.setdefault(one.run, []).append(news_of(one))
            named = {row.contact_id for row in rows.values()}
            asked = select(contacts.c.id, PERSON.label("person")).where(contacts.c.id.in_(named))
            persons = {row.id: row.person for row in connection.execute(asked)}
            people = profiles(connection, builtins.list(set(persons.values())))
            found = []
            for row in (rows[one] for one in wanted if one in rows):
                contact = people.get(persons.get(row.contact_id, ""))
                erased = contact is None or contact.erased_at is not None
                told = tuple(news.get(row.id, ()))
                found.append(RunAndPerson(run_of(row), None if erased else contact, told))
            return found

        return await read(self._engine, work)

    async def keep(self, advances: Sequence[Advance]) -> int:
        now = self._clock.now()

        def work(connection: Connection) -> int:
            known = select(_c.id, _c.version).where(_c.id.in_([one.kept.id for one in advances]))
            locked = known.order_by(_c.id).with_for_update()
            versions = {row.id: row.version for row in connection.execute(locked)}
            ours = [one for one in advances if versions.get(one.kept.id) == one.kept.version]
            for one in ours:
                changed = update(cascade_runs).where(_c.id == one.kept.id)
                connection.execute(changed.values(version=one.kept.version + 1, **run_columns(one.kept)))
            if told := [heard for one in ours for heard in one.news]:
                connection.execute(delete(cascade_news).where(_n.id.in_(told)))
            new = _held(connection, [message for one in ours for message in one.messages])
            add_messages(connection, new, self._ids.new, now)
            add_links(connection, [link for one in ours for link in one.links])
            withdrawn = [one.kept.message_id(step) for one in ours for step in one.withdrawn]
            moves = Moves(connection, now)
            moves.make([Move(one, MessageState.STOPPED, now, WITHDRAWN, "withdrawn") for one in withdrawn])
            moves.write()
            return len(ours)

        return await written(self._engine, work) if advances else 0


def _held(connection: Connection, new: Sequence[Message]) -> Sequence[Message]:
    """What runs of a paused mailing write next waits with the rest. It goes on after this transaction."""
    named = sorted({message.mailing for message in new if message.mailing is not None})
    if not named:
        return new
    paused = select(mailings.c.id).where(
        mailings.c.id.in_(named), mailings.c.state == MailingState.PAUSED.value
    )
    waiting = set(connection.execute(paused.with_for_update(read=True)).scalars())
    return [replace(one, not_before=HELD) if one.mailing in waiting else one for one in new]
