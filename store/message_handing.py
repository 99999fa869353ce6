"""Claimed messages written down as being sent, many in a statement, before a provider sees them.

Each is as it was claimed, or nobody's to send any more: who claimed it need not read it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from engine.registers.messages import Message
from messaging.states import MessageState
from store.cascade_writing import tell_moves
from store.message_moves import event_of_move
from store.message_rows import changed
from store.statements import statements_for
from store.tables import messages
from store.together import Together

_c = messages.c


def begin_sending(
    connection: Connection,
    chosen: Sequence[tuple[Message, str]],
    worker: str,
    until: datetime,
    now: datetime,
) -> list[Message]:
    """Those that this worker still has, as they are now, with their providers."""
    by_provider: dict[str, dict[str, Message]] = {}
    for message, provider in chosen:
        by_provider.setdefault(provider, {})[message.id] = message
    begun: list[Message] = []
    for provider in sorted(by_provider):
        begun += _begun(connection, provider, by_provider[provider], worker, until, now)
    if begun:
        statements = statements_for(connection.dialect)
        together = Together(connection)
        rows = [event_of_move(statements, one, now) for one in begun]
        together.add(statements.add_message_events, rows)
        together.do()
        tell_moves(connection, begun, now)
    return begun


def _begun(
    connection: Connection,
    provider: str,
    claimed: dict[str, Message],
    worker: str,
    until: datetime,
    now: datetime,
) -> list[Message]:
    # Locked in one lasting order. By their ids alone: SQLite would look through all that are queued.
    theirs = select(_c.id).where(_c.id.in_(sorted(claimed))).order_by(_c.id).with_for_update().cte("theirs")
    queued = func.coalesce(_c.state, "") == MessageState.QUEUED.value
    begin = (
        update(messages)
        .where(_c.id.in_(select(theirs.c.id)), queued, _c.claimed_by == worker)
        .values(
            state=MessageState.SENDING.value,
            state_at=now,
            provider=provider,
            why="",
            code="",
            attempts=_c.attempts + 1,
            version=_c.version + 1,
            claimed_until=until,
        )
        .returning(_c.id, _c.attempts, _c.version)
    )
    fixed: dict[str, Any] = {
        "state": MessageState.SENDING,
        "state_at": now,
        "provider": provider,
        "why": "",
        "code": "",
    }
    return [
        changed(claimed[row.id], fixed | {"attempts": row.attempts, "version": row.version})
        for row in connection.execute(begin)
    ]
