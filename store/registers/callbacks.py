"""SqlCallbacks: callback requests, one transaction a method."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import ENGINE, Actor
from engine.registers.callbacks import Asked, CallbackFilter, Standing
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing, Refused
from history.callback_figures import CallbackEnd
from history.callback_news import callback_published
from history.callbacks import STANDING, CallbackRequest, CallbackSource, CallbackState, is_overdue
from history.permission_news import consent_published
from history.permissions import Consent
from history.publication import Publication
from store.audit import note
from store.callback_keeping import (
    callback_of,
    ended,
    keep_callback,
    locked_callback,
    one_with,
    person_of,
    put,
)
from store.permission_rows import consent_columns
from store.publishing import publish
from store.registers.contacts import introduced
from store.registers.profiles import survivor_of
from store.registers.transactions import reading, written
from store.statements import statements_for
from store.tables import callback_requests, consents
from store.writing import contacts_of, made_told

WINDOW_OVER = "its window passed"
_columns = callback_requests.c


class SqlCallbacks:
    """Implements engine.registers.callbacks.Callbacks."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def request(
        self,
        actor: Actor,
        request: CallbackRequest,
        *,
        ask_id: str | None = None,
        consent: Consent | None = None,
    ) -> Asked:
        new_contact_id, told_id, now = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> Asked:
            told: list[Publication] = []
            contact_id = request.contact_id
            if contact_id is None:
                contact_id = _contact(connection, request, new_contact_id, now, told)
            asked = keep_callback(connection, request, contact_id, ask_id=ask_id)
            if asked.repeated:
                return asked
            if consent is not None:
                connection.execute(insert(consents).values(consent_columns(consent, contact_id)))
                told.append(consent_published(consent, contact_id))
            action = "callback.requested" if asked.made else "callback.renewed"
            about = {"topic": request.topic, "source": request.source.value}
            note(connection, actor, action, _subject(asked.request.id), about, now)
            publish(connection, [*told, callback_published(asked.request, now)])
            if request.source is CallbackSource.FORM:
                said = {"name": request.name, "language": request.language}
                introduced(connection, actor, contact_id, **said, told=told_id, at=now)
            return asked

        return await written(self._engine, work)

    async def get(self, id: str) -> CallbackRequest:
        async with reading(self._engine) as connection:
            row = (await connection.execute(select(callback_requests).where(_columns.id == id))).one_or_none()
        if row is None:
            raise Missing(f"There is no callback request {id}.")
        return callback_of(row)

    async def list(
        self, wanted: CallbackFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[CallbackRequest]:
        def work(connection: Connection) -> Page[CallbackRequest]:
            chosen = select(callback_requests)
            if wanted.states:
                chosen = chosen.where(_columns.state.in_([state.value for state in wanted.states]))
            if wanted.topic is not None:
                chosen = chosen.where(_columns.topic == wanted.topic)
            if wanted.contact_id is not None:
                try:
                    chosen = chosen.where(_columns.person == survivor_of(connection, wanted.contact_id))
                except Missing:
                    return Page(())
            if wanted.due_from is not None:
                chosen = chosen.where(or_(_columns.window_to.is_(None), _columns.window_to > wanted.due_from))
            if wanted.due_to is not None:
                begun = or_(_columns.window_from.is_(None), _columns.window_from < wanted.due_to)
                chosen = chosen.where(begun)
            chosen = chosen.where(*_narrower(wanted))
            if after is not None:
                chosen = chosen.where(_columns.id < after[0])
            rows = connection.execute(chosen.order_by(_columns.id.desc()).limit(limit + 1)).all()
            items = tuple(callback_of(row) for row in rows[:limit])
            return Page(items, (items[-1].id,) if len(rows) > limit else None)

        async with reading(self._engine) as connection:
            return await connection.run_sync(work)

    async def change(self, actor: Actor, request: CallbackRequest) -> CallbackRequest:
        now = self._clock.now()

        def work(connection: Connection) -> CallbackRequest:
            known = _still_standing(locked_callback(connection, request.id))
            if known.version != request.version:
                raise Changed(
                    "The request was changed meanwhile; read it again, then change that.", known.version
                )
            changed = replace(
                known,
                window_from=request.window_from,
                window_to=request.window_to,
                person_chose=request.person_chose,
                time_zone=request.time_zone,
                campaign=request.campaign,
                agent=request.agent,
                note=request.note,
                name=request.name,
                language=request.language,
                version=known.version + 1,
            )
            put(connection, changed)
            note(connection, actor, "callback.changed", _subject(request.id), {}, now)
            publish(connection, [callback_published(changed, now)])
            return changed

        return await written(self._engine, work)

    async def cancel(self, actor: Actor, id: str, reason: str) -> CallbackRequest:
        now = self._clock.now()

        def work(connection: Connection) -> CallbackRequest:
            known = _still_standing(locked_callback(connection, id))
            return _end(connection, actor, known, CallbackState.CANCELLED, reason, now)

        return await written(self._engine, work)

    # --- for those who dial -------------------------------------------------------------------------------

    async def reserve(
        self, worker: str, *, lease: timedelta, limit: int = 1, topics: Collection[str] = ()
    ) -> Sequence[CallbackRequest]:
        now = self._clock.now()
        due = (
            or_(
                _columns.state == CallbackState.OPEN.value,
                (_columns.state == CallbackState.DIALLING.value) & (_columns.claimed_until <= now),
            )
            & or_(_columns.window_from.is_(None), _columns.window_from <= now)
            & or_(_columns.window_to.is_(None), _columns.window_to > now)
            & or_(_columns.not_before.is_(None), _columns.not_before <= now)
        )
        if topics:
            due &= _columns.topic.in_(topics)
        waited = func.coalesce(_columns.place_kept_at, _columns.requested_at)
        chosen = select(callback_requests).where(due).order_by(waited, _columns.id).limit(limit)

        def work(connection: Connection) -> Sequence[CallbackRequest]:
            taken: list[CallbackRequest] = []
            for row in connection.execute(chosen.with_for_update(skip_locked=True)).all():
                known = callback_of(row)
                mine = replace(
                    known,
                    state=CallbackState.DIALLING,
                    attempts=known.attempts + 1,
                    version=known.version + 1,
                )
                put(connection, mine)
                claim = update(callback_requests).where(_columns.id == mine.id)
                connection.execute(claim.values(claimed_by=worker, claimed_until=now + lease))
                note(connection, ENGINE, "callback.reserved", _subject(mine.id), {"worker": worker}, now)
                taken.append(mine)
            publish(connection, [callback_published(one, now) for one in taken])
            return taken

        return await written(self._engine, work)

    async def kept(self, worker: str, id: str, reason: str) -> CallbackRequest:
        now = self._clock.now()

        def work(connection: Connection) -> CallbackRequest:
            known = _claimed(locked_callback(connection, id), worker)
            return _end(connection, ENGINE, known, CallbackState.KEPT, reason, now)

        return await written(self._engine, work)

    async def standing(self) -> Standing:
        wanted = select(func.count(), func.sum(_columns.version), func.max(_columns.id)).where(
            _columns.state.in_([state.value for state in STANDING])
        )
        async with reading(self._engine) as connection:
            count, versions, newest = (await connection.execute(wanted)).one()
        return Standing(int(count), int(versions or 0), newest)

    async def claim(self, worker: str, id: str, lease: timedelta) -> CallbackRequest | None:
        now = self._clock.now()

        def work(connection: Connection) -> CallbackRequest | None:
            row = locked_callback(connection, id)
            known = callback_of(row)
            if known.state not in STANDING:
                return None
            theirs = known.state is CallbackState.DIALLING and row.claimed_by != worker
            if theirs and row.claimed_until > now:
                return None
            mine = replace(
                known, state=CallbackState.DIALLING, attempts=known.attempts + 1, version=known.version + 1
            )
            put(connection, mine)
            claim = update(callback_requests).where(_columns.id == id)
            connection.execute(claim.values(claimed_by=worker, claimed_until=now + lease))
            note(connection, ENGINE, "callback.reserved", _subject(id), {"worker": worker}, now)
            publish(connection, [callback_published(mine, now)])
            return mine

        return await written(self._engine, work)

    async def reached(self, id: str, reason: str, agent: str | None = None) -> None:
        await self._end_if_standing(id, CallbackState.KEPT, reason, agent)

    async def give_up(self, id: str, reason: str, *, unwanted: bool = False) -> None:
        state = CallbackState.CANCELLED if unwanted else CallbackState.BROKEN
        await self._end_if_standing(id, state, reason)

    async def _end_if_standing(
        self, id: str, state: CallbackState, reason: str, agent: str | None = None
    ) -> None:
        now = self._clock.now()

        def work(connection: Connection) -> None:
            known = callback_of(locked_callback(connection, id))
            if known.state in STANDING:
                _end(connection, ENGINE, known, state, reason, now, agent)

        await written(self._engine, work)

    async def put_back(self, worker: str, id: str, not_before: datetime) -> CallbackRequest:
        now = self._clock.now()

        def work(connection: Connection) -> CallbackRequest:
            # The person's row first, as everybody does: it may have been merged while both were dialled.
            owner = select(_columns.contact_id).where(_columns.id == id)
            contact_id = connection.execute(owner).scalar_one_or_none()
            person = None if contact_id is None else person_of(connection, contact_id)
            known = replace(_claimed(locked_callback(connection, id), worker), state=CallbackState.OPEN)
            if person is not None and person != known.contact_id:
                other = one_with(connection, known, person)
                if other is not None:
                    publish(connection, [callback_published(other, now)])
                    reason = f"one with {other.id}"
                    return _end(connection, ENGINE, known, CallbackState.CANCELLED, reason, now)
                known = replace(known, contact_id=person)
            if known.window_to is not None and known.window_to <= max(not_before, now):
                return _end(connection, ENGINE, known, CallbackState.BROKEN, WINDOW_OVER, now)
            back = replace(known, not_before=not_before, version=known.version + 1)
            put(connection, back, release=True)
            note(connection, ENGINE, "callback.put_back", _subject(id), {}, now)
            publish(connection, [callback_published(back, now)])
            return back

        return await written(self._engine, work)

    async def mark_broken(self, *, limit: int = 100) -> int:
        now = self._clock.now()
        passed = (_columns.window_to <= now) & or_(
            _columns.state == CallbackState.OPEN.value,
            (_columns.state == CallbackState.DIALLING.value) & (_columns.claimed_until <= now),
        )
        chosen = (
            select(callback_requests).where(passed).order_by(_columns.window_to, _columns.id).limit(limit)
        )

        def work(connection: Connection) -> int:
            told: list[Publication] = []
            for row in connection.execute(chosen.with_for_update(skip_locked=True)).all():
                known = replace(callback_of(row), state=CallbackState.OPEN)  # its dialler is gone
                if is_overdue(known, now):
                    told.append(ended(connection, known, CallbackState.BROKEN, WINDOW_OVER, now))
                    note(connection, ENGINE, "callback.broken", _subject(known.id), {}, now)
            publish(connection, told)
            return len(told)

        return await written(self._engine, work)

    async def counts(self) -> Mapping[str, int]:
        wanted = select(_columns.state, func.count()).group_by(_columns.state)
        async with reading(self._engine) as connection:
            found = {row[0]: int(row[1]) for row in await connection.execute(wanted)}
        return {state.value: found.get(state.value, 0) for state in CallbackState}

    async def ends(self, since: datetime, until: datetime) -> Sequence[CallbackEnd]:
        wanted = select(_columns.ended_at, _columns.state, _columns.ended_by, _columns.agent).where(
            _columns.ended_at >= since, _columns.ended_at < until
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(wanted)).all()
        return [CallbackEnd(row[0], CallbackState(row[1]), row[2] or row[3]) for row in rows]


def _narrower(wanted: CallbackFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.seen_by is not None:
        agent, queues = wanted.seen_by
        for_team = or_(_columns.queue.in_(queues), _columns.topic.in_(queues))
        conditions.append(or_(_columns.agent == agent, _columns.agent.is_(None) & for_team))
    if wanted.agent is not None:
        conditions.append(_columns.agent == wanted.agent)
    if wanted.team:
        conditions.append(_columns.agent.is_(None))
    if wanted.queue is not None:
        conditions.append(_columns.queue == wanted.queue)
    if wanted.over_by is not None:
        conditions.append(_columns.window_to <= wanted.over_by)
    if wanted.ended_from is not None:
        conditions.append(_columns.ended_at >= wanted.ended_from)
    if wanted.ended_to is not None:
        conditions.append(_columns.ended_at < wanted.ended_to)
    return conditions


def _subject(id: str) -> str:
    return f"callback:{id}"


def _contact(
    connection: Connection,
    request: CallbackRequest,
    new_contact_id: str,
    now: datetime,
    told: list[Publication],
) -> str:
    """The contact with this point, made where there is none; that is put into `told`."""
    statements = statements_for(connection.dialect)
    key = (request.point.kind.value, request.point.value)
    made: dict[tuple[str, str], tuple[str, datetime]] = {}
    found = contacts_of(connection, statements, {key: (new_contact_id, now)}, made)
    told += made_told(made, now)
    return found[key]


def _still_standing(row: Row[Any]) -> CallbackRequest:
    """Raises Refused."""
    known = callback_of(row)
    if known.state not in STANDING:
        told = f"The request is {known.state} already: make a new one."
        raise Refused(told, "state", "callback_over", state=known.state)
    return known


def _claimed(row: Row[Any], worker: str) -> CallbackRequest:
    """Raises Changed."""
    known = callback_of(row)
    if known.state is not CallbackState.DIALLING or row.claimed_by != worker:
        raise Changed("The request is not this worker's any more: leave it.", known.version)
    return known


def _end(
    connection: Connection,
    actor: Actor,
    known: CallbackRequest,
    state: CallbackState,
    reason: str,
    now: datetime,
    by: str | None = None,
) -> CallbackRequest:
    told = ended(connection, known, state, reason, now, by)
    note(connection, actor, f"callback.{state}", _subject(known.id), {}, now)
    publish(connection, [told])
    return callback_of(locked_callback(connection, known.id))
