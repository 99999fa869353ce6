"""SqlMailingQueue: mailings from the side of the worker that writes their messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Update, bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import ENGINE
from engine.registers.mailings import Mailing, ToWrite, WrittenOne
from engine.registers.messages import MessageDirection, Move
from messaging.mailing import MailingState, Order
from messaging.states import MessageState
from store.cascade_writing import add_runs, tell_runs
from store.link_adding import add_links
from store.mailing_freezing import write_next
from store.mailing_rows import HELD, STOPPED, mailing_of
from store.message_adding import add_messages
from store.message_moves import Moves
from store.registers.mailings import figures_of, ordered_now, read_mailing
from store.registers.profiles import family, profiles
from store.registers.transactions import read, written
from store.tables import cascade_news, cascade_runs, contacts, mailing_recipients, mailings, messages

_c = mailings.c
_r = mailing_recipients.c
_m = messages.c
SWEPT_AT_ONCE = 500
# No statement of a great mailing takes longer than a statement may.
HELD_AT_ONCE = 10_000
NOT_SENT = "the mailing was stopped"
_TOLD = ".stopped"
_WRITTEN = (
    update(mailing_recipients)
    .where(_r.mailing == bindparam("mailing_is"), _r.n == bindparam("n_is"), _r.written_at.is_(None))
    .values(written_at=bindparam("at"), message_id=bindparam("message"), why=bindparam("because"))
)
_ON_THEIR_WAY = or_(
    _c.state.in_([MailingState.PREPARING.value, MailingState.RUNNING.value, MailingState.PAUSED.value]),
    (_c.state == MailingState.STOPPED.value) & _c.over_at.is_(None),
)


class SqlMailingQueue:
    """Implements engine.registers.mailings.MailingQueue. `worker`: a name that no other process has."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids, worker: str) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._worker = worker

    async def claim(self, *, lease_seconds: float) -> Sequence[Mailing]:
        now = self._clock.now()
        free = or_(_c.claimed_until.is_(None), _c.claimed_until <= now, _c.claimed_by == self._worker)
        asked = select(mailings).where(_ON_THEIR_WAY, free).order_by(_c.started_at, _c.id)
        if not await read(self._engine, lambda connection: connection.execute(asked.limit(1)).all()):
            return ()

        def work(connection: Connection) -> list[Mailing]:
            rows = connection.execute(asked.with_for_update(skip_locked=True)).all()
            until = now + timedelta(seconds=lease_seconds)
            claim = update(mailings).where(_c.id.in_([row.id for row in rows]))
            connection.execute(claim.values(claimed_by=self._worker, claimed_until=until))
            return [mailing_of(row) for row in rows]

        return await written(self._engine, work)

    async def prepare(self, id: str, *, lease_seconds: float) -> bool:
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            ours = exists().where(_c.id == id, _c.claimed_by == self._worker)
            known = read_mailing(connection, id, locked=True)
            if known.state is not MailingState.PREPARING or not connection.scalar(select(ours)):
                return False
            known = replace(known, prepared=known.prepared + write_next(connection, id, now))
            if known.prepared == known.recipients:
                ordered_now(connection, ENGINE, known, Order.READY, "", now)
                return True
            until = now + timedelta(seconds=lease_seconds)
            mark = update(mailings).where(_c.id == id)
            connection.execute(mark.values(prepared=known.prepared, claimed_until=until))
            return True

        return await written(self._engine, work)

    async def to_write(self, id: str, *, limit: int) -> Sequence[ToWrite]:
        asked = select(mailing_recipients).where(_r.mailing == id, _r.written_at.is_(None))

        def work(connection: Connection) -> list[ToWrite]:
            rows = connection.execute(asked.order_by(_r.n).limit(limit)).all()
            named = [row.contact_id for row in rows]
            merged = select(contacts.c.id, contacts.c.merged_into).where(
                contacts.c.id.in_(named), contacts.c.merged_into.is_not(None)
            )
            survivors: dict[str, str] = {row.id: row.merged_into for row in connection.execute(merged)}
            people = profiles(connection, list({survivors.get(one, one) for one in named}))
            twice = _twice(connection, id, survivors)
            found = []
            for row in rows:
                contact = people.get(survivors.get(row.contact_id, row.contact_id))
                erased = contact is None or contact.erased_at is not None
                found.append(ToWrite(row.n, None if erased else contact, row.n in twice))
            return found

        return await read(self._engine, work)

    async def write(self, id: str, outcomes: Sequence[WrittenOne], *, lease_seconds: float) -> bool:
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            locked = select(_c.state, _c.claimed_by).where(_c.id == id).with_for_update()
            row = connection.execute(locked).one()
            if row.claimed_by != self._worker or row.state != MailingState.RUNNING.value:
                return False
            waiting = select(_r.n).where(
                _r.mailing == id, _r.n.in_([one.n for one in outcomes]), _r.written_at.is_(None)
            )
            if len(connection.execute(waiting.with_for_update()).all()) < len(outcomes):
                return False  # one of them was written, or erased, meanwhile
            connection.execute(_WRITTEN, [_mark(id, one, now) for one in outcomes])
            add_runs(connection, [one.run for one in outcomes if one.run is not None])
            add_messages(
                connection, [message for one in outcomes for message in one.messages], self._ids.new, now
            )
            add_links(connection, [link for one in outcomes for link in one.links])
            lease = update(mailings).where(_c.id == id)
            connection.execute(lease.values(claimed_until=now + timedelta(seconds=lease_seconds)))
            return True

        return await written(self._engine, work) if outcomes else True

    async def hold(self, id: str) -> int:
        now = self._clock.now()
        free = or_(_m.claimed_until.is_(None), _m.claimed_until <= now)
        queued = _m.mailing == id, _m.state == MessageState.QUEUED.value, free, _m.not_before < HELD
        if not await read(self._engine, lambda connection: _any(connection, queued)):
            return 0

        def work(connection: Connection) -> int:
            row = connection.execute(select(_c.state).where(_c.id == id).with_for_update()).one()
            if row.state != MailingState.PAUSED.value:
                return 0
            return connection.execute(_some(queued).values(not_before=HELD)).rowcount

        return await written(self._engine, work)

    async def release(self, id: str) -> int:
        now = self._clock.now()
        held = _m.mailing == id, _m.state == MessageState.QUEUED.value, _m.not_before == HELD
        if not await read(self._engine, lambda connection: _any(connection, held)):
            return 0
        freed = _some(held).values(not_before=now)
        return await written(self._engine, lambda connection: connection.execute(freed).rowcount)

    async def sweep(self, id: str) -> bool:
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            known = read_mailing(connection, id, locked=True)
            if known.state is not MailingState.STOPPED or known.over_at is not None:
                return False
            outbound = _m.direction == MessageDirection.OUTBOUND.value
            queued = select(_m.id).where(_m.mailing == id, outbound, _m.state == MessageState.QUEUED.value)
            ids = connection.execute(queued.order_by(_m.id).limit(SWEPT_AT_ONCE)).scalars().all()
            told = exists().where(cascade_news.c.id == cascade_runs.c.id + _TOLD)
            going = select(cascade_runs.c.id).where(
                cascade_runs.c.mailing == id, cascade_runs.c.ending.is_(None), ~told
            )
            runs = connection.execute(going.order_by(cascade_runs.c.id).limit(SWEPT_AT_ONCE)).scalars().all()
            tell_runs(connection, [(run, STOPPED, None, "", f"{run}{_TOLD}") for run in runs], now)
            moves = Moves(connection, now)
            moves.make([Move(one, MessageState.STOPPED, now, NOT_SENT, "stopped") for one in ids])
            moves.write()
            if not ids and not runs and figures_of(connection, known, now).settled:
                over = update(mailings).where(_c.id == id)
                connection.execute(over.values(over_at=now, version=_c.version + 1))
            return SWEPT_AT_ONCE in (len(ids), len(runs))

        return await written(self._engine, work)

    async def finish(self, id: str) -> bool:
        now = self._clock.now()

        def done(connection: Connection) -> bool:
            if _goes_on(connection, id):
                return False
            return figures_of(connection, read_mailing(connection, id), now).done

        def work(connection: Connection) -> bool:
            known = read_mailing(connection, id, locked=True)
            if known.state is not MailingState.RUNNING or not figures_of(connection, known, now).done:
                return False
            ordered_now(connection, ENGINE, known, Order.FINISH, "", now)
            return True

        return await read(self._engine, done) and await written(self._engine, work)

    async def note(self, id: str, told: str) -> None:
        at_work = [MailingState.PREPARING.value, MailingState.RUNNING.value]
        shown = update(mailings).where(_c.id == id, _c.state.in_(at_work)).values(note=told)
        await written(self._engine, lambda connection: connection.execute(shown))

    async def overtime(self, id: str, reason: str) -> None:
        now = self._clock.now()

        def work(connection: Connection) -> None:
            known = read_mailing(connection, id, locked=True)
            if known.state in (MailingState.PREPARING, MailingState.RUNNING, MailingState.PAUSED):
                ordered_now(connection, ENGINE, known, Order.STOP, reason, now)

        await written(self._engine, work)


