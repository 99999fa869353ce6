"""Runs of cascades inside a transaction: begun, and told what happened to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.registers.cascades import KeptRun
from engine.registers.messages import Message, MessageDirection
from store.mailing_rows import MOVED, OPTED_OUT, REPLIED, new_run_columns
from store.registers.profiles import family, survivor_of
from store.tables import cascade_news, cascade_runs, messages

_r = cascade_runs.c
# Run, kind, step, what, the news' own id: who tells a thing twice tells it once.
Told = tuple[str, str, int | None, str, str]


def add_runs(connection: Connection, runs: Sequence[KeptRun]) -> None:
    if runs:
        connection.execute(insert(cascade_runs), [new_run_columns(one) for one in runs])


def add_run(connection: Connection, run: KeptRun) -> bool:
    """False: it is there already, or another transaction was faster."""
    dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    new = dialect(cascade_runs).values(new_run_columns(run)).on_conflict_do_nothing(index_elements=["id"])
    return connection.execute(new).rowcount == 1


def tell_runs(connection: Connection, told: Sequence[Told], now: datetime) -> None:
    if not told:
        return
    dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    rows = [
        {"id": known_by, "run": run, "kind": kind, "step": step, "what": what, "at": now}
        for run, kind, step, what, known_by in told
    ]
    connection.execute(dialect(cascade_news).on_conflict_do_nothing(), rows)


def tell_moves(connection: Connection, moved: Sequence[Message], now: datetime) -> None:
    """In the transaction that moved these messages."""
    tell_runs(
        connection,
        [
            (one.cascade, MOVED, one.cascade_step, one.state.value, f"{one.id}.{one.version}")
            for one in moved
            if one.cascade is not None
        ],
        now,
    )


def tell_incoming(connection: Connection, message: Message, now: datetime, *, opted_out: bool) -> None:
    """What a person wrote: the run that it answers hears of it; an opt-out, all of that person's."""
    kind = OPTED_OUT if opted_out else REPLIED
    if opted_out and message.contact_id is not None:
        people = list(family(connection, [survivor_of(connection, message.contact_id)]))
        going = select(_r.id).where(_r.contact_id.in_(people), _r.ending.is_(None))
    elif message.in_reply_to is not None and message.direction is MessageDirection.INBOUND:
        going = select(messages.c.cascade).where(
            messages.c.id == message.in_reply_to, messages.c.cascade.is_not(None)
        )
    else:
        return
    runs = connection.execute(going).scalars().all()
    tell_runs(connection, [(run, kind, None, "", f"{message.id}.{run}") for run in runs if run], now)
