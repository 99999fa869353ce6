"""Merging contacts into one person, and undoing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.contacts import Duplicate, Merge
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.contact_news import contact_published, subject_of
from history.forms import merge_form
from history.lifetime_value import LifetimeValue
from history.merging import FIELDS, Brought, Own, brought, taken_back, with_brought
from history.names import search_keys
from history.publication import Kind, Publication
from store.audit import note
from store.callback_keeping import gather_callbacks, part_callbacks
from store.debt_rows import gather_debts, part_debts
from store.lead_keeping import gather_leads, part_leads
from store.publishing import publish
from store.registers.duplicates import duplicates_of
from store.registers.profiles import (
    check_version,
    counted_up,
    family,
    locked,
    profile,
    survivor_of,
)
from store.registers.transactions import read, written
from store.tables import contact_group_members, contact_merges, contact_tags, contacts


class SqlMerges:
    """Implements engine.registers.contacts.Merges."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def merge(
        self, actor: Actor, survivor_id: str, merged_id: str, reason: str, *, version: int | None = None
    ) -> tuple[Merge, Contact]:
        merge_id, told, at = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> tuple[Merge, Contact]:
            return merge_contacts(
                connection,
                actor,
                survivor_id,
                merged_id,
                reason,
                merge_id=merge_id,
                told_id=told,
                at=at,
                version=version,
            )

        return await written(self._engine, work)

    async def unmerge(self, actor: Actor, merge_id: str) -> tuple[Merge, Contact]:
        told, also_told, at = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> tuple[Merge, Contact]:
            survivor = locked(connection, [_merge(connection, merge_id).survivor_id]).popitem()[1]
            row = _merge(connection, merge_id)
            if row.undone_at is not None:
                raise Refused("This merge has been undone already.")
            if survivor.id != row.survivor_id:
                later = _standing(contact_merges.c.merged_id == row.survivor_id)
                last = connection.execute(select(contact_merges.c.id).where(later)).scalar_one()
                raise Refused(
                    f"The contact {row.survivor_id} has been merged since: undo the merge {last} first."
                )
            _take_back(connection, survivor, row)
            _free(connection, row.merged_id)
            people = family(connection, [row.merged_id])
            part_callbacks(connection, row.merged_id, people)
            part_leads(connection, row.merged_id, people)
            part_debts(connection, row.merged_id, people)
            undone_by = f"{actor.kind.value}:{actor.id}"
            this = update(contact_merges).where(contact_merges.c.id == merge_id)
            connection.execute(this.values(undone_at=at, undone_by=undone_by))
            for contact_id in sorted((survivor.id, row.merged_id)):
                counted_up(connection, contact_id, at)
            left, apart = profile(connection, survivor.id), profile(connection, row.merged_id)
            about = {"merge_id": merge_id, "merged_id": row.merged_id}
            note(connection, actor, "contact.unmerged", f"contact:{survivor.id}", about, at)
            form = merge_form(merge_id, left, row.merged_id)
            publish(
                connection,
                [
                    Publication(told, at, Kind.CONTACT_UNMERGED, subject_of(survivor.id), form),
                    contact_published(also_told, Kind.CONTACT_CHANGED, apart, at),
                ],
            )
            return replace(_merge_of(row), undone_at=at, undone_by=undone_by), apart

        return await written(self._engine, work)

    async def of(self, contact_id: str) -> Sequence[Merge]:
        def work(connection: Connection) -> Sequence[Merge]:
            people = family(connection, [survivor_of(connection, contact_id)])
            involved = or_(
                contact_merges.c.survivor_id.in_(people),
                contact_merges.c.merged_id.in_([*people, contact_id]),
            )
            newest = (contact_merges.c.at.desc(), contact_merges.c.id.desc())
            asked = select(contact_merges).where(involved).order_by(*newest)
            return [_merge_of(row) for row in connection.execute(asked)]

        return await read(self._engine, work)

    async def duplicates(self, contact_id: str, *, limit: int = 20) -> Sequence[Duplicate]:
        return await read(self._engine, lambda connection: duplicates_of(connection, contact_id, limit))


def merge_contacts(
    connection: Connection,
    actor: Actor,
    survivor_id: str,
    merged_id: str,
    reason: str,
    *,
    merge_id: str,
    told_id: str,
    at: datetime,
    version: int | None = None,
) -> tuple[Merge, Contact]:
    """Inside a transaction. `told_id`: of what is published of it. Raises Missing, Changed, Refused."""
    rows = locked(connection, [survivor_id, merged_id])
    survivor, merged = rows[survivor_id], rows[merged_id]
    check_version(survivor, version)
    if survivor.id == merged.id:
        raise Refused("These are one contact already.", "other")
    if survivor.erased_at is not None or merged.erased_at is not None:
        raise Refused("An erased contact cannot be merged.", "other")
    before = _own(connection, survivor)
    got = brought(before, _own(connection, merged))
    _put(connection, survivor.id, before, with_brought(before, got))
    part = or_(contacts.c.id == merged.id, contacts.c.merged_into == merged.id)
    connection.execute(update(contacts).where(part).values(merged_into=survivor.id))
    merge = Merge(merge_id, survivor.id, merged.id, reason, at, f"{actor.kind.value}:{actor.id}")
    connection.execute(
        insert(contact_merges).values(
            id=merge.id,
            survivor_id=merge.survivor_id,
            merged_id=merge.merged_id,
            reason=merge.reason,
            at=merge.at,
            actor=merge.actor,
            brought=asdict(got),
        )
    )
    for contact_id in (survivor.id, merged.id):
        counted_up(connection, contact_id, at)
    people = family(connection, [survivor.id])
    callbacks = gather_callbacks(connection, survivor.id, people, at)
    gather_leads(connection, survivor.id, people)
    gather_debts(connection, survivor.id, people)
    contact = profile(connection, survivor.id)
    about = {"merge_id": merge.id, "merged_id": merged.id}
    note(connection, actor, "contact.merged", f"contact:{survivor.id}", about, at)
    form = merge_form(merge.id, contact, merged.id, reason)
    news = Publication(told_id, at, Kind.CONTACT_MERGED, subject_of(survivor.id), form)
    publish(connection, [news, *callbacks])
    return merge, contact


