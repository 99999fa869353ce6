"""SqlFollowups: what rules answered, in one transaction with how far they have read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.outbox_jobs import CHECKED_TOPIC
from engine.ports import Clock, Ids
from engine.registers.followups import Followup, Limit, Served
from engine.registers.messages import Message, Move
from messaging.followups import CallFacts
from messaging.states import MessageState
from store.link_adding import add_links
from store.message_adding import add_messages
from store.message_moves import Moves
from store.outbox import open_jobs
from store.registers.profiles import family, survivor_of
from store.registers.transactions import read, written
from store.tables import (
    call_events,
    followups,
    messages,
    one_time_codes,
    outbox,
    rating_requests,
    readers,
    short_links,
)

# Longer than any rule looks back, and any link that somebody may still ask about.
KEPT = timedelta(days=40)
TIDIED_AT_ONCE = 500
SERVED = "somebody has talked with them meanwhile"
_KINDS = ("queued", "agent_connected", "queue_left")


class SqlFollowups:
    """Implements engine.registers.followups.Followups."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def read_up_to(self, reader: str) -> int | None:
        chosen = select(readers.c.number).where(readers.c.name == reader)
        return await read(self._engine, lambda connection: connection.execute(chosen).scalar())

    async def keep(
        self,
        reader: str,
        was: int | None,
        number: int,
        made: Sequence[Followup],
        served: Sequence[Served] = (),
    ) -> int | None:
        now = self._clock.now()

        def work(connection: Connection) -> int | None:
            if not _read_on(connection, reader, was, number):
                return None
            _stop(connection, served, now)
            # A thing may be told twice in one batch, such as two talks of one agent that ended alike.
            first = {(one.key, one.rule): one for one in reversed(made)}
            fresh = [one for one in reversed(first.values()) if _is_new(connection, one)]
            kept: list[Followup] = []
            for one in fresh:
                if not any(_is_reached(connection, one, limit, kept) for limit in one.limits):
                    kept.append(one)
            if not kept:
                return 0
            add_messages(connection, [one.message for one in kept], self._ids.new, now)
            connection.execute(
                insert(followups),
                [{"key": one.key, "rule": one.rule, "at": now, "message_id": one.message.id} for one in kept],
            )
            add_links(connection, [one.link for one in kept if one.link is not None])
            asked = [
                {
                    "message_id": one.message.id,
                    "call_id": one.rating.call_id,
                    "step": one.rating.step,
                    "until": one.rating.until,
                }
                for one in kept
                if one.rating is not None
            ]
            if asked:
                connection.execute(insert(rating_requests), asked)
            return len(kept)

        return await written(self._engine, work)

    async def call_facts(self, call_id: str) -> CallFacts:
        row = call_events.c
        told = select(row.kind, row.data).where(row.call_id == call_id, row.kind.in_(_KINDS))
        rows = await read(self._engine, lambda one: one.execute(told.order_by(row.seq)).all())
        queue = agent = left = ""
        talked, waited = False, 0.0
        for one in rows:
            if one.kind == "agent_connected":
                talked, agent = True, str(one.data.get("agent") or "")
                queue = str(one.data.get("queue") or "")
            elif not talked:
                queue = str(one.data.get("queue") or "")
                if one.kind == "queue_left":
                    left = str(one.data.get("outcome") or "")
                    waited = float(one.data.get("waited_seconds") or 0.0)
        return CallFacts(queue, agent, talked, left, waited)

    async def check_messages(self, *, limit: int) -> int:
        now = self._clock.now()
        jobs = outbox.c
        due = (
            select(jobs.id, jobs.payload)
            .where(jobs.topic == CHECKED_TOPIC, open_jobs(), jobs.not_before <= now)
            .order_by(jobs.not_before, jobs.id)
            .limit(limit)
        )

        def work(connection: Connection) -> int:
            rows = connection.execute(due.with_for_update(skip_locked=True)).all()
            if not rows:
                return 0
            done = update(outbox).where(jobs.id.in_([row.id for row in rows]))
            connection.execute(done.values(done_at=now, last_error=None))
            moves = Moves(connection, now)
            moves.make(
                [
                    Move(
                        row.payload["message"],
                        MessageState.CHECKED,
                        datetime.fromisoformat(row.payload["at"]),
                    )
                    for row in rows
                ]
            )
            moves.write()
            return len(rows)

        if not await read(self._engine, lambda one: one.execute(due.limit(1)).first()):
            return 0
        return await written(self._engine, work)

    async def tidy(self) -> None:
        before = self._clock.now() - KEPT
        old = (
            (short_links, short_links.c.id, short_links.c.expires_at),
            (one_time_codes, one_time_codes.c.id, one_time_codes.c.expires_at),
            (rating_requests, rating_requests.c.message_id, rating_requests.c.until),
            (followups, followups.c.key, followups.c.at),
        )

        def work(connection: Connection) -> None:
            for table, key, at in old:
                some = select(key).where(at < before).limit(TIDIED_AT_ONCE)
                connection.execute(delete(table).where(key.in_(some), at < before))

        await written(self._engine, work)


def _read_on(connection: Connection, reader: str, was: int | None, number: int) -> bool:
    if was is None:
        dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
        first = dialect(readers).values(name=reader, number=number).on_conflict_do_nothing()
        return connection.execute(first).rowcount == 1
    on = update(readers).where(readers.c.name == reader, readers.c.number == was)
    return connection.execute(on.values(number=number)).rowcount == 1


def _is_new(connection: Connection, one: Followup) -> bool:
    known = select(followups.c.key).where(followups.c.key == one.key, followups.c.rule == one.rule)
    return connection.execute(known).first() is None


def _stop(connection: Connection, served: Sequence[Served], now: datetime) -> None:
    moves = Moves(connection, now)
    for one in served:
        queued = (
            select(messages.c.id)
            .join(followups, followups.c.message_id == messages.c.id)
            .where(
                followups.c.rule.in_(one.rules),
                messages.c.state == MessageState.QUEUED.value,
                _theirs(connection, one.point.value, one.contact_id),
            )
        )
        ids = connection.execute(queued.order_by(messages.c.id)).scalars().all()
        moves.make([Move(message, MessageState.STOPPED, now, SERVED, "served") for message in ids])
    moves.write()


def _theirs(connection: Connection, value: str, contact_id: str | None) -> ColumnElement[bool]:
    """Messages to that point, or to the person whom the contact stands for."""
    theirs = messages.c.point_value == value
    if contact_id is None:
        return theirs
    person = survivor_of(connection, contact_id)
    return theirs | messages.c.contact_id.in_(list(family(connection, [person])))


def _is_reached(connection: Connection, one: Followup, limit: Limit, kept: Sequence[Followup]) -> bool:
    """Counting those that are about to be written with it."""
    message = one.message
    now = sum(1 for other in kept if other.rule in limit.rules and _same_person(other.message, message))
    if now >= limit.most:
        return True
    value = "" if message.point is None else message.point.value
    theirs = _theirs(connection, value, message.contact_id)
    before = (
        select(func.count())
        .select_from(followups.join(messages, messages.c.id == followups.c.message_id))
        .where(followups.c.rule.in_(limit.rules), followups.c.at > limit.since, theirs)
    )
    return now + connection.execute(before).scalar_one() >= limit.most


def _same_person(one: Message, other: Message) -> bool:
    if one.contact_id is not None and one.contact_id == other.contact_id:
        return True
    return one.point is not None and one.point == other.point
