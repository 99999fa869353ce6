"""Writing rows in one transaction, contacts found or made on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from store.rows import PointKey, Row, Rows, Statements


async def write(connection: AsyncConnection, rows: Rows) -> None:
    """Write all rows inside the connection's transaction. What is already there is left as it is."""
    statements = rows.statements
    await _execute(connection, statements.add_events, rows.events)
    await _execute(connection, statements.put_calls, [row for _, row in rows.calls.values()])
    if rows.to_place:
        contacts = await _contacts(connection, rows)
        await _execute(connection, statements.add_interactions, rows.interactions(contacts))
    await _execute(connection, statements.add_jobs, rows.jobs)


async def _execute(connection: AsyncConnection, sql: str, rows: list[Row]) -> None:
    if rows:
        await connection.exec_driver_sql(sql, rows)


async def _contacts(connection: AsyncConnection, rows: Rows) -> dict[PointKey, str]:
    """The contact of each point; made where there is none. Of two engines that make one at once, one wins."""
    wanted = rows.new_points()
    if not wanted:
        return {}
    statements = rows.statements
    known = await _find(connection, statements, list(wanted))
    missing = {key: change for key, change in wanted.items() if key not in known}
    if not missing:
        return known
    made: list[Row] = []
    points: list[Row] = []
    for (kind, value), change in missing.items():
        at = rows.time(change.interaction.at)
        made.append((change.new_contact_id, at))
        points.append((kind, value, change.new_contact_id, at))
    await _execute(connection, statements.add_contacts, made)
    await _execute(connection, statements.add_points, points)
    known |= await _find(connection, statements, list(missing))
    used = set(known.values())
    orphans: list[Row] = [(contact_id,) for contact_id in {row[0] for row in made} - used]
    await _execute(connection, statements.remove_contacts, orphans)
    return known


async def _find(
    connection: AsyncConnection, statements: Statements, keys: list[PointKey]
) -> dict[PointKey, str]:
    values: tuple[object, ...]
    if statements.points_as_json:
        values = (orjson.dumps(keys).decode(),)
    else:
        values = ([kind for kind, _ in keys], [value for _, value in keys])
    found = await connection.exec_driver_sql(statements.find_points, values)
    rows: Sequence[Any] = found.all()
    return {(kind, value): contact_id for kind, value, contact_id in rows}
