"""What retention knows of each kind of row: its age, whether it may go, and how it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, or_, tuple_

from store.registers.legal_holds import held_contacts

Drop = Callable[[Connection, list[tuple[Any, ...]]], None]


@dataclass(frozen=True, slots=True)
class OverdueRows:
    """`at` tells the age of a row of `table`; `due` which may go; `drop` takes a batch of keys away.

    `newest_first`: of rows that stay when they are done, so that those of earlier days are not read for each
    batch; `at` has an index then.
    """

    table: Table
    at: ColumnElement[Any] | None
    due: Callable[[datetime], ColumnElement[bool]]
    drop: Drop
    newest_first: bool = False


def of_nobody_held(contact_id: ColumnElement[str | None]) -> ColumnElement[bool]:
    return or_(contact_id.is_(None), contact_id.not_in(held_contacts()))


def of_ids(drop: Callable[[Connection, list[str]], None]) -> Drop:
    return lambda connection, keys: drop(connection, [id_ for (id_,) in keys])


def among(key: Sequence[Column[Any]], keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    return key[0].in_([one for (one,) in keys]) if len(key) == 1 else tuple_(*key).in_(keys)


def dropping(table: Table) -> Drop:
    def drop(connection: Connection, keys: list[tuple[Any, ...]]) -> None:
        connection.execute(delete(table).where(among(list(table.primary_key.columns), keys)))

    return drop
