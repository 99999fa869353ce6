"""All rows of a person, table by table, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from store.privacy.holdings import HOLDINGS
from store.privacy.person import Person
from store.tables import pseudonym_keys

# What signs and what unlocks: of no use to the person, and of use to a thief.
_LEFT_OUT = {"pseudonym_keys": {"key"}, "chats": {"secret_hash"}}


def person_rows(connection: Connection, person: Person) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """In the order of their keys. Attributes' values are given as JSON, bytes as base64."""
    keys = {
        row.contact_id: row.key
        for row in connection.execute(
            select(pseudonym_keys).where(pseudonym_keys.c.contact_id.in_(person.ids))
        )
    }
    found: dict[str, Sequence[Mapping[str, object]]] = {}
    for holding in HOLDINGS:
        table = holding.table
        hidden = _LEFT_OUT.get(table.name, set())
        wanted = select(table).where(holding.rows(person, keys)).order_by(*table.primary_key.columns)
        found[table.name] = [
            {
                name: _plain(table.name, name, value)
                for name, value in row._mapping.items()
                if name not in hidden
            }
            for row in connection.execute(wanted)
        ]
    return found


def _plain(table: str, column: str, value: Any) -> object:
    if (table, column) == ("contact_attributes", "value"):
        return orjson.loads(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
