"""Households and companies, and who belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.contacts import KeptGroup
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import Group, GroupKind
from history.publication import Kind
from store.audit import note
from store.registers.profiles import counted_up, locked, profile, tell
from store.registers.transactions import reading, written
from store.tables import contact_group_members, contact_groups

MEMBERS_MOST = 1000
_members = contact_group_members


class SqlGroups:
    """Implements engine.registers.contacts.Groups."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def create(
        self, actor: Actor, kind: GroupKind, name: str, domain: str | None, members: Collection[str]
    ) -> KeptGroup:
        group_id, at = self._ids.new(), self._clock.now()
        told = {contact_id: self._ids.new() for contact_id in members}

        def work(connection: Connection) -> KeptGroup:
            row = {"id": group_id, "kind": kind.value, "name": name, "domain": domain, "created_at": at}
            connection.execute(insert(contact_groups).values(**row))
            rows = locked(connection, members) if members else {}
            joining = {contact.id: told[asked] for asked, contact in rows.items()}
            for contact_id in joining:
                connection.execute(insert(_members).values(group_id=group_id, contact_id=contact_id))
            note(connection, actor, "group.created", f"group:{group_id}", {"members": len(joining)}, at)
            for contact_id, publication_id in sorted(joining.items()):
                counted_up(connection, contact_id, at)
                tell(connection, publication_id, Kind.CONTACT_CHANGED, profile(connection, contact_id), at)
            return _kept(connection, group_id)

        return await written(self._engine, work)

    async def get(self, group_id: str) -> KeptGroup:
        async with reading(self._engine) as connection:
            return await connection.run_sync(_kept, group_id)

    async def list(
        self,
        *,
        kind: GroupKind | None = None,
        domain: str | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[KeptGroup]:
        asked = select(contact_groups, _size()).order_by(contact_groups.c.id.desc()).limit(limit + 1)
        if kind is not None:
            asked = asked.where(contact_groups.c.kind == kind.value)
        if domain is not None:
            asked = asked.where(contact_groups.c.domain == domain)
        if after is not None:
            asked = asked.where(contact_groups.c.id < after[0])
        async with reading(self._engine) as connection:
            rows = (await connection.execute(asked)).all()
        found = tuple(_kept_of(row) for row in rows[:limit])
        return Page(found, (found[-1].group.id,) if len(rows) > limit else None)

    async def change(
        self, actor: Actor, group_id: str, *, fields: Mapping[str, str | None], version: int | None = None
    ) -> KeptGroup:
        at = self._clock.now()

        def work(connection: Connection) -> KeptGroup:
            row = _locked_group(connection, group_id, version)
            changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
            if changed:
                this = update(contact_groups).where(contact_groups.c.id == group_id)
                connection.execute(this.values(**changed, version=contact_groups.c.version + 1))
                note(connection, actor, "group.changed", f"group:{group_id}", {"fields": sorted(changed)}, at)
            return _kept(connection, group_id)

        return await written(self._engine, work)

    async def delete(self, actor: Actor, group_id: str, *, version: int | None = None) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            _locked_group(connection, group_id, version)
            members = select(_members.c.contact_id).where(_members.c.group_id == group_id)
            for contact_id in sorted(connection.execute(members).scalars()):
                counted_up(connection, contact_id, at)
            connection.execute(delete(_members).where(_members.c.group_id == group_id))
            connection.execute(delete(contact_groups).where(contact_groups.c.id == group_id))
            note(connection, actor, "group.deleted", f"group:{group_id}", {}, at)

        await written(self._engine, work)

    async def add_member(self, actor: Actor, group_id: str, contact_id: str) -> KeptGroup:
        return await self._member(actor, group_id, contact_id, joins=True)

    async def remove_member(self, actor: Actor, group_id: str, contact_id: str) -> KeptGroup:
        return await self._member(actor, group_id, contact_id, joins=False)

    async def _member(self, actor: Actor, group_id: str, contact_id: str, *, joins: bool) -> KeptGroup:
        told, at = self._ids.new(), self._clock.now()

        def work(connection: Connection) -> KeptGroup:
            _locked_group(connection, group_id, None)
            row = locked(connection, [contact_id])[contact_id]
            this = (_members.c.group_id == group_id) & (_members.c.contact_id == row.id)
            belongs = connection.execute(select(_members).where(this)).first() is not None
            if belongs == joins:
                return _kept(connection, group_id)
            if not joins:
                connection.execute(delete(_members).where(this))
            elif _kept(connection, group_id).members >= MEMBERS_MOST:
                raise Refused(f"A group has at most {MEMBERS_MOST} members.", "contact_id")
            else:
                connection.execute(insert(_members).values(group_id=group_id, contact_id=row.id))
            counted_up(connection, row.id, at)
            about = {"group_id": group_id, "fields": ["groups"]}
            note(connection, actor, "contact.changed", f"contact:{row.id}", about, at)
            kept = _kept(connection, group_id)
            tell(connection, told, Kind.CONTACT_CHANGED, profile(connection, row.id), at)
            return kept

        return await written(self._engine, work)


def _locked_group(connection: Connection, group_id: str, version: int | None) -> Row[Any]:
    asked = select(contact_groups).where(contact_groups.c.id == group_id).with_for_update()
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise _missing(group_id)
    if version is not None and version != row.version:
        raise Changed(f"The group is of version {row.version} now: read it again.", row.version)
    return row


def _missing(group_id: str) -> Missing:
    return Missing(f"There is no group {group_id}.")


def _size() -> Any:
    mine = _members.c.group_id == contact_groups.c.id
    return select(func.count()).select_from(_members).where(mine).scalar_subquery().label("members")


def _kept(connection: Connection, group_id: str) -> KeptGroup:
    asked = select(contact_groups, _size()).where(contact_groups.c.id == group_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise _missing(group_id)
    return _kept_of(row)


def _kept_of(row: Row[Any]) -> KeptGroup:
    return KeptGroup(Group(row.id, GroupKind(row.kind), row.name, row.domain), row.version, row.members)
