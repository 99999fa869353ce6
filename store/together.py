"""Writes that wait for nothing of each other's, as one statement where the database has such a thing.

PostgreSQL has: each way to it and back costs more than what is done there. All parts see the tables as they
were before, so no two of them may write the same row. SQLite, in this very process, takes one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from store.statements import Write

Row = tuple[object, ...]


class Together:
    """Add what is to be written, then `do` it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_once = connection.dialect.name == "postgresql"
        self._parts: list[str] = []
        self._values: list[object] = []

    def add(self, write: Write, rows: Sequence[Row]) -> None:
        """SQLite does it now."""
        if not rows:
            return
        if not self._at_once:
            self._connection.exec_driver_sql(write.each, list(rows))
        else:
            self._parts.append(self._numbered(write.many, list(zip(*rows, strict=True))))

    def do(self, parts: str = "", values: Sequence[Sequence[object]] = (), select: str = "") -> Sequence[Any]:
        """All that was added. `parts` of one's own, named, take `values`; `select` reads what they return.

        Parts that read `count` of `written` come after all that was added.
        """
        own = self._numbered(parts, values) if parts else ""
        if not self._parts and not own:
            return ()
        if len(self._parts) == 1 and not own:
            sql = self._parts[0]
        else:
            named = [f"write_{number} AS ({part} RETURNING 1)" for number, part in enumerate(self._parts)]
            counts = [f"(SELECT count(*) FROM write_{number})" for number in range(len(named))]  # noqa: S608
            named.append(f"written AS (SELECT {' + '.join(counts) or '0'} AS count)")
            sql = f"WITH {', '.join([*named, own] if own else named)} {select or 'SELECT 1'}"
        given, self._parts, self._values = tuple(self._values), [], []
        found = self._connection.exec_driver_sql(sql, given)
        return found.all() if select else ()

    def do_counted(self, write: Write, rows: Sequence[Row]) -> int:
        """The same with these rows too; how many of them were written."""
        if not self._at_once:
            return self._connection.exec_driver_sql(write.each, list(rows)).rowcount
        columns = list(zip(*rows, strict=True))
        found = self.do(f"counted AS ({write.many} RETURNING 1)", columns, "SELECT count(*) FROM counted")
        return int(found[0][0])

    def _numbered(self, sql: str, columns: Sequence[Sequence[object]]) -> str:
        first = len(self._values) + 1
        self._values += [list(column) for column in columns]
        return sql.format(*(f"${number}" for number in range(first, first + len(columns))))
