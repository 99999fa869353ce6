"""Parts of messages and receipts that wait for them, read by many references at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, delete, tuple_

from messaging.provider import Receipt
from messaging.states import MessageState
from store.tables import early_receipts

_IN = {"postgresql": "= ANY(${}::TEXT[])", "sqlite": "IN (SELECT value FROM json_each(?{}))"}
_ONE = {"postgresql": "= $1", "sqlite": "= ?1"}
_WITH_KEYS = {name: f"WHERE provider {_ONE[name]} AND reference {_IN[name].format(2)}" for name in _IN}
_PARTS = "SELECT provider, reference, message_id, state FROM message_parts"
_BY_REFERENCE = {name: f"{_PARTS} {these}" for name, these in _WITH_KEYS.items()}
_OF_MESSAGES = {name: f"{_PARTS} WHERE message_id {_IN[name].format(1)}" for name in _IN}
_EARLY = {
    name: f"SELECT 1 FROM early_receipts {these} LIMIT 1"  # noqa: S608 - our own names
    for name, these in _WITH_KEYS.items()
}
# Provider and reference.
Key = tuple[str, str]


def parts_by_reference(connection: Connection, keys: Collection[Key]) -> Sequence[Any]:
    """Provider, reference, message id and state of each that is known."""
    sql = _BY_REFERENCE[connection.dialect.name]
    return [row for asked in _asked(connection, keys) for row in connection.exec_driver_sql(sql, asked).all()]


def parts_of_messages(connection: Connection, message_ids: Sequence[str]) -> Sequence[Any]:
    """As parts_by_reference, all of these messages."""
    given = _many(connection, message_ids)
    return connection.exec_driver_sql(_OF_MESSAGES[connection.dialect.name], (given,)).all()


def early_of(connection: Connection, keys: Collection[Key]) -> list[Receipt]:
    """Those that wait for these references, by their time; they wait no more."""
    sql = _EARLY[connection.dialect.name]
    if not any(connection.exec_driver_sql(sql, asked).first() for asked in _asked(connection, keys)):
        return []
    these = tuple_(early_receipts.c.provider, early_receipts.c.reference).in_(sorted(keys))
    # Read as they are taken away: one that comes between a look and that would be lost.
    taken = connection.execute(delete(early_receipts).where(these).returning(early_receipts)).all()
    return [
        Receipt(row.provider, row.reference, MessageState(row.state), row.at, row.code, row.why)
        for row in sorted(taken, key=lambda row: row.at)
    ]


def _asked(connection: Connection, keys: Collection[Key]) -> Iterator[tuple[object, object]]:
    by_provider: dict[str, list[str]] = {}
    for provider, reference in sorted(keys):
        by_provider.setdefault(provider, []).append(reference)
    for provider, references in by_provider.items():
        yield provider, _many(connection, references)


def _many(connection: Connection, values: Sequence[str]) -> object:
    return list(values) if connection.dialect.name == "postgresql" else orjson.dumps(list(values)).decode()