def _goes_on(connection: Connection, id: str) -> bool:
    """What can be seen without counting all of it: somebody has no message yet, or one has not gone out."""
    to_come = select(_r.n).where(_r.mailing == id, _r.written_at.is_(None)).limit(1)
    begun = (MessageState.QUEUED.value, MessageState.SENDING.value)
    outbound = _m.direction == MessageDirection.OUTBOUND.value
    waits = _any(connection, [_m.mailing == id, outbound, _m.state.in_(begun)])
    return waits or connection.execute(to_come).first() is not None


def _any(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> bool:
    return connection.execute(select(_m.id).where(*conditions).limit(1)).first() is not None


def _some(conditions: Sequence[ColumnElement[bool]]) -> Update:
    """A change of those messages, of so many at once."""
    return update(messages).where(
        _m.id.in_(select(_m.id).where(*conditions).limit(HELD_AT_ONCE)), *conditions
    )


def _mark(id: str, one: WrittenOne, now: datetime) -> dict[str, object]:
    named = one.run.id if one.run is not None else one.messages[0].id if one.messages else None
    return {"mailing_is": id, "n_is": one.n, "at": now, "message": named, "because": one.why}


def _twice(connection: Connection, id: str, survivors: dict[str, str]) -> set[int]:
    """Recipients who have become one person with another one of this mailing since it began: all but one."""
    if not survivors:
        return set()
    people = family(connection, list(set(survivors.values())))
    theirs = select(_r.n, _r.contact_id).where(_r.mailing == id, _r.contact_id.in_(list(people)))
    found: dict[str, list[int]] = {}
    for row in connection.execute(theirs):
        found.setdefault(people[row.contact_id], []).append(row.n)
    return {n for several in found.values() for n in sorted(several)[1:]}
