"""SqlPermissions: consents and objections, one transaction a method."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.permissions import (
    ListEntry,
    ListImport,
    ListImported,
    ObjectionFilter,
    PersonFacts,
    PersonQuery,
)
from engine.registers.refusals import Missing, Refused
from history.permission_news import consent_published, lifting_published, objection_published
from history.permissions import Consent, Objection, Scope
from store.audit import note
from store.permission_rows import consent_columns, consent_of, objection_of
from store.publishing import publish
from store.registers.objection_lists import import_entries
from store.registers.person_facts import person_facts
from store.registers.person_sql import objection_in_force, objections_with_lists
from store.registers.profiles import family, survivor_of
from store.registers.transactions import reading, written
from store.tables import consents, contact_groups, contacts, do_not_contact


class SqlPermissions:
    """Implements engine.registers.permissions.Permissions."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    # --- consents -----------------------------------------------------------------------------------------

    async def consents_of(
        self, contact_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Consent]:
        columns = consents.c
        async with reading(self._engine) as connection:
            people = await connection.run_sync(_family, contact_id)
            wanted = select(consents).where(columns.contact_id.in_(people))
            if before is not None:
                last = select(columns.number).where(columns.id == before).scalar_subquery()
                wanted = wanted.where(columns.number < last)
            rows = await connection.execute(wanted.order_by(columns.number.desc()).limit(limit))
            return [consent_of(row) for row in rows]

    async def keep_consents(self, contact_id: str, consents: Sequence[Consent], actor: Actor) -> None:
        def work(connection: Connection) -> None:
            _family(connection, contact_id)
            for consent in consents:
                connection.execute(insert(_consents).values(consent_columns(consent, contact_id)))
                action = "consent.given" if consent.given else "consent.withdrawn"
                about = {"id": consent.id, "channel": consent.channel, "purpose": consent.purpose}
                note(connection, actor, action, f"contact:{contact_id}", about, self._clock.now())
            publish(connection, [consent_published(consent, contact_id) for consent in consents])

        await written(self._engine, work)

    # --- objections ---------------------------------------------------------------------------------------

    async def add_objections(self, objections: Sequence[Objection], actor: Actor) -> Sequence[Objection]:
        def work(connection: Connection) -> list[Objection]:
            _take_turns(connection, objections)
            standing: list[Objection] = []
            new: list[Objection] = []
            for objection in objections:
                _check_there_is(connection, objection)
                known = _same_in_force(connection, objection)
                standing.append(known or objection)
                if known is not None:
                    continue
                new.append(objection)
                connection.execute(insert(do_not_contact).values(_objection_columns(objection)))
                about = {"scope": objection.scope.value, "source": objection.source}
                subject = f"do_not_contact:{objection.id}"
                note(connection, actor, "do_not_contact.added", subject, about, self._clock.now())
            publish(connection, [objection_published(objection) for objection in new])
            return standing

        return await written(self._engine, work)

    async def objection(self, id: str) -> Objection:
        async with reading(self._engine) as connection:
            return await connection.run_sync(_objection_of, id)

    async def lift_objection(self, id: str, reason: str, actor: Actor, at: datetime) -> Objection:
        def work(connection: Connection) -> Objection:
            known = _objection_of(connection, id)
            if known.lifted_at is not None:
                return known
            mine = (do_not_contact.c.id == id) & do_not_contact.c.lifted_at.is_(None)
            change = update(do_not_contact).where(mine).values(lifted_at=at, lifted_reason=reason)
            if connection.execute(change).rowcount == 0:
                return _objection_of(connection, id)  # somebody else has just lifted it
            lifted = replace(known, lifted_at=at)
            note(connection, actor, "do_not_contact.lifted", f"do_not_contact:{id}", {}, at)
            publish(connection, [lifting_published(lifted, at)])
            return lifted

        return await written(self._engine, work)

    async def objections(
        self, wanted: ObjectionFilter, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Objection]:
        columns = do_not_contact.c
        chosen = select(do_not_contact).select_from(objections_with_lists)
        if wanted.in_force:
            chosen = chosen.where(objection_in_force)
        if wanted.scope is not None:
            chosen = chosen.where(columns.scope == wanted.scope.value)
        if wanted.value is not None:
            chosen = chosen.where(columns.value == wanted.value)
        if wanted.list_name is not None:
            chosen = chosen.where(columns.list_name == wanted.list_name)
        if before is not None:
            chosen = chosen.where(columns.id < before)
        async with reading(self._engine) as connection:
            rows = await connection.execute(chosen.order_by(columns.id.desc()).limit(limit))
            return [objection_of(row) for row in rows]

    async def import_list(
        self, plan: ListImport, entries: AsyncIterable[ListEntry], actor: Actor, at: datetime
    ) -> ListImported:
        return await import_entries(self._engine, self._ids, plan, entries, actor, at)

    # --- facts --------------------------------------------------------------------------------------------

    async def person_facts(self, query: PersonQuery, now: datetime) -> PersonFacts:
        async with reading(self._engine) as connection:
            return await connection.run_sync(person_facts, query, now)


_consents = consents


def _family(connection: Connection, contact_id: str) -> list[str]:
    """All contacts of the person. Raises Missing."""
    return list(family(connection, [survivor_of(connection, contact_id)]))


def _check_there_is(connection: Connection, objection: Objection) -> None:
    """Raises Refused for a person or household that is none: it would never forbid anything."""
    table = {Scope.PERSON: contacts, Scope.HOUSEHOLD: contact_groups}.get(objection.scope)
    if table is None:
        return
    wanted = select(table.c.id).where(table.c.id == objection.value)
    if connection.execute(wanted).one_or_none() is None:
        raise Refused(f"There is no {objection.scope.value} {objection.value}.", "value")


def _take_turns(connection: Connection, objections: Sequence[Objection]) -> None:
    """One objection that comes twice at once is one: its twin waits until this transaction ends."""
    if connection.dialect.name != "postgresql":  # SQLite has one writer at a time
        return
    for name in sorted({f"do_not_contact {one.scope.value} {one.value}" for one in objections}):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _same_in_force(connection: Connection, objection: Objection) -> Objection | None:
    columns = do_not_contact.c
    wanted = (
        select(do_not_contact)
        .where(
            columns.scope == objection.scope.value,
            columns.value == objection.value,
            columns.list_name.is_(None),
            columns.lifted_at.is_(None),
        )
        .order_by(columns.id)
    )
    reach = (objection.channels, objection.purposes)
    for row in connection.execute(wanted):
        known = objection_of(row)
        if (known.channels, known.purposes) == reach:
            return known
    return None


def _objection_of(connection: Connection, id: str) -> Objection:
    row = connection.execute(select(do_not_contact).where(do_not_contact.c.id == id)).one_or_none()
    if row is None:
        raise Missing(f"There is no objection {id}.")
    return objection_of(row)


def _objection_columns(objection: Objection) -> dict[str, Any]:
    return {
        "id": objection.id,
        "at": objection.at,
        "scope": objection.scope.value,
        "value": objection.value,
        "reason": objection.reason,
        "source": objection.source,
        "channels": sorted(objection.channels),
        "purposes": sorted(objection.purposes),
    }
