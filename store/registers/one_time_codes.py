"""SqlOneTimeCodes: codes that were sent, by their salted hashes alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.followups import KeptCode
from engine.registers.messages import Message, Move
from engine.registers.refusals import Missing, Refused
from messaging.codes import CodeRules, OneTimeCode, Verdict, tried
from messaging.states import MessageState
from store.message_adding import add_messages
from store.message_moves import Moves
from store.message_rows import message_of
from store.registers.transactions import read, written
from store.tables import messages, one_time_codes

ENTERED = "its code was entered"
SENT_AGAIN = "another code was sent"
_c = one_time_codes.c


class SqlOneTimeCodes:
    """Implements engine.registers.followups.OneTimeCodes."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def add(
        self, code: KeptCode, salt: bytes, hashed: bytes, message: Message, *, since: datetime, most: int
    ) -> None:
        now = self._clock.now()

        def work(connection: Connection) -> None:
            _check_room(connection, message, since, most)
            add_messages(connection, [message], self._ids.new, now)
            connection.execute(insert(one_time_codes), {"id": code.id, **_columns(code, salt, hashed)})

        await written(self._engine, work)

    async def get(self, id: str) -> tuple[KeptCode, Message]:
        def work(connection: Connection) -> tuple[KeptCode, Message]:
            row = connection.execute(select(one_time_codes).where(_c.id == id)).one_or_none()
            if row is None:
                raise Missing(f"There is no code {id}.")
            sent = connection.execute(select(messages).where(messages.c.id == row.message_id)).one()
            return _kept(row), message_of(sent)

        return await read(self._engine, work)

    async def send_again(
        self, code: KeptCode, salt: bytes, hashed: bytes, message: Message, *, since: datetime, most: int
    ) -> None:
        now = self._clock.now()

        def work(connection: Connection) -> None:
            _check_room(connection, message, since, most)
            known = connection.execute(select(_c.message_id).where(_c.id == code.id)).scalar_one()
            put = update(one_time_codes).where(
                _c.id == code.id, _c.sends == code.sends - 1, _c.wrong == code.wrong, _c.used_at.is_(None)
            )
            add_messages(connection, [message], self._ids.new, now)
            if connection.execute(put.values(_columns(code, salt, hashed))).rowcount != 1:
                raise Refused("The code was used or sent again meanwhile.", "code_id")
            moves = Moves(connection, now)
            moves.make([Move(known, MessageState.STOPPED, now, SENT_AGAIN, "sent_again")])
            moves.write()

        await written(self._engine, work)

    async def check(
        self, id: str, hashed_with: Callable[[bytes], bytes], at: datetime
    ) -> tuple[Verdict, KeptCode]:
        def work(connection: Connection) -> tuple[Verdict, KeptCode]:
            chosen = select(one_time_codes).where(_c.id == id).with_for_update()
            row = connection.execute(chosen).one_or_none()
            if row is None:
                raise Missing(f"There is no code {id}.")
            code = OneTimeCode(bytes.fromhex(row.hashed), row.sent_at, wrong=row.wrong, used_at=row.used_at)
            rules = CodeRules(
                length=row.length, lifetime=row.expires_at - row.sent_at, most_attempts=row.most_attempts
            )
            after, verdict = tried(code, rules, hashed_with(bytes.fromhex(row.salt)), at)
            if after != code:
                # On SQLite nothing is locked by reading: who was faster has counted.
                put = update(one_time_codes).where(_c.id == id, _c.wrong == row.wrong, _c.used_at.is_(None))
                values = {"wrong": after.wrong, "used_at": after.used_at}
                if connection.execute(put.values(**values)).rowcount != 1:
                    return Verdict.USED, _kept(row)
            if verdict is Verdict.RIGHT:
                moves = Moves(connection, at)
                moves.make([Move(row.message_id, MessageState.CHECKED, at, ENTERED, "code")])
                moves.write()
            return verdict, _kept(row, wrong=after.wrong, used_at=after.used_at)

        return await written(self._engine, work)


def _check_room(connection: Connection, message: Message, since: datetime, most: int) -> None:
    """Raises Refused."""
    assert message.point is not None
    value = message.point.value
    sent = (
        select(func.coalesce(func.sum(_c.sends), 0))
        .select_from(one_time_codes.join(messages, messages.c.id == _c.message_id))
        .where(messages.c.point_value == value, _c.sent_at > since)
    )
    if connection.dialect.name == "postgresql":  # of two at once, the second counts the first
        turn = func.hashtextextended(f"one_time_codes {value}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(turn)))
    if connection.execute(sent).scalar_one() >= most:
        raise Refused(f"{most} codes were sent there within the hour: wait before another.", "to")


def _columns(code: KeptCode, salt: bytes, hashed: bytes) -> dict[str, Any]:
    return {
        "message_id": code.message_id,
        "salt": salt.hex(),
        "hashed": hashed.hex(),
        "length": code.length,
        "most_attempts": code.most_attempts,
        "sent_at": code.sent_at,
        "expires_at": code.expires_at,
        "wrong": code.wrong,
        "sends": code.sends,
        "letters": code.letters,
    }


def _kept(row: Row[Any], **changed: Any) -> KeptCode:
    return KeptCode(
        id=row.id,
        message_id=row.message_id,
        length=row.length,
        most_attempts=row.most_attempts,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        wrong=changed.get("wrong", row.wrong),
        used_at=changed.get("used_at", row.used_at),
        sends=row.sends,
        letters=row.letters,
    )
