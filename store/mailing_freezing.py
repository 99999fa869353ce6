"""Who gets a mailing: read in one transaction, frozen by messaging.mailing, written as its recipients.

Those of a great mailing are kept as lists of ids when it starts, and written down list by list, each in a
transaction of its own: nobody else waits long to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from engine.registers.mailings import Mailing
from history.interaction import PointKind
from messaging.mailing import Frozen, Recipient, frozen
from store.incoming_messages import POINT_KINDS
from store.message_moves import batches
from store.registers.bulk import INTEGER, TEXT, Bulk
from store.registers.profiles import PERSON, family
from store.registers.segment_sql import in_segment
from store.tables import contact_points, contacts, mailing_batches

_b = mailing_batches.c
_p = contact_points.c
# Recipients that one transaction writes.
PREPARED_AT_ONCE = 1000


def frozen_now(connection: Connection, mailing: Mailing, now: datetime) -> Frozen:
    """As the mailing would start now. Raises Missing when there is no such segment."""
    kind = None if mailing.channel is None else POINT_KINDS[mailing.channel]
    return frozen(_people(connection, mailing, kind, now), point_needed=kind is not None)


def keep_recipients(
    connection: Connection, mailing_id: str, recipients: Sequence[Recipient], now: datetime
) -> int:
    """How many are written down already: all of a few; of more none, and `write_next` does so."""
    ids = [one.contact_id for one in recipients]
    if len(ids) <= PREPARED_AT_ONCE:
        there = _there(connection, ids)
        _write(connection, mailing_id, [(n, one) for n, one in enumerate(ids, 1) if one in there], now)
        return len(ids)
    rows = [
        {"mailing": mailing_id, "n": first + 1, "contact_ids": ids[first : first + PREPARED_AT_ONCE]}
        for first in range(0, len(ids), PREPARED_AT_ONCE)
    ]
    connection.execute(insert(mailing_batches), rows)
    return 0


def write_next(connection: Connection, mailing_id: str, now: datetime) -> int:
    """The next list's people as recipients; who was erased since is left out. How long the list was."""
    kept = select(_b.n, _b.contact_ids).where(_b.mailing == mailing_id).order_by(_b.n).limit(1)
    row = connection.execute(kept).one_or_none()
    if row is None:
        return 0
    there = _there(connection, row.contact_ids)
    found = [(n, one) for n, one in enumerate(row.contact_ids, row.n) if one in there]
    _write(connection, mailing_id, found, now)
    connection.execute(delete(mailing_batches).where(_b.mailing == mailing_id, _b.n == row.n))
    return len(row.contact_ids)


def forget_the_rest(connection: Connection, mailing_id: str) -> None:
    """Nobody else is written down."""
    connection.execute(delete(mailing_batches).where(_b.mailing == mailing_id))


def _there(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those who are not erased, and are not before this transaction ends."""
    found: set[str] = set()
    for some in batches(ids):
        known = select(contacts.c.id).where(contacts.c.id.in_(some)).order_by(contacts.c.id)
        found.update(connection.execute(known.with_for_update(read=True, key_share=True)).scalars())
    return found


def _write(
    connection: Connection, mailing_id: str, recipients: Sequence[tuple[int, str]], now: datetime
) -> None:
    columns = {"mailing": TEXT, "n": INTEGER, "contact_id": TEXT, "why": TEXT}
    rows = [(mailing_id, n, contact_id, "") for n, contact_id in recipients]
    Bulk(connection, now).add("mailing_recipients", columns, rows)


def _people(
    connection: Connection, mailing: Mailing, kind: PointKind | None, now: datetime
) -> Iterator[Recipient]:
    """Survivors with their first point of the kind, as messages are addressed; those erased are left out."""
    lasting = contacts.c.merged_into.is_(None), contacts.c.erased_at.is_(None)
    if mailing.segment_id is not None:
        chosen = select(contacts.c.id, contacts.c.language).where(
            *lasting, in_segment(connection, mailing.segment_id, now)
        )
        rows = list(connection.execute(chosen.order_by(contacts.c.id)))
    else:
        # In the order of the list; an id of a contact that was merged stands for the person.
        persons: dict[str, str] = {}
        for some in batches(mailing.contact_ids):
            named = select(contacts.c.id, PERSON.label("person")).where(contacts.c.id.in_(some))
            persons |= {row.id: row.person for row in connection.execute(named)}
        known: dict[str, Any] = {}
        for some in batches(sorted(set(persons.values()))):
            found = select(contacts.c.id, contacts.c.language).where(*lasting, contacts.c.id.in_(some))
            known |= {row.id: row for row in connection.execute(found)}
        listed = (persons.get(one, "") for one in mailing.contact_ids)
        rows = [known[person] for person in listed if person in known]
    for some in batches(rows):
        points = {} if kind is None else _points(connection, [row.id for row in some], kind)
        yield from (Recipient(row.id, points.get(row.id), row.language) for row in some)


def _points(connection: Connection, ids: Sequence[str], kind: PointKind) -> dict[str, str]:
    """The first of each person, as history's profiles order them.

    Found by their owners: all points of a kind would be read anew for each of many batches.
    """
    people = family(connection, list(ids))
    chosen: list[Any] = []
    for some in batches(list(people)):
        theirs = select(_p.contact_id, _p.kind, _p.value, _p.added_at).where(_p.contact_id.in_(some))
        chosen += [row for row in connection.execute(theirs) if row.kind == kind.value]
    chosen.sort(key=lambda row: (row.added_at, row.value), reverse=True)
    return {people[row.contact_id]: row.value for row in chosen}
