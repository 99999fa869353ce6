"""Messages from the side of the one who sends them (engine.registers.messages.MessageQueue)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from compliance.facts import Channel
from engine.ports import Clock, Ids
from engine.registers.messages import Doubtful, Message, MessageFigures, Move, PutOff, Tidied
from messaging.provider import Incoming, Receipt
from messaging.states import MessageState
from store.incoming_messages import take_incoming
from store.message_adding import TOPICS, take_jobs
from store.message_handing import begin_sending
from store.message_moves import Moves, batches, storable
from store.message_parts import early_of
from store.message_rows import locked_messages
from store.outbox import open_jobs
from store.registers.transactions import read, written
from store.tables import early_receipts, message_parts, messages, outbox

KEPT_FOR = timedelta(hours=72)
# A receipt whose message never came to be known is of another system, or too old.
EARLY_KEPT = timedelta(days=3)
CROSSED = timedelta(minutes=5)
# What is in doubt longer than this is not asked about any more.
ASKED_FOR = timedelta(days=2)
BATCH = 500
EXPIRED = "it could not be sent in time"
WORKER_GONE = "whoever was sending it ended before the provider answered"

_c = messages.c
_queued = _c.state == MessageState.QUEUED.value
_now: BindParameter[Any] = bindparam("now")
_unclaimed = or_(_c.claimed_until.is_(None), _c.claimed_until <= _now)
# Asked twice a second, day and night, so built once; answered from an index however many wait for later.
_DUE = (
    select(_c.id)
    .where(_queued, _c.channel == bindparam("channel"), _c.not_before <= _now, _unclaimed)
    .limit(1)
)
# Of a few that are due the oldest are soon found among them. Of many they are found in the order itself, from
# its index: a condition on `coalesce` has none.
FEW = 1000
_FEW = select(func.count()).select_from(_DUE.limit(FEW).subquery())
_in_time = or_(_c.expires_at.is_(None), _c.expires_at > _now)
_oldest = (
    select(_c.id)
    .where(_queued, _c.channel == bindparam("channel"), _in_time, _unclaimed)
    .order_by(_c.priority, _c.at, _c.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
_OLDEST_OF_FEW = _oldest.where(_c.not_before <= _now)
_OLDEST = _oldest.where(func.coalesce(_c.not_before, _c.at) <= _now)
_CLAIM = (
    update(messages)
    .where(_c.id.in_(bindparam("ids", expanding=True)))
    .values(claimed_by=bindparam("worker"), claimed_until=bindparam("until"))
)
_JOBS = select(outbox.c.id).where(
    outbox.c.topic.in_(bindparam("topics", expanding=True)), open_jobs(), outbox.c.not_before <= _now
)
_PUT_OFF = (
    update(messages)
    .where(_c.id == bindparam("id_is"), _queued, _c.claimed_by == bindparam("worker"))
    .values(not_before=bindparam("until"), why=bindparam("because"), claimed_by=None, claimed_until=None)
)


class SqlMessageQueue:
    """Implements MessageQueue. `worker`: a name that no other process has."""

    def __init__(
        self, engine: AsyncEngine, clock: Clock, ids: Ids, worker: str, kept_for: timedelta = KEPT_FOR
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._kept_for = kept_for
        self._has_tidied = False

    async def due(self, channels: Sequence[Channel]) -> Sequence[Channel]:
        now = self._clock.now()

        def work(connection: Connection) -> list[Channel]:
            return [
                channel
                for channel in channels
                if connection.execute(_DUE, {"now": now, "channel": channel.value}).first() is not None
            ]

        return await read(self._engine, work)

    async def take_in(self, channels: Sequence[Channel], *, limit: int = BATCH) -> int:
        topics = [TOPICS[channel] for channel in channels if channel in TOPICS]
        now = self._clock.now()
        if not topics:
            return 0
        asked = {"topics": topics, "now": now}
        if not await read(self._engine, lambda connection: connection.execute(_JOBS.limit(1), asked).all()):
            return 0

        def work(connection: Connection) -> int:
            return take_jobs(connection, channels, self._ids.new, now, limit=limit, kept_for=self._kept_for)

        return await written(self._engine, work)

    async def claim(self, channel: Channel, *, limit: int, lease_seconds: float) -> Sequence[Message]:
        now = self._clock.now()
        given = {"now": now, "channel": channel.value}
        claim = {"worker": self._worker, "until": now + timedelta(seconds=lease_seconds)}

        def work(connection: Connection) -> list[Message]:
            few = connection.execute(_FEW, given).scalar_one() < FEW
            due = connection.execute(_OLDEST_OF_FEW if few else _OLDEST, {**given, "limit": limit})
            ids = due.scalars().all()
            for some in batches(ids):
                connection.execute(_CLAIM, {**claim, "ids": some})
            return [one.message for some in batches(ids) for one in locked_messages(connection, some)]

        return sorted(await written(self._engine, work), key=lambda one: (one.priority, one.at, one.id))

    async def hand_over(self, chosen: Sequence[tuple[Message, str]], until: datetime) -> Sequence[Message]:
        if not chosen:
            return ()
        now = self._clock.now()

        def work(connection: Connection) -> list[Message]:
            return begin_sending(connection, chosen, self._worker, until, now)

        return await written(self._engine, work)

    async def move(self, moves: Sequence[Move]) -> Sequence[Message]:
        return await self.settle(moves, ())

    async def put_off(self, put_off: Sequence[PutOff]) -> None:
        if not put_off:
            return
        values = [
            {"id_is": one.message_id, "worker": self._worker, "until": one.until, "because": one.why}
            for one in put_off
        ]
        await written(self._engine, lambda connection: connection.execute(_PUT_OFF, values))

    async def receipts(self, receipts: Sequence[Receipt]) -> Sequence[Message]:
        return await self.settle((), receipts)

    async def settle(self, moves: Sequence[Move], receipts: Sequence[Receipt]) -> Sequence[Message]:
        if not moves and not receipts:
            return ()
        now = self._clock.now()
        receipts = [
            replace(
                one,
                reference=storable(one.reference),
                why=storable(one.why),
                code=storable(one.code),
                to=storable(one.to),
            )
            for one in receipts
        ]

        def work(connection: Connection) -> list[Message]:
            made = Moves(connection, now, self._worker)
            made.make(moves)
            unknown = made.adopt(made.receive(receipts)) if receipts else []
            # Some providers tell our own id.
            made.lock([receipt.reference for receipt in unknown])
            early: list[Receipt] = []
            for receipt in unknown:
                known = made.message(receipt.reference)
                if known is None or known.provider != receipt.provider:
                    early.append(receipt)
                else:
                    made.make([Move(known.id, receipt.state, receipt.at, receipt.why, receipt.code)])
            _keep_early(connection, early, now)
            return made.write()

        return await written(self._engine, work)

    async def take(self, incoming: Incoming, *, opted_out: bool, opted_in: bool = False) -> Message | None:
        now, new_id = self._clock.now(), self._ids.new()
        incoming = replace(
            incoming,
            text=storable(incoming.text),
            subject=storable(incoming.subject),
            from_=storable(incoming.from_),
            to=storable(incoming.to),
            external_id=storable(incoming.external_id),
            in_reply_to=storable(incoming.in_reply_to),
        )

        def work(connection: Connection) -> Message | None:
            return take_incoming(connection, incoming, new_id, now, opted_out=opted_out, opted_in=opted_in)

        try:
            return await written(self._engine, work)
        except IntegrityError:  # told twice at once: the other one has kept it by now
            return await written(self._engine, work)

    async def doubtful(self, *, limit: int, after: tuple[str, str] = ("", "")) -> Sequence[Doubtful]:
        since = self._clock.now() - ASKED_FOR
        chosen = (
            select(_c.id, message_parts.c.provider, message_parts.c.reference)
            .join(message_parts, message_parts.c.message_id == _c.id)
            .where(
                _c.state == MessageState.IN_DOUBT.value,
                _c.state_at > since,
                message_parts.c.state == MessageState.ACCEPTED.value,
                tuple_(_c.id, message_parts.c.reference) > tuple_(*map(literal, after)),
            )
            .order_by(_c.id, message_parts.c.reference)
            .limit(limit)
        )
        rows = await read(self._engine, lambda connection: connection.execute(chosen).all())
        return [Doubtful(row.id, row.provider, row.reference) for row in rows]

    async def tidy(self) -> Tidied:
        now = self._clock.now()
        expired = (
            select(_c.id)
            .where(
                _queued,
                _c.expires_at <= now,
                or_(_c.claimed_until.is_(None), _c.claimed_until <= now),
            )
            .limit(BATCH)
        )
        lost = (
            select(_c.id).where(_c.state == MessageState.SENDING.value, _c.claimed_until <= now).limit(BATCH)
        )
        key = early_receipts.c.provider, early_receipts.c.reference
        known = exists().where(message_parts.c.provider == key[0], message_parts.c.reference == key[1])
        # It crosses the answer within a transaction's time; those of before are looked at by a new worker.
        lately = early_receipts.c.received_at > now - (CROSSED if self._has_tidied else EARLY_KEPT)
        early = select(*key).where(lately, known).distinct().limit(BATCH)
        old = early_receipts.c.received_at < now - EARLY_KEPT

        def look(connection: Connection) -> bool:
            asked = (expired, lost, early, select(*key).where(old))
            return any(connection.execute(one.limit(1)).first() is not None for one in asked)

        def work(connection: Connection) -> Tidied:
            connection.execute(delete(early_receipts).where(old))
            too_late = connection.execute(expired.with_for_update(skip_locked=True)).scalars().all()
            left = connection.execute(lost.with_for_update(skip_locked=True)).scalars().all()
            matched = [(row.provider, row.reference) for row in connection.execute(early)]
            moves = Moves(connection, now, self._worker)
            moves.lock([*too_late, *left])
            moves.make([Move(one, MessageState.EXPIRED, now, EXPIRED, "expired") for one in too_late])
            moves.make([Move(one, MessageState.IN_DOUBT, now, WORKER_GONE, "no_answer") for one in left])
            if matched:
                moves.receive(early_of(connection, matched))
            moves.write()
            most = max(len(too_late), len(left), len(matched))
            return Tidied(len(too_late), len(left), len(matched), most >= BATCH)

        tidied = await written(self._engine, work) if await read(self._engine, look) else Tidied()
        self._has_tidied = self._has_tidied or not tidied.more
        return tidied

    async def figures(self, channels: Sequence[Channel]) -> MessageFigures:
        now = self._clock.now()
        without = [topic for channel, topic in TOPICS.items() if channel not in channels]

        def work(connection: Connection) -> MessageFigures:
            queued = select(func.count(), func.min(_c.at)).where(_queued)
            number, _ = connection.execute(queued).one()
            oldest = connection.execute(
                select(func.min(_c.not_before)).where(_queued, _c.not_before <= now)
            ).scalar()
            doubtful = select(func.count()).where(_c.state == MessageState.IN_DOUBT.value)
            waiting = select(func.count()).where(outbox.c.topic.in_(without), open_jobs())
            return MessageFigures(
                number,
                connection.execute(doubtful).scalar_one(),
                oldest,
                connection.execute(waiting).scalar_one() if without else 0,
            )

        return await read(self._engine, work)


def _keep_early(connection: Connection, receipts: Sequence[Receipt], now: datetime) -> None:
    if not receipts:
        return
    dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    values = [
        {
            "provider": receipt.provider,
            "reference": receipt.reference,
            "state": receipt.state.value,
            "at": receipt.at,
            "code": receipt.code,
            "why": receipt.why,
            "received_at": now,
        }
        for receipt in receipts
    ]
    connection.execute(dialect(early_receipts).on_conflict_do_nothing(), values)
