"""Keyed pseudonyms: what the decision log says of people instead of their numbers and ids.

Each person has a random key. As long as it is there the log can be searched by person; once it is destroyed
nobody can tell whom a row was about, and the chain is as whole as before.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, insert, select

from store.tables import pseudonym_keys

# Put together once: that costs as much as executing them.
_KEYS = select(pseudonym_keys).where(
    pseudonym_keys.c.contact_id.in_(bindparam("contact_ids", expanding=True))
)
_ADD_KEY = insert(pseudonym_keys)


def _pseudonym(key: str, what: str, value: str) -> str:
    return hmac.new(bytes.fromhex(key), f"{what}:{value}".encode(), hashlib.sha256).hexdigest()


def person_pseudonym(key: str, contact_id: str) -> str:
    return _pseudonym(key, "contact", contact_id)


def point_pseudonym(key: str, value: str) -> str:
    return _pseudonym(key, "point", value)


def debt_pseudonym(key: str, debt: str) -> str:
    return _pseudonym(key, "debt", debt)


def keys_made(connection: Connection, contact_ids: Collection[str]) -> dict[str, str]:
    """The contacts' keys, made where there are none. The contacts' rows are locked by the caller."""
    keys = keys_of(connection, sorted(set(contact_ids)))
    made = {one: secrets.token_hex(32) for one in sorted(set(contact_ids) - keys.keys())}
    if made:
        connection.execute(_ADD_KEY, [{"contact_id": one, "key": key} for one, key in made.items()])
    return keys | made


def keys_of(connection: Connection, contact_ids: Sequence[str]) -> dict[str, str]:
    """The key by contact, of those that have one."""
    if not contact_ids:
        return {}
    found = connection.execute(_KEYS, {"contact_ids": contact_ids})
    return {row.contact_id: row.key for row in found}


def person_pseudonyms(connection: Connection, contact_ids: Sequence[str]) -> dict[str, str]:
    """The key by pseudonym, of those that have one. Decisions were logged for whoever survived then."""
    return {person_pseudonym(key, id_): key for id_, key in keys_of(connection, contact_ids).items()}
