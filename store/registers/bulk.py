"""Many rows at once, inside a transaction, each kind of database in its fastest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import Connection

from engine.ports import StoreUnavailable
from store.statements import statements_for

Row = tuple[object, ...]

# PostgreSQL's types of columns.
TEXT, TIME, INTEGER, BIGINT, BOOLEAN = "text", "timestamptz", "integer", "bigint", "boolean"


class Overtaken(Exception):
    """Another transaction has just written one of these rows, or merged one of these people: do it again."""


class Bulk:
    """`at` is its time, in the form that the driver takes."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self.at: object = statements_for(connection.dialect).time(at)

    def add(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Rows that are not there yet. Raises Overtaken when one is."""
        if not rows:
            return
        if self._sqlite:
            sql = _insert(table, columns, "ON CONFLICT DO NOTHING")
            if self._connection.exec_driver_sql(sql, list(rows)).rowcount != len(rows):
                raise Overtaken
            return
        driver: Any = self._connection.connection.dbapi_connection
        try:
            driver.run_async(
                lambda asyncpg_connection: asyncpg_connection.copy_records_to_table(
                    table, records=rows, columns=list(columns)
                )
            )
        except asyncpg.UniqueViolationError:
            raise Overtaken from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    def put(self, table: str, columns: Mapping[str, str], rows: Sequence[Row], conflict: str) -> None:
        """Rows that may be there; `conflict` is what comes after ON CONFLICT."""
        if not rows:
            return
        conflict = f"ON CONFLICT {conflict}"
        if self._sqlite:
            self._connection.exec_driver_sql(_insert(table, columns, conflict), list(rows))
            return
        given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(columns.values(), start=1))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({given}) {conflict}"  # noqa: S608
        self._connection.exec_driver_sql(sql, tuple(list(column) for column in zip(*rows, strict=True)))


def _insert(table: str, columns: Mapping[str, str], conflict: str) -> str:
    signs = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({signs}) {conflict}"  # noqa: S608 - our own names
