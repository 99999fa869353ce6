"""SqlDialogues: dialogues and their answers, one transaction a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.changes import AgentEventsAppended, Change, InteractionAdded
from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.agents import AgentEvent, AgentEventKind
from engine.registers.dialogues import AnswerFigures, DialogueFilter, DialogueRow, Route
from engine.registers.messages import Message
from engine.registers.pages import Page
from engine.registers.refusals import Refused
from messaging.dialogue import Dialogue, DialogueState, answered, closed, given, received
from messaging.followups import ANSWERED_BY_ITSELF
from store.audit import note
from store.dialogue_history import closing_row
from store.dialogue_rows import (
    dialogue_columns,
    dialogue_of,
    dialogue_row,
    read_dialogue,
    with_people,
    write_dialogue,
)
from store.message_adding import add_messages
from store.message_rows import message_of
from store.registers.profiles import survivor_of
from store.registers.transactions import read, written
from store.rows import Rows
from store.statements import statements_for
from store.tables import contacts, dialogue_answers, dialogue_messages, dialogues, messages
from store.writing import write

_d = dialogues.c
_m = messages.c
_OPEN = _d.state == DialogueState.OPEN.value
# What came in longer ago than this and was not looked at, is history.
LOOKED_BACK = timedelta(days=7)
# Of one queue and language: each that waits costs time whenever a caller comes, and thousands may answer a
# mailing.
OFFERED_AT_ONCE = 100


class SqlDialogues:
    """Implements engine.registers.dialogues.Dialogues."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    # --- what comes in ------------------------------------------------------------------------------------

    async def take_in(self, route: Route, *, limit: int = 200) -> Sequence[Dialogue]:
        now = self._clock.now()
        new = (
            select(messages)
            .where(_m.to_read.is_(True), _m.at > now - LOOKED_BACK, _m.point_value.is_not(None))
            .order_by(_m.at, _m.id)
            .limit(limit)
        )
        if not await read(self._engine, lambda one: one.execute(new.limit(1)).all()):
            return ()

        def work(connection: Connection) -> list[Dialogue]:
            rows = connection.execute(new.with_for_update(skip_locked=True, of=messages)).all()
            looked_at = update(messages).where(_m.id.in_([row.id for row in rows]))
            connection.execute(looked_at.values(to_read=False))
            found: dict[str, Dialogue] = {}
            for message in map(message_of, rows):
                queue = None if message.code in ANSWERED_BY_ITSELF else route(message)
                dialogue = None if queue is None else self._with(connection, message, queue)
                if dialogue is not None:
                    new_one = {"message_id": message.id, "dialogue_id": dialogue.id}
                    connection.execute(insert(dialogue_messages).values(new_one))
                    found[dialogue.id] = dialogue
            return list(found.values())

        return await written(self._engine, work)

    def _with(self, connection: Connection, message: Message, queue: str) -> Dialogue:
        """The dialogue that the message goes on with, or opens."""
        assert message.point is not None
        ours = message.ours or ""
        chosen = select(dialogues).where(
            _OPEN,
            _d.channel == message.channel.value,
            _d.point_value == message.point.value,
            _d.ours == ours,
        )
        row = connection.execute(chosen.with_for_update()).one_or_none()
        if row is not None:
            after = received(dialogue_of(row), message.at)
            after = replace(
                after,
                queue=after.queue or queue,
                mailing=message.mailing or after.mailing,
                campaign=message.campaign or after.campaign,
            )
            write_dialogue(connection, after)
            return after
        dialogue = received(
            Dialogue(
                self._ids.new(),
                message.channel,
                message.point,
                ours,
                message.contact_id,
                message.at,
                queue,
                language=_language(connection, message),
                mailing=message.mailing,
                campaign=message.campaign,
            ),
            message.at,
        )
        connection.execute(
            insert(dialogues).values(**dialogue_columns(dialogue), held_by=None, held_until=None)
        )
        return dialogue

    # --- what is shown ------------------------------------------------------------------------------------

    async def owed(self, node: str) -> Sequence[Dialogue]:
        now = self._clock.now()
        place = func.row_number().over(
            partition_by=(_d.queue, _d.language, _d.held_by), order_by=(_d.owed_since, _d.id)
        )
        ranked = (
            select(dialogues, place.label("place"))
            .where(
                _OPEN,
                _d.owed_since.is_not(None),
                or_(_d.held_by.is_(None), _d.held_by == node, _d.held_until <= now),
            )
            .subquery()
        )
        r = ranked.c
        first = or_(r.place <= OFFERED_AT_ONCE, r.held_by == node)
        chosen = select(ranked).where(first).order_by(r.owed_since, r.id)
        rows = await read(self._engine, lambda connection: connection.execute(chosen).all())
        return [dialogue_of(row) for row in rows]

    async def get(self, id: str) -> Dialogue:
        return await read(self._engine, lambda connection: read_dialogue(connection, id))

    async def row(self, id: str) -> DialogueRow:
        return await read(self._engine, lambda one: with_people(one, [read_dialogue(one, id)])[0])

    async def of_agent(self, agent: str) -> Sequence[DialogueRow]:
        chosen = select(dialogues).where(_OPEN, _d.agent == agent)
        ordered = chosen.order_by(_d.owed_since.is_(None), _d.owed_since, _d.last_at.desc()).limit(30)

        def work(connection: Connection) -> Sequence[DialogueRow]:
            return with_people(connection, [dialogue_of(row) for row in connection.execute(ordered)])

        return await read(self._engine, work)

    async def list(
        self, wanted: DialogueFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[DialogueRow]:
        chosen = select(dialogues)
        if wanted.state is not None:
            chosen = chosen.where(_d.state == wanted.state.value)
        if wanted.queue is not None:
            chosen = chosen.where(_d.queue == wanted.queue)
        if wanted.agent is not None:
            chosen = chosen.where(_d.agent == wanted.agent if wanted.agent else _d.agent.is_(None))
        if wanted.owed:
            chosen = chosen.where(_d.owed_since.is_not(None))
        if after is not None:
            chosen = chosen.where(tuple_(_d.last_at, _d.id) < tuple_(_moment(after[0]), after[1]))

        def work(connection: Connection) -> Page[DialogueRow]:
            ordered = chosen.order_by(_d.last_at.desc(), _d.id.desc()).limit(limit + 1)
            found = [dialogue_of(row) for row in connection.execute(ordered)]
            last = found[limit - 1] if len(found) > limit else None
            place = None if last is None or last.last_at is None else (last.last_at.isoformat(), last.id)
            return Page(tuple(with_people(connection, found[:limit])), place)

        return await read(self._engine, work)

    async def counts(self) -> tuple[int, int, datetime | None]:
        chosen = select(func.count(), func.count(_d.owed_since), func.min(_d.owed_since)).where(_OPEN)
        number, owed, since = await read(self._engine, lambda one: one.execute(chosen).one())
        return number, owed, since

    async def messages(self, dialogue: Dialogue, *, limit: int = 60) -> Sequence[Message]:
        if dialogue.point is None:
            return ()
        ours = or_(_m.ours == dialogue.ours, _m.ours.is_(None)) if dialogue.ours else _m.ours.is_(None)
        chosen = (
            select(messages)
            .where(
                _m.point_value == dialogue.point.value,
                _m.channel == dialogue.channel.value,
                ours,
                # What was never sent is no part of it, but an answer is shown from the moment it is written.
                or_(_m.agent.is_not(None), _m.state != "queued"),
            )
            .order_by(_m.at.desc(), _m.id.desc())
            .limit(limit)
        )
        rows = await read(self._engine, lambda connection: connection.execute(chosen).all())
        return [message_of(row) for row in reversed(rows)]

    async def figures(self, since: datetime, agent: str | None = None) -> AnswerFigures:
        a = dialogue_answers.c
        firsts = case((a.first.is_(True), a.seconds))
        chosen = select(func.count(), func.count(firsts), func.avg(firsts), func.avg(a.seconds))
        chosen = chosen.where(a.at >= since)
        if agent is not None:
            chosen = chosen.where(a.agent == agent)
        return AnswerFigures(*await read(self._engine, lambda one: one.execute(chosen).one()))

    # --- what is done -------------------------------------------------------------------------------------

    async def hold(
        self,
        id: str,
        agent: str,
        node: str,
        until: datetime,
        *,
        actor: Actor | None = None,
        reason: str = "",
    ) -> Dialogue:
        now = self._clock.now()

        def change(connection: Connection, row: Row[Any]) -> Dialogue:
            if row.held_by not in (None, node) and row.held_until > now:
                raise Refused("Somebody else has this dialogue in hand.", "held")
            taken = given(dialogue_of(row), agent=agent)
            write_dialogue(connection, taken, held_by=node, held_until=until)
            if actor is not None:
                about = {"agent": agent, "reason": reason}
                note(connection, actor, "dialogue.taken_over", f"dialogue:{id}", about, now)
            return replace(taken, held=True)

        return await self._change(id, change)

    async def keep_held(self, ids: Sequence[str], node: str, until: datetime) -> None:
        if not ids:
            return
        kept = update(dialogues).where(_d.id.in_(ids), _d.held_by == node).values(held_until=until)
        await written(self._engine, lambda connection: connection.execute(kept))

    async def answer(self, id: str, agent: str, message: Message, *, after: int | None = None) -> Dialogue:
        now = self._clock.now()

        def change(connection: Connection, row: Row[Any]) -> Dialogue:
            before = dialogue_of(row)
            if before.agent not in (None, agent):
                raise Refused("Another agent has this dialogue now.", "held")
            if after is not None and before.answers > after:
                since = _last_answers(connection, id, before.answers - after)
                if any(one.agent != agent for one in since):
                    raise Refused("Another agent has answered meanwhile: read it first.", "meanwhile")
                if any(one.text == message.text for one in since):
                    return before  # the form came twice
            new, time = answered(before, agent, now)
            write_dialogue(connection, new, held_by=None, held_until=None)
            add_messages(connection, [message], self._ids.new, now)
            connection.execute(insert(dialogue_messages).values(message_id=message.id, dialogue_id=before.id))
            if time is not None:
                connection.execute(
                    insert(dialogue_answers).values(
                        message_id=message.id,
                        dialogue_id=before.id,
                        at=now,
                        agent=agent,
                        queue=before.queue,
                        seconds=time.seconds,
                        first=time.first,
                    )
                )
                told = {"work": before.id, "queue": before.queue, "channel": before.channel.value}
                self._log(
                    connection,
                    agent,
                    AgentEventKind.ANSWERED,
                    {**told, "seconds": round(time.seconds, 1), "first": time.first},
                )
            return new

        return await self._change(id, change)

    async def give(
        self,
        id: str,
        *,
        agent: str | None,
        queue: str | None = None,
        actor: Actor | None = None,
        reason: str = "",
        left_seconds: float | None = None,
    ) -> Dialogue:
        def change(connection: Connection, row: Row[Any]) -> Dialogue:
            before = dialogue_of(row)
            after = given(before, agent=agent, queue=queue)
            write_dialogue(connection, after, held_by=None, held_until=None)
            if left_seconds is not None and before.agent is not None:
                told = {"work": id, "queue": before.queue, "seconds": round(left_seconds, 1)}
                self._log(connection, before.agent, AgentEventKind.GIVEN_BACK, told)
            if actor is not None:
                about = {"agent": agent, "queue": after.queue, "reason": reason}
                note(connection, actor, "dialogue.given", f"dialogue:{id}", about, self._clock.now())
            return after

        return await self._change(id, change)

    async def close(
        self, id: str, disposition: str | None, *, actor: Actor | None = None, reason: str = ""
    ) -> Dialogue:
        now = self._clock.now()

        def change(connection: Connection, row: Row[Any]) -> Dialogue:
            before = dialogue_of(row)
            after = closed(before, disposition, now)
            write_dialogue(connection, after, held_by=None, held_until=None)
            row_of_it = closing_row(after, _answer_seconds(connection, id), before.owed_since is not None)
            if row_of_it.point is not None or row_of_it.contact_id is not None:
                _tell(connection, InteractionAdded(row_of_it, self._ids.new()), now)
            if actor is not None:
                about = {"disposition": disposition, "reason": reason}
                note(connection, actor, "dialogue.closed", f"dialogue:{id}", about, now)
            return after

        return await self._change(id, change)

    def _log(
        self, connection: Connection, agent: str, kind: AgentEventKind, data: Mapping[str, object]
    ) -> None:
        now = self._clock.now()
        _tell(connection, AgentEventsAppended((AgentEvent(self._ids.new(), agent, now, kind, data),)), now)

    async def _change(self, id: str, change: Callable[[Connection, Row[Any]], Dialogue]) -> Dialogue:
        def work(connection: Connection) -> Dialogue:
            row = dialogue_row(connection, id, lock=True)
            if row.state != DialogueState.OPEN.value:
                raise Refused("This dialogue is closed: another message opens another one.", "closed")
            return change(connection, row)

        return await written(self._engine, work)


def _last_answers(connection: Connection, id: str, count: int) -> Sequence[Any]:
    """Agent and text of each."""
    chosen = (
        select(_m.agent, _m.text)
        .join(dialogue_messages, dialogue_messages.c.message_id == _m.id)
        .where(dialogue_messages.c.dialogue_id == id, _m.agent.is_not(None))
        .order_by(_m.at.desc(), _m.id.desc())
        .limit(count)
    )
    return connection.execute(chosen).all()


def _tell(connection: Connection, change: Change, now: datetime) -> None:
    rows = Rows(statements_for(connection.dialect))
    rows.add(change, now)
    write(connection, rows)


def _answer_seconds(connection: Connection, id: str) -> float | None:
    """On average, of the answers that were waited for."""
    chosen = select(func.avg(dialogue_answers.c.seconds)).where(dialogue_answers.c.dialogue_id == id)
    seconds = connection.execute(chosen).scalar()
    return None if seconds is None else float(seconds)


def _language(connection: Connection, message: Message) -> str | None:
    """The person's, else that of the message that they answer."""
    if message.contact_id is not None:
        person = survivor_of(connection, message.contact_id)
        chosen = select(contacts.c.language).where(contacts.c.id == person)
        if (language := connection.execute(chosen).scalar()) is not None:
            return str(language)
    return message.language


def _moment(written_at: str) -> datetime:
    try:
        return datetime.fromisoformat(written_at)
    except ValueError:
        raise Refused("That page is not known: begin at the first one.", "after") from None
