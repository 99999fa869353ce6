"""A scan of every text of every table: what still tells of a person is found, and taken out where it can be.

Tables are read in windows along their keys, each window in a statement of its own, so that a table of any
size keeps nobody waiting.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from history.folding import words_of
from history.search_query import TERMS_MOST, WORD_MOST, Term
from store.privacy.holdings import NOT_SCANNED
from store.privacy.person import pattern_of
from store.registers.text_search import having_terms
from store.tables import interactions, metadata

WINDOW_ROWS = 20_000
GONE = "(erased)"
# SQLite's lower() knows these letters alone.
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

# Rows that go as a whole when they tell of the person: they are of use to nobody then.
_DELETED = frozenset({"outbox", "publications", "idempotency_keys", "import_matches"})
# Never changed: the chain is proof only as it was written; the others a person made by hand.
_UNTOUCHED = frozenset({"decisions", "decision_chains", "segments", "webhooks"})
# Digests and keys: random digits, in which a number stands by chance only.
_RANDOM = frozenset({"prev_hash", "hash", "digest", "key", "person", "point"})


@dataclass(frozen=True, slots=True)
class Needles:
    """`words` are looked for everywhere; `names` too, but other people's own rows are left to them.

    `spared`: publication ids that name the erased contact on purpose, and their subjects.
    """

    words: tuple[str, ...]
    names: tuple[str, ...]
    spared: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.words, *self.names)


def scanned_tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in NOT_SCANNED]


def text_columns(table: Table) -> list[Column[Any]]:
    """Every column that may hold words."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, Text | JSON | LargeBinary)
        and not (column.name in _RANDOM and table.name in ("decisions", "decision_chains", "pseudonym_keys"))
        and not (table.name == "erasures" and column.name == "pending")
    ]


@dataclass(frozen=True, slots=True)
class Window:
    table: Table
    after: tuple[Any, ...] | None
    until: tuple[Any, ...] | None

    def rows(self) -> ColumnElement[bool]:
        key = tuple_(*self.table.primary_key.columns)
        bounds: list[ColumnElement[bool]] = [literal(True)]
        if self.after is not None:
            bounds.append(key > self._literals(self.after))
        if self.until is not None:
            bounds.append(key <= self._literals(self.until))
        return and_(*bounds)

    def _literals(self, values: Sequence[Any]) -> Any:
        columns = list(self.table.primary_key.columns)
        return tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))


def next_window(connection: Connection, table: Table, after: tuple[Any, ...] | None) -> Window:
    """The rows behind `after`; `until` is None for the last ones."""
    key = list(table.primary_key.columns)
    end = (
        select(*key).where(Window(table, after, None).rows()).order_by(*key).offset(WINDOW_ROWS - 1).limit(1)
    )
    row = connection.execute(end).first()
    return Window(table, after, None if row is None else tuple(row))


def found_rows(connection: Connection, window: Window, needles: Needles) -> Sequence[Row[Any]]:
    table = window.table
    columns = text_columns(table)
    if not columns or not needles.all:
        return []
    lowered = [func.lower(_as_text(connection, column)) for column in columns]
    position = func.instr if connection.dialect.name == "sqlite" else func.strpos
    hits = [
        position(text, variant) > 0
        for text in lowered
        for needle in needles.all
        for variant in {needle.lower(), needle.translate(_ASCII_LOWER)}
    ]
    wanted = select(table).where(window.rows(), or_(*hits))
    if needles.spared:
        for name, column in (("publications", "id"), ("subjects", "subject"), ("outbox", "subject")):
            if table.name == name:
                wanted = wanted.where(or_(table.c[column].is_(None), table.c[column].not_in(needles.spared)))
    return connection.execute(wanted).all()


def _as_text(connection: Connection, column: Column[Any]) -> ColumnElement[str]:
    if isinstance(column.type, LargeBinary) and connection.dialect.name == "postgresql":
        return func.encode(column, literal("escape", Text))
    return cast(column, Text)


def take_out(connection: Connection, table: Table, rows: Sequence[Row[Any]], needles: Needles) -> int:
    """Take the words out of these rows, or the rows away. How many it could do nothing about."""
    pattern = pattern_of(needles.all)
    if pattern is None or table.name in _UNTOUCHED:
        return len(rows)
    key = list(table.primary_key.columns)
    fixed = {column.name for column in key} | {column.name for column in table.columns if column.foreign_keys}
    left = 0
    for row in rows:
        mine = and_(*(column == row._mapping[column.name] for column in key))
        changed = {
            name: clean
            for name in (column.name for column in text_columns(table))
            if (clean := cleaned(row._mapping[name], pattern)) != row._mapping[name]
        }
        if table.name in _DELETED:
            connection.execute(delete(table).where(mine))
        elif changed and not (changed.keys() & fixed):
            connection.execute(update(table).where(mine).values(**changed))
        else:
            left += 1
    return left


def cleaned(value: object, pattern: re.Pattern[str]) -> Any:
    """The value without what tells of the person."""
    match value:
        case str():
            return pattern.sub(GONE, value)
        case dict():
            return {cleaned(name, pattern): cleaned(inner, pattern) for name, inner in value.items()}
        case list():
            return [cleaned(inner, pattern) for inner in value]
        case int() | float() if not isinstance(value, bool) and pattern.search(json.dumps(value)):
            return None
        case _:
            return value


def words_left(connection: Connection, needles: Needles) -> int:
    """Rows that the index of full-text search still finds by the person's words."""
    found: set[int] = set()
    for needle in needles.all:
        words = tuple(one[:WORD_MOST] for one in words_of(needle))[:TERMS_MOST]
        if not words:
            continue
        matches = having_terms([Term(words)], connection.dialect.name)
        found |= set(connection.execute(select(interactions.c.number).where(matches)).scalars())
    return len(found)
