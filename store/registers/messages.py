"""SqlMessages: messages for pages, the API and the command line, one transaction a method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.messages import (
    LEFT,
    Message,
    MessageDirection,
    MessageEvent,
    MessageFilter,
    MessagePart,
    Move,
)
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from messaging.links import ShortLink
from messaging.states import MessageState
from store.audit import note
from store.link_adding import add_links
from store.message_adding import add_messages
from store.message_moves import Moves, batches, event_row, storable
from store.message_rows import event_of, message_of
from store.registers.prefixes import begins_with
from store.registers.profiles import family, survivor_of
from store.registers.transactions import read, written
from store.tables import message_events, message_parts, messages

_c = messages.c
# In one transaction, so that it is short.
STOPPED_AT_ONCE = 500


class SqlMessages:
    """Implements engine.registers.messages.Messages."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def add(
        self, messages: Sequence[Message], links: Sequence[ShortLink] = (), *, actor: Actor | None = None
    ) -> int:
        now, added = self._clock.now(), 0
        for some in batches(messages):

            def work(connection: Connection, some: Sequence[Message] = some) -> int:
                new = add_messages(connection, some, self._ids.new, now)
                theirs = {message.id for message in new}
                add_links(connection, [link for link in links if link.message_id in theirs])
                if actor is not None:
                    for one in new:
                        about = {"channel": one.channel, "purpose": one.purpose, "template": one.template}
                        note(connection, actor, "message.sent", f"message:{one.id}", about, now)
                return len(new)

            added += await written(self._engine, work)
        return added

    async def get(self, id: str) -> Message:
        return await read(self._engine, lambda connection: _read(connection, id))

    async def events(self, id: str) -> Sequence[MessageEvent]:
        chosen = select(message_events).where(message_events.c.message_id == id)
        ordered = chosen.order_by(message_events.c.seq)
        rows = await read(self._engine, lambda connection: connection.execute(ordered).all())
        return [event_of(row) for row in rows]

    async def parts(self, id: str) -> Sequence[MessagePart]:
        chosen = select(message_parts).where(message_parts.c.message_id == id)
        ordered = chosen.order_by(message_parts.c.provider, message_parts.c.reference)
        rows = await read(self._engine, lambda connection: connection.execute(ordered).all())
        return [MessagePart(row.provider, row.reference, MessageState(row.state)) for row in rows]

    async def list(
        self, wanted: MessageFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[Message]:
        def work(connection: Connection) -> Page[Message]:
            chosen = select(messages).where(*_conditions(connection, wanted))
            if after is not None:
                last = tuple_(_at(after[0]), after[1])
                chosen = chosen.where(tuple_(_c.at, _c.id) < last)
            rows = connection.execute(chosen.order_by(_c.at.desc(), _c.id.desc()).limit(limit + 1)).all()
            items = tuple(message_of(row) for row in rows[:limit])
            return Page(items, (items[-1].at.isoformat(), items[-1].id) if len(rows) > limit else None)

        return await read(self._engine, work)

    async def counts(self, wanted: MessageFilter) -> Mapping[MessageState, int]:
        def work(connection: Connection) -> dict[MessageState, int]:
            chosen: Select[Any] = select(_c.state, func.count().label("number"))
            grouped = chosen.where(*_conditions(connection, wanted)).group_by(_c.state)
            return {MessageState(row.state): row.number for row in connection.execute(grouped)}

        return await read(self._engine, work)

    async def resend(self, actor: Actor, id: str) -> Message:
        now = self._clock.now()
        move = Move(id, MessageState.QUEUED, now, "sent again by order", not_before=now)

        def work(connection: Connection) -> Message:
            known = _read(connection, id)
            if known.state is not MessageState.IN_DOUBT:
                raise Refused(
                    f"Message {id} is {known.state.value}: only one in doubt can be sent again.", "state"
                )
            return _moved(connection, actor, "message.resent", move, now)

        return await written(self._engine, work)

    async def leave(self, actor: Actor, id: str, reason: str) -> Message:
        now = self._clock.now()

        def work(connection: Connection) -> Message:
            known = _read(connection, id)
            if known.state is not MessageState.IN_DOUBT:
                raise Refused(f"Message {id} is {known.state.value}: only one in doubt can be left.", "state")
            left = replace(known, why=storable(reason), code=LEFT, version=known.version + 1)
            put = update(messages).where(_c.id == id, _c.state == known.state, _c.version == known.version)
            if not connection.execute(put.values(why=left.why, code=LEFT, version=left.version)).rowcount:
                raise _meanwhile(id)
            connection.execute(insert(message_events).values(event_row(left, now)))
            note(connection, actor, "message.left", f"message:{id}", {}, now)
            return left

        return await written(self._engine, work)

    async def stop(self, actor: Actor, id: str, reason: str) -> Message:
        now = self._clock.now()
        move = Move(id, MessageState.STOPPED, now, reason, "stopped")

        def work(connection: Connection) -> Message:
            known = _read(connection, id)
            if known.state is not MessageState.QUEUED:
                raise Refused(f"Message {id} is {known.state.value}: it cannot be stopped any more.", "state")
            return _moved(connection, actor, "message.stopped", move, now)

        return await written(self._engine, work)

    async def stop_all(self, actor: Actor, wanted: MessageFilter, reason: str) -> int:
        now, stopped = self._clock.now(), 0
        queued = replace(wanted, states=(MessageState.QUEUED,), direction=MessageDirection.OUTBOUND)

        def work(connection: Connection) -> int:
            chosen = select(_c.id).where(*_conditions(connection, queued)).order_by(_c.id)
            ids = connection.execute(chosen.limit(STOPPED_AT_ONCE)).scalars().all()
            moves = Moves(connection, now)
            moves.make([Move(one, MessageState.STOPPED, now, reason, "stopped") for one in ids])
            number = len(moves.write())
            if number:
                about = {"messages": number, "mailing": wanted.mailing, "cascade": wanted.cascade}
                note(connection, actor, "messages.stopped", "messages", about, now)
            return number

        while number := await written(self._engine, work):
            stopped += number
        return stopped

    async def check(self, id: str, at: datetime) -> Message:
        now = self._clock.now()

        def work(connection: Connection) -> Message:
            known = _read(connection, id)
            moves = Moves(connection, now)
            moves.make([Move(id, MessageState.CHECKED, at)])
            moves.write()
            return moves.message(id) or known

        return await written(self._engine, work)


def _read(connection: Connection, id: str) -> Message:
    row = connection.execute(select(messages).where(_c.id == id)).one_or_none()
    if row is None:
        raise Missing(f"There is no message {id}.")
    return message_of(row)


def _moved(connection: Connection, actor: Actor, action: str, move: Move, now: datetime) -> Message:
    """Whoever was faster has it: then this one is told as it is."""
    moves = Moves(connection, now)
    moves.make([move])
    note(connection, actor, action, f"message:{move.message_id}", {}, now)
    moved = moves.write()
    if not moved:
        raise _meanwhile(move.message_id)
    return moved[0]


def _meanwhile(id: str) -> Refused:
    return Refused(f"Message {id} was changed meanwhile: look at it again.", "state")


def _conditions(connection: Connection, wanted: MessageFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(_c.state.in_([state.value for state in wanted.states]))
    if wanted.channel is not None:
        found.append(_c.channel == wanted.channel.value)
    if wanted.direction is not None:
        found.append(_c.direction == wanted.direction.value)
    if wanted.contact_id is not None:
        person = survivor_of(connection, wanted.contact_id)
        found.append(_c.contact_id.in_(list(family(connection, [person]))))
    named = ("provider", "mailing", "cascade", "campaign", "template", "call_id")
    asked = {name: getattr(wanted, name) for name in named}
    found += [_c[name] == value for name, value in asked.items() if value is not None]
    if wanted.prefix:
        found.append(begins_with(_c.point_value, wanted.prefix, connection.dialect.name))
    if wanted.undecided:
        found.append(_c.code != LEFT)
    if wanted.since is not None:
        found.append(_c.at >= wanted.since)
    if wanted.until is not None:
        found.append(_c.at < wanted.until)
    return found


def _at(written_at: str) -> datetime:
    try:
        return datetime.fromisoformat(written_at)
    except ValueError:
        raise Refused("That page is not known: begin at the first one.", "after") from None
