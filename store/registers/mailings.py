"""SqlMailings: mailings for pages, the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.mailings import Audience, Mailing, MailingFigures, RecipientOutcome
from engine.registers.messages import MessageDirection
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import Contact
from messaging.cascade import Ending
from messaging.mailing import ORDERS, Frozen, MailingState, Order, Progress, WrongOrder, ordered
from messaging.states import MessageState
from store.audit import note
from store.mailing_freezing import forget_the_rest, frozen_now, keep_recipients
from store.mailing_rows import mailing_of, settings_of
from store.message_moves import batches
from store.registers.profiles import profiles
from store.registers.transactions import read, written
from store.tables import (
    cascade_runs,
    contact_attributes,
    do_not_contact,
    mailing_recipients,
    mailings,
    messages,
)

_c = mailings.c
_r = mailing_recipients.c
_m = messages.c
_BY_PEOPLE = (Order.START, Order.PAUSE, Order.GO_ON, Order.STOP)
# As take_incoming names the objection of who wrote an opt-out word.
_OPTED_OUT_SUFFIX = "-person"
# A provider drops what has expired; its receipt may take so long.
RECEIPT_WITHIN = timedelta(hours=1)


def _attribute_names() -> Select[Any]:
    """From one name to the next: as many looks at the index as there are names, however many people."""
    known = contact_attributes.c.name
    names = select(func.min(known).label("name")).cte("names", recursive=True)
    following = select(func.min(known)).where(known > names.c.name).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None)).order_by(names.c.name)


_ATTRIBUTE_NAMES = _attribute_names()


class SqlMailings:
    """Implements engine.registers.mailings.Mailings."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def create(self, actor: Actor, mailing: Mailing) -> Mailing:
        row = {
            "id": mailing.id,
            "name": mailing.name,
            "state": mailing.state.value,
            "note": mailing.note,
            "settings": settings_of(mailing),
            "created_at": mailing.created_at,
            "updated_at": mailing.updated_at,
            "left_out": {},
        }

        def work(connection: Connection) -> Mailing:
            _check_name(connection, mailing)
            connection.execute(insert(mailings).values(row))
            about = {"name": mailing.name}
            note(connection, actor, "mailing.created", f"mailing:{mailing.id}", about, mailing.created_at)
            return mailing

        try:
            return await written(self._engine, work)
        except IntegrityError as error:
            raise _taken(mailing.name) from error

    async def get(self, id: str) -> Mailing:
        return await read(self._engine, lambda connection: read_mailing(connection, id))

    async def list(
        self, state: MailingState | None = None, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Mailing]:
        asked = select(mailings).order_by(_c.created_at.desc(), _c.id.desc()).limit(limit + 1)
        if state is not None:
            asked = asked.where(_c.state == state.value)
        if after is not None:
            asked = asked.where(
                tuple_(_c.created_at, _c.id) < tuple_(datetime.fromisoformat(after[0]), after[1])
            )
        rows = await read(self._engine, lambda connection: connection.execute(asked).all())
        items = tuple(mailing_of(row) for row in rows[:limit])
        following = (items[-1].created_at.isoformat(), items[-1].id) if len(rows) > limit else None
        return Page(items, following)

    async def change(self, actor: Actor, mailing: Mailing, *, order: Order = Order.CHANGE) -> Mailing:
        now = self._clock.now()

        def work(connection: Connection) -> Mailing:
            known = read_mailing(connection, mailing.id, locked=True)
            if known.version != mailing.version:
                raise Changed(f"The mailing is of version {known.version} now: read it again.", known.version)
            state = _state_after(known, order)
            _check_name(connection, mailing)
            new = replace(mailing, state=state, updated_at=now, version=known.version + 1)
            values = {
                "name": new.name,
                "state": state.value,
                "settings": settings_of(new),
                "updated_at": now,
                "version": new.version,
            }
            connection.execute(update(mailings).where(_c.id == new.id).values(values))
            action = "mailing.checked" if order is Order.CHECK else "mailing.changed"
            note(connection, actor, action, f"mailing:{new.id}", {}, now)
            return new

        try:
            return await written(self._engine, work)
        except IntegrityError as error:
            raise _taken(mailing.name) from error

    async def order(self, actor: Actor, id: str, order: Order, reason: str = "") -> Mailing:
        now = self._clock.now()
        if order is Order.START:
            return await self._start(actor, id, reason, now)

        def work(connection: Connection) -> Mailing:
            known = read_mailing(connection, id, locked=True)
            return ordered_now(connection, actor, known, order, reason, now)

        return await written(self._engine, work)

    async def _start(self, actor: Actor, id: str, reason: str, now: datetime) -> Mailing:
        """Who gets it is read before anything is written: of many that takes long."""

        def look(connection: Connection) -> tuple[int, Frozen]:
            known = read_mailing(connection, id)
            _state_after(known, Order.START)
            found = frozen_now(connection, known, now)
            if not found.recipients:
                told = "Nobody would get it: choose other people, or another channel."
                raise Refused(told, "segment_id", "mailing_nobody")
            return known.version, found

        version, found = await read(self._engine, look)

        def work(connection: Connection) -> Mailing:
            known = read_mailing(connection, id, locked=True)
            _state_after(known, Order.START)
            if known.version != version:
                raise Changed(f"The mailing is of version {known.version} now: read it again.", known.version)
            return ordered_now(connection, actor, known, Order.START, reason, now, found)

        return await written(self._engine, work)

    async def audience(self, mailing: Mailing, *, most: int) -> Audience:
        now = self._clock.now()

        def work(connection: Connection) -> Audience:
            found = frozen_now(connection, mailing, now)
            count = len(found.recipients)
            every = max(1, -(-count // most)) if most else 1
            ids = [one.contact_id for one in found.recipients[::every]][:most]
            people: dict[str, Contact] = {}
            for some in batches(ids):
                people |= profiles(connection, list(some))
            return Audience(count, found.left_out, tuple(people[one] for one in ids if one in people))

        return await read(self._engine, work)

    async def figures(self, id: str) -> MailingFigures:
        now = self._clock.now()

        def work(connection: Connection) -> MailingFigures:
            return figures_of(connection, read_mailing(connection, id), now)

        return await read(self._engine, work)

    async def progress(self, some: Sequence[Mailing]) -> Mapping[str, Progress]:
        ids = [one.id for one in some]
        counted = select(_m.mailing, _m.direction, _m.state, func.count().label("number"))
        counted = counted.where(_m.mailing.in_(ids)).group_by(_m.mailing, _m.direction, _m.state)
        people = func.count(_m.contact_id.distinct()).label("number")
        replied = select(_m.mailing, people).where(
            _m.mailing.in_(ids), _m.direction == MessageDirection.INBOUND.value
        )

        def work(connection: Connection) -> dict[str, Progress]:
            counts: dict[str, dict[MessageState, int]] = {one: {} for one in ids}
            for row in connection.execute(counted):
                if row.direction == MessageDirection.OUTBOUND:
                    counts[row.mailing][MessageState(row.state)] = row.number
            wrote: dict[str, int] = dict(connection.execute(replied.group_by(_m.mailing)).all())
            return {one.id: Progress(one.recipients, counts[one.id], wrote.get(one.id, 0)) for one in some}

        return await read(self._engine, work)

    async def recipients(
        self, id: str, *, unwritten: bool = False, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[RecipientOutcome]:
        asked = select(mailing_recipients).where(_r.mailing == id).order_by(_r.n).limit(limit + 1)
        if unwritten:
            asked = asked.where(_r.why != "")
        if after is not None:
            asked = asked.where(_r.n > int(after[0]))

        def work(connection: Connection) -> Page[RecipientOutcome]:
            read_mailing(connection, id)
            rows = connection.execute(asked).all()
            found = tuple(
                RecipientOutcome(row.n, row.contact_id, row.written_at, row.message_id, row.why)
                for row in rows[:limit]
            )
            return Page(found, (str(found[-1].n),) if len(rows) > limit else None)

        return await read(self._engine, work)

    async def attribute_names(self) -> Sequence[str]:
        return await read(self._engine, lambda one: one.execute(_ATTRIBUTE_NAMES).scalars().all())


def read_mailing(connection: Connection, id: str, *, locked: bool = False) -> Mailing:
    asked = select(mailings).where(_c.id == id)
    row = connection.execute(asked.with_for_update() if locked else asked).one_or_none()
    if row is None:
        raise Missing(f"There is no mailing {id}.")
    return mailing_of(row)


def ordered_now(
    connection: Connection,
    actor: Actor,
    known: Mailing,
    order: Order,
    reason: str,
    now: datetime,
    found: Frozen | None = None,
) -> Mailing:
    """In this transaction, in which the mailing is locked. `found`: who gets it, at START. Raises Refused."""
    new = replace(
        known, state=_state_after(known, order), note=reason, updated_at=now, version=known.version + 1
    )
    if found is not None:
        count = len(found.recipients)
        prepared = keep_recipients(connection, known.id, found.recipients, now)
        state = ordered(new.state, Order.READY) if prepared == count else new.state
        new = replace(new, state=state, started_at=now, recipients=count, prepared=prepared)
        new = replace(new, left_out=found.left_out)
    if order is Order.STOP:
        forget_the_rest(connection, known.id)
    if order is Order.FINISH or (order is Order.STOP and known.started_at is None):
        new = replace(new, over_at=now)
    values = {
        "state": new.state.value,
        "note": reason,
        "updated_at": now,
        "version": new.version,
        "started_at": new.started_at,
        "over_at": new.over_at,
        "recipients": new.recipients,
        "prepared": new.prepared,
        "left_out": {name.value: number for name, number in new.left_out.items()},
        "claimed_by": None,
        "claimed_until": None,
    }
    connection.execute(update(mailings).where(_c.id == known.id).values(values))
    about = {"order": order.value, "reason": reason}
    note(connection, actor, f"mailing.{new.state.value}", f"mailing:{known.id}", about, now)
    return new


def figures_of(connection: Connection, mailing: Mailing, now: datetime) -> MailingFigures:
    ours = messages.c.mailing == mailing.id
    outbound = ours & (messages.c.direction == MessageDirection.OUTBOUND.value)
    inbound = ours & (messages.c.direction == MessageDirection.INBOUND.value)
    by_state = select(messages.c.state, func.count()).where(outbound).group_by(messages.c.state)
    counts = {MessageState(state): number for state, number in connection.execute(by_state)}
    cost = connection.execute(select(func.sum(messages.c.cost)).where(outbound)).scalar_one()
    replied = select(func.count(messages.c.contact_id.distinct())).where(inbound)
    objections = select(messages.c.id + literal(_OPTED_OUT_SUFFIX)).where(inbound)
    opted_out = select(func.count()).where(do_not_contact.c.id.in_(objections))
    reasons = select(_r.why, func.count()).where(_r.mailing == mailing.id, _r.why != "").group_by(_r.why)
    unwritten: dict[str, int] = dict(connection.execute(reasons).all())
    runs = select(cascade_runs.c.ending, func.count()).where(cascade_runs.c.mailing == mailing.id)
    endings: dict[str | None, int] = dict(connection.execute(runs.group_by(cascade_runs.c.ending)).all())
    running = endings.pop(None, 0)
    to_come = select(func.count()).where(_r.mailing == mailing.id, _r.written_at.is_(None))
    over = select(cascade_runs.c.id).where(
        cascade_runs.c.mailing == mailing.id, cascade_runs.c.ending.is_not(None)
    )
    silent = select(func.count()).where(
        outbound,
        messages.c.state == MessageState.ACCEPTED.value,
        or_(messages.c.expires_at < now - RECEIPT_WITHIN, messages.c.cascade.in_(over)),
    )
    begun = sum(counts.values())
    progress = Progress(
        begun + connection.execute(to_come).scalar_one() + mailing.recipients - mailing.prepared,
        counts,
        connection.execute(replied).scalar_one(),
        connection.execute(opted_out).scalar_one(),
        int(cost or 0),
    )
    return MailingFigures(
        progress,
        unwritten,
        {Ending(name): number for name, number in endings.items() if name is not None},
        running,
        connection.execute(silent).scalar_one(),
    )


def _state_after(known: Mailing, order: Order) -> MailingState:
    try:
        return ordered(known.state, order, prepared=known.prepared == known.recipients)
    except WrongOrder as wrong:
        possible = tuple(one for one in _BY_PEOPLE if one in ORDERS[known.state])
        raise Refused(str(wrong), "state", "mailing_move", state=known.state, possible=possible) from wrong


def _check_name(connection: Connection, mailing: Mailing) -> None:
    other = select(_c.id).where(_c.name == mailing.name, _c.id != mailing.id)
    if connection.execute(other).first() is not None:
        raise _taken(mailing.name)


def _taken(name: str) -> Refused:
    told = f"There is a mailing named {name} already: choose another name."
    return Refused(told, "name", "mailing_name_taken", name=name)
