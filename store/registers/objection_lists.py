"""Importing a list of objections: in batches of short transactions, and in force at one moment.

Each import takes a generation of its list. What it brings is marked as lasting up to it; the list's one row
then names it as the generation in force. A replaced list's other objections end there, and are lifted after.
An import that breaks off has changed nothing that counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from functools import partial

import orjson
from sqlalchemy import Connection, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Ids
from engine.registers.actor import Actor
from engine.registers.permissions import ListEntry, ListImport, ListImported
from store.audit import note
from store.registers.transactions import written
from store.statements import SQLITE, statements_for
from store.tables import do_not_contact, do_not_contact_lists

# Short enough that SQLite's other writers hardly wait.
BATCH = 2000
_REPLACED = "the list was replaced"
_LISTS = do_not_contact_lists
_COLUMNS = (
    "id, at, scope, value, reason, source, channels, purposes, list_name, first_generation, last_generation"
)
_PUT = (
    f"INSERT INTO do_not_contact ({_COLUMNS}) VALUES ({', '.join(f'?{n}' for n in range(1, 12))}) "  # noqa: S608
    "ON CONFLICT (list_name, scope, value) WHERE list_name IS NOT NULL AND lifted_at IS NULL "
    "DO UPDATE SET first_generation = min(do_not_contact.first_generation, excluded.first_generation), "
    "last_generation = max(do_not_contact.last_generation, excluded.last_generation), "
    "reason = excluded.reason, source = excluded.source, channels = excluded.channels, "
    "purposes = excluded.purposes"
)


async def import_entries(
    engine: AsyncEngine,
    ids: Ids,
    plan: ListImport,
    entries: AsyncIterable[ListEntry],
    actor: Actor,
    at: datetime,
) -> ListImported:
    """See engine.registers.permissions.Permissions."""
    generation = await written(engine, lambda connection: _begun(connection, plan))
    read = added = 0
    batch: dict[ListEntry, str] = {}

    async def put() -> int:
        rows = sorted(batch.items(), key=lambda one: (one[0].scope, one[0].value))
        batch.clear()
        return await written(engine, lambda connection: _put(connection, plan, rows, generation, at))

    async for entry in entries:
        read += 1
        batch.setdefault(entry, ids.new())
        if len(batch) == BATCH:
            added += await put()
    if batch:
        added += await put()

    def finish(connection: Connection) -> None:
        mine = _LISTS.c.name == plan.name
        older = mine & (_LISTS.c.generation < generation)
        connection.execute(update(_LISTS).where(older).values(generation=generation))
        connection.execute(update(_LISTS).where(mine).values(imported_at=at))
        about = {"read": read, "added": added, "replace": plan.replace}
        note(connection, actor, "do_not_contact.imported", f"do_not_contact_list:{plan.name}", about, at)

    await written(engine, finish)
    lifted = await _lift_replaced(engine, plan.name, at) if plan.replace else 0
    return ListImported(read, added, read - added, lifted)


def _begun(connection: Connection, plan: ListImport) -> int:
    """The generation of this import: a new one, or the one in force for what is only added."""
    dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    fresh = {"name": plan.name, "generation": 0, "newest": 0}
    connection.execute(dialect(_LISTS).values(fresh).on_conflict_do_nothing())
    mine = _LISTS.c.name == plan.name
    if not plan.replace:
        return int(connection.execute(select(_LISTS.c.generation).where(mine)).scalar_one())
    taken = update(_LISTS).where(mine).values(newest=_LISTS.c.newest + 1).returning(_LISTS.c.newest)
    return int(connection.execute(taken).scalar_one())


async def _lift_replaced(engine: AsyncEngine, name: str, at: datetime) -> int:
    """Mark as lifted what counts no longer, in one pass over the list. How many."""
    after: tuple[str, str] | None = ("", "")
    lifted = 0
    while after is not None:
        after, some = await written(engine, partial(_lift_some, name=name, after=after, at=at))
        lifted += some
    return lifted


def _lift_some(
    connection: Connection, name: str, after: tuple[str, str], at: datetime
) -> tuple[tuple[str, str] | None, int]:
    """Of the next rows after `after`, by scope and value; and where to go on, None at the end."""
    columns = do_not_contact.c
    wanted = (
        select(columns.id, columns.scope, columns.value, columns.last_generation)
        .where(columns.list_name == name, columns.lifted_at.is_(None))
        .where(tuple_(columns.scope, columns.value) > tuple_(*after))
        .order_by(columns.scope, columns.value)
        .limit(BATCH)
    )
    rows = connection.execute(wanted).all()
    if not rows:
        return None, 0
    current = connection.execute(select(_LISTS.c.generation).where(_LISTS.c.name == name)).scalar_one()
    old = [row.id for row in rows if row.last_generation < current]
    if old:
        # Asked again in the change: an import that began meanwhile may have taken the row over.
        still = columns.id.in_(old) & (columns.last_generation < current)
        connection.execute(update(do_not_contact).where(still).values(lifted_at=at, lifted_reason=_REPLACED))
    return (rows[-1].scope, rows[-1].value), len(old)


def _put(
    connection: Connection,
    plan: ListImport,
    batch: Sequence[tuple[ListEntry, str]],
    generation: int,
    at: datetime,
) -> int:
    """Returns how many are new. In one lasting order, so that two imports wait and do not deadlock."""
    statements = statements_for(connection.dialect)
    channels = orjson.dumps(sorted(plan.channels)).decode()
    purposes = orjson.dumps(sorted(plan.purposes)).decode()
    rows = [
        (
            entry_id,
            statements.time(at),
            entry.scope.value,
            entry.value,
            plan.reason,
            plan.source,
            channels,
            purposes,
            plan.name,
            generation,
            generation,
        )
        for entry, entry_id in batch
    ]
    sql = (
        _PUT
        if statements is SQLITE
        else _PUT.replace("?", "$").replace("max(", "greatest(").replace("min(", "least(")
    )
    connection.exec_driver_sql(sql, rows)
    new = select(func.count()).where(do_not_contact.c.id.in_([entry_id for _, entry_id in batch]))
    return int(connection.execute(new).scalar_one())