def _merge(connection: Connection, merge_id: str) -> Row[Any]:
    found = connection.execute(select(contact_merges).where(contact_merges.c.id == merge_id)).one_or_none()
    if found is None:
        raise Missing(f"There is no merge {merge_id}.")
    return found


def _merge_of(row: Row[Any]) -> Merge:
    return Merge(
        row.id,
        row.survivor_id,
        row.merged_id,
        row.reason,
        row.at,
        row.actor,
        row.undone_at,
        row.undone_by,
    )


def _standing(holds: Any) -> Any:
    return contact_merges.c.undone_at.is_(None) & holds


def _own(connection: Connection, row: Row[Any]) -> Own:
    """What the contact's own row, tags and groups are."""
    tags = select(contact_tags.c.tag).where(contact_tags.c.contact_id == row.id)
    members = contact_group_members
    groups = select(members.c.group_id).where(members.c.contact_id == row.id)
    return Own(
        {name: getattr(row, name) for name in FIELDS},
        LifetimeValue(row.lifetime_value, row.value_currency, row.value_set_at),
        frozenset(connection.execute(tags).scalars()),
        frozenset(connection.execute(groups).scalars()),
    )


def _put(connection: Connection, contact_id: str, before: Own, after: Own) -> None:
    """Write what has changed of a contact's own."""
    columns: dict[str, object] = {
        name: value for name, value in after.fields.items() if value != before.fields[name]
    }
    if not columns.keys().isdisjoint(("name", "given_name", "family_name")):
        names = (after.fields[name] for name in ("name", "given_name", "family_name"))
        columns["name_key"], columns["surname_key"] = search_keys(*names)
    if after.value != before.value:
        columns |= {"lifetime_value": after.value.amount, "value_currency": after.value.currency}
    if columns:
        connection.execute(update(contacts).where(contacts.c.id == contact_id).values(**columns))
    for table, column, old, new in (
        (contact_tags, contact_tags.c.tag, before.tags, after.tags),
        (contact_group_members, contact_group_members.c.group_id, before.groups, after.groups),
    ):
        if old - new:
            connection.execute(delete(table).where(table.c.contact_id == contact_id, column.in_(old - new)))
        if new - old:
            rows = [{"contact_id": contact_id, column.name: value} for value in sorted(new - old)]
            connection.execute(insert(table), rows)


def _take_back(connection: Connection, survivor: Row[Any], merge: Row[Any]) -> None:
    """What the merge brought goes; what others that are still merged have as well comes from them."""
    got = _brought_of(merge.brought)
    if survivor.value_set_at is not None and survivor.value_set_at > merge.at:
        got = replace(got, value=0)  # a source has said since what it is in all
    asked = (
        select(contact_merges)
        .where(_standing(contact_merges.c.survivor_id == survivor.id), contact_merges.c.id != merge.id)
        .order_by(contact_merges.c.at, contact_merges.c.id)
    )
    others = connection.execute(asked).all()
    rows = {
        row.id: row
        for row in connection.execute(
            select(contacts).where(contacts.c.id.in_([other.merged_id for other in others]))
        )
    }
    before = _own(connection, survivor)
    after, again = taken_back(before, got, [_own(connection, rows[other.merged_id]) for other in others])
    _put(connection, survivor.id, before, after)
    for other, more in zip(others, again, strict=True):
        if more != Brought():
            known = _brought_of(other.brought)
            now = replace(
                known,
                fields={**known.fields, **more.fields},
                tags=(*known.tags, *more.tags),
                groups=(*known.groups, *more.groups),
            )
            this = update(contact_merges).where(contact_merges.c.id == other.id)
            connection.execute(this.values(brought=asdict(now)))


def _brought_of(kept: Mapping[str, Any]) -> Brought:
    return Brought(
        kept["fields"], tuple(kept["tags"]), tuple(kept["groups"]), kept["value"], kept["currency"]
    )


def _free(connection: Connection, contact_id: str) -> None:
    """The contact is its own again, and what was merged into it before belongs to it."""
    freed = update(contacts).where(contacts.c.id == contact_id)
    connection.execute(freed.values(merged_into=None))
    parts: set[str] = set()
    frontier = {contact_id}
    while frontier:
        below = select(contact_merges.c.merged_id).where(
            _standing(contact_merges.c.survivor_id.in_(frontier))
        )
        frontier = set(connection.execute(below).scalars()) - parts
        parts |= frontier
    if parts:
        kept = update(contacts).where(contacts.c.id.in_(parts))
        connection.execute(kept.values(merged_into=contact_id))
