"""Who gets a mailing: read in one transaction, frozen by messaging.mailing, written as its recipients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from engine.registers.mailings import Mailing
from history.interaction import PointKind
from messaging.mailing import Frozen, Recipient, frozen
from store.incoming_messages import POINT_KINDS
from store.message_moves import batches
from store.registers.bulk import INTEGER, TEXT, Bulk
from store.registers.profiles import PERSON
from store.registers.segment_sql import in_segment
from store.tables import contact_points, contacts


def frozen_now(connection: Connection, mailing: Mailing, now: datetime) -> Frozen:
    """As the mailing would start now. Raises Missing when there is no such segment."""
    kind = None if mailing.channel is None else POINT_KINDS[mailing.channel]
    return frozen(_people(connection, mailing, kind, now), point_needed=kind is not None)


def write_recipients(
    connection: Connection, mailing_id: str, recipients: Sequence[Recipient], now: datetime
) -> None:
    columns = {"mailing": TEXT, "n": INTEGER, "contact_id": TEXT, "why": TEXT}
    rows = [(mailing_id, n, one.contact_id, "") for n, one in enumerate(recipients, 1)]
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
    """The first of each person, as history's profiles order them."""
    owner = contacts.alias("owner")
    person = func.coalesce(owner.c.merged_into, owner.c.id)
    chosen = (
        select(person.label("person"), contact_points.c.value)
        .join(contact_points, contact_points.c.contact_id == owner.c.id)
        .where(contact_points.c.kind == kind.value, (owner.c.id.in_(ids)) | (owner.c.merged_into.in_(ids)))
        .order_by(contact_points.c.added_at.desc(), contact_points.c.value.desc())
    )
    return {row.person: row.value for row in connection.execute(chosen)}
