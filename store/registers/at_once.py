"""Several questions as one statement: each answer comes as a list in JSON.

For what somebody waits for: each statement on its own is a way to the database and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import JSON, Boolean, Connection, SelectBase, func, select
from sqlalchemy.types import TypeEngine

from store.tables import UtcDateTime


def at_once(connection: Connection, questions: Mapping[str, SelectBase]) -> dict[str, list[Any]]:
    """The rows of each question, in its order. A row has its columns as attributes, as SQLAlchemy's have."""
    sqlite = connection.dialect.name == "sqlite"
    answers, readers = [], {}
    for name, question in questions.items():
        rows = question.subquery(f"of_{name}")
        row = (func.json_array if sqlite else func.json_build_array)(*rows.c)
        listed = (func.json_group_array if sqlite else func.json_agg)(row, type_=JSON())
        answers.append(select(listed).select_from(rows).scalar_subquery().label(name))
        readers[name] = {column.name: _reader(column.type, sqlite=sqlite) for column in rows.c}
    found = connection.execute(select(*answers)).one()
    return {
        name: [
            SimpleNamespace(
                **{
                    column: None if value is None else read(value)
                    for (column, read), value in zip(readers[name].items(), row, strict=True)
                }
            )
            for row in listed or ()
        ]
        for name, listed in zip(questions, found, strict=True)
    }


def _reader(kind: TypeEngine[Any], *, sqlite: bool) -> Callable[[Any], Any]:
    """What a column's value is, of its form in JSON."""
    if isinstance(kind, UtcDateTime):
        return _time
    if isinstance(kind, Boolean):
        return bool
    # SQLite keeps JSON as text, which is a text in JSON too.
    return orjson.loads if sqlite and isinstance(kind, JSON) else _as_it_is


def _time(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _as_it_is(value: Any) -> Any:
    return value
