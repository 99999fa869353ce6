"""Imports of contacts: begun, worked on under a lease, written batch by batch with their position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.actor import ENGINE, Actor
from engine.registers.imports import (
    LEASE_SECONDS,
    Counts,
    Import,
    ImportBusy,
    ImportLost,
    ImportState,
    NewImport,
    Parsed,
    Written,
)
from engine.registers.leads import NewLead
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from history.forms import time_form
from history.importing.drafts import Refusal
from history.importing.forms import options_form, options_of
from history.importing.matching import Plan
from history.interaction import PointKind
from history.names import whole_name
from history.publication import Kind, Publication
from store.audit import note
from store.publishing import publish
from store.registers.bulk import Overtaken
from store.registers.imported_people import Writing, write_people, write_refusals
from store.registers.lead_adding import add_leads, check_open
from store.registers.transactions import reading, written
from store.tables import import_matches, import_refusals, imports

# Of a batch that meets others' changes of the same people.
_TRIES = 10
_UNFINISHED = (ImportState.WAITING, ImportState.RUNNING, ImportState.FAILED)
_COUNTS = tuple(Counts.__dataclass_fields__)

Result = TypeVar("Result")


class SqlImports:
    """Implements engine.registers.imports.Imports."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def add(self, actor: Actor, new: NewImport) -> tuple[Import, bool]:
        import_id, at = self._ids.new(), self._clock.now()
        row = {
            "id": import_id,
            "digest": new.digest,
            "name": new.name,
            "node": new.node,
            "path": new.path,
            "size_bytes": new.size_bytes,
            "options": options_form(new.options),
            "notes": list(new.notes),
            "actor": actor.id,
            "state": ImportState.WAITING.value,
            "created_at": at,
        }

        def work(connection: Connection) -> tuple[Import, bool]:
            if new.options.campaign is not None:
                check_open(connection, new.options.campaign)
            unfinished = select(imports).where(
                imports.c.digest == new.digest, imports.c.state.in_([state.value for state in _UNFINISHED])
            )
            found = connection.execute(unfinished).one_or_none()
            if found is not None:
                return _import(found), False
            connection.execute(insert(imports).values(**row))
            note(connection, actor, "import.added", f"import:{import_id}", {"name": new.name}, at)
            return _import(_row(connection, import_id)), True

        try:
            return await written(self._engine, work)
        except IntegrityError:  # another one of the same file was faster
            return await written(self._engine, work)

    async def get(self, import_id: str) -> Import:
        async with reading(self._engine) as connection:
            return _import(await connection.run_sync(_row, import_id))

    async def list(self, *, limit: int = 50, after: Sequence[str] | None = None) -> Page[Import]:
        asked = select(imports).order_by(imports.c.created_at.desc(), imports.c.id.desc()).limit(limit + 1)
        if after is not None:
            last = datetime.fromisoformat(after[0]), after[1]
            asked = asked.where(tuple_(imports.c.created_at, imports.c.id) < tuple_(*last))
        async with reading(self._engine) as connection:
            rows = (await connection.execute(asked)).all()
        items = tuple(_import(row) for row in rows[:limit])
        more = (items[-1].created_at.isoformat(), items[-1].id) if len(rows) > limit else None
        return Page(items, more)

    async def waiting(self, node: str) -> Import | None:
        left = and_(imports.c.state == ImportState.RUNNING.value, imports.c.lease_until < self._clock.now())
        asked = (
            select(imports)
            .where(imports.c.node == node, or_(imports.c.state == ImportState.WAITING.value, left))
            .order_by(imports.c.created_at, imports.c.id)
            .limit(1)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(asked)).one_or_none()
        return None if row is None else _import(row)

    async def take(self, import_id: str, owner: str) -> Import:
        at = self._clock.now()

        def work(connection: Connection) -> Import:
            row = _row(connection, import_id, lock=True)
            if row.state in (ImportState.DONE, ImportState.CANCELLED):
                raise ImportLost(f"The import {import_id} is over: it is {row.state}.")
            if row.state == ImportState.RUNNING and row.lease_owner != owner and row.lease_until > at:
                raise ImportBusy(
                    f"The file is being imported already, as {import_id}: {row.position} rows are done.",
                    row.lease_until,
                )
            _set(
                connection,
                import_id,
                state=ImportState.RUNNING.value,
                lease_owner=owner,
                lease_until=at + timedelta(seconds=LEASE_SECONDS),
                started_at=row.started_at or at,
                error=None,
            )
            return _import(_row(connection, import_id))

        return await written(self._engine, work)

    async def write(self, import_id: str, owner: str, parsed: Parsed) -> Written:
        at = self._clock.now()

        def work(connection: Connection) -> Written:
            row = _row(connection, import_id, lock=True)
            if row.state != ImportState.RUNNING or row.lease_owner != owner:
                raise ImportLost(f"The import {import_id} was given to another worker.")
            if row.position == parsed.first + parsed.records:
                return _written(row)  # it was written, and the answer was lost
            if row.position != parsed.first:
                raise ImportLost(f"The import {import_id} is at row {row.position}, not {parsed.first}.")
            options = options_of(row.options)
            about = Writing(import_id, options, self._ids.new)
            plan = write_people(connection, about, parsed.drafts, at)
            refusals = [*parsed.refusals, *plan.refusals]
            left_out: list[Refusal] = []
            if options.campaign is not None:
                people = _listed(parsed, plan)
                added = add_leads(connection, options.campaign, people, at, self._ids.new, [])
                left_out = [Refusal(one.place, "campaign", "", one.sentence, True) for one in added.left_out]
            refusals += left_out
            write_refusals(connection, import_id, sorted(refusals, key=lambda refusal: refusal.line), at)
            more = _counts(parsed, plan, len(left_out))
            _set(
                connection,
                import_id,
                position=parsed.first + parsed.records,
                lease_until=at + timedelta(seconds=LEASE_SECONDS),
                **{name: getattr(row, name) + count for name, count in more.items()},
            )
            return _written(_row(connection, import_id))

        return await self._until_not_overtaken(work)

    async def finish(
        self, import_id: str, owner: str, state: ImportState, error: str | None = None
    ) -> Import:
        at, told = self._clock.now(), self._ids.new()

        def work(connection: Connection) -> Import:
            row = _row(connection, import_id, lock=True)
            if row.state != ImportState.RUNNING or row.lease_owner != owner:
                raise ImportLost(f"The import {import_id} was given to another worker.")
            return _end(connection, import_id, state, error, at, told)

        return await written(self._engine, work)

    async def release(self, import_id: str, owner: str) -> None:
        def work(connection: Connection) -> None:
            row = _row(connection, import_id, lock=True)
            if row.state == ImportState.RUNNING and row.lease_owner == owner:
                waits = ImportState.WAITING.value
                _set(connection, import_id, state=waits, lease_owner=None, lease_until=None)

        await written(self._engine, work)

    async def cancel(self, actor: Actor, import_id: str) -> Import:
        at, told = self._clock.now(), self._ids.new()

        def work(connection: Connection) -> Import:
            row = _row(connection, import_id, lock=True)
            if row.state not in _UNFINISHED:
                raise Refused(f"The import is {row.state} already: there is nothing to cancel.")
            note(connection, actor, "import.cancelled", f"import:{import_id}", {}, at)
            if row.state == ImportState.RUNNING and row.lease_until > at:
                _set(connection, import_id, cancel_asked=True)
                return _import(_row(connection, import_id))
            return _end(connection, import_id, ImportState.CANCELLED, None, at, told)

        return await written(self._engine, work)

    async def resume(self, actor: Actor, import_id: str) -> Import:
        at = self._clock.now()

        def work(connection: Connection) -> Import:
            row = _row(connection, import_id, lock=True)
            if row.state != ImportState.FAILED:
                raise Refused(f"The import is {row.state}: only one that failed is taken up again.")
            _set(connection, import_id, state=ImportState.WAITING.value, cancel_asked=False, error=None)
            note(connection, actor, "import.resumed", f"import:{import_id}", {}, at)
            return _import(_row(connection, import_id))

        return await written(self._engine, work)

    async def refused(
        self, import_id: str, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Refusal]:
        rows_of = import_refusals.c
        asked = (
            select(import_refusals)
            .where(rows_of.import_id == import_id)
            .order_by(rows_of.line, rows_of.place)
            .limit(limit + 1)
        )
        if after is not None:
            asked = asked.where(tuple_(rows_of.line, rows_of.place) > tuple_(int(after[0]), int(after[1])))
        async with reading(self._engine) as connection:
            await connection.run_sync(_row, import_id)
            rows = (await connection.execute(asked)).all()
        items = tuple(Refusal(row.line, row.field, row.value, row.reason, row.kept) for row in rows[:limit])
        more = (str(rows[limit - 1].line), str(rows[limit - 1].place)) if len(rows) > limit else None
        return Page(items, more)

    # --- inside -------------------------------------------------------------------------------------------

    async def _until_not_overtaken(self, work: Callable[[Connection], Result]) -> Result:
        for attempt in range(1, _TRIES + 1):
            try:
                return await written(self._engine, work)
            except IntegrityError:
                if attempt == _TRIES:
                    raise
            except Overtaken:
                continue
        raise StoreUnavailable("other writers change the same people all the time")


def _row(connection: Connection, import_id: str, *, lock: bool = False) -> Row[Any]:
    asked = select(imports).where(imports.c.id == import_id)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise Missing(f"There is no import {import_id}.")
    return row


def _set(connection: Connection, import_id: str, **values: object) -> None:
    connection.execute(update(imports).where(imports.c.id == import_id).values(**values))


def _end(
    connection: Connection, import_id: str, state: ImportState, error: str | None, at: datetime, told: str
) -> Import:
    _set(
        connection,
        import_id,
        state=state.value,
        error=error,
        finished_at=at,
        lease_owner=None,
        lease_until=None,
        cancel_asked=False,
    )
    if state is not ImportState.FAILED:  # else it may go on, and knows then whom it has met
        connection.execute(delete(import_matches).where(import_matches.c.import_id == import_id))
    ended = _import(_row(connection, import_id))
    subject = f"import:{import_id}"
    data = {"state": state.value, "position": ended.position, **asdict(ended.counts)}
    note(connection, ENGINE, "import.finished", subject, data, at)
    publish(connection, [Publication(told, at, Kind.IMPORT_FINISHED, subject, import_form(ended))])
    return ended


def import_form(found: Import) -> dict[str, object]:
    """The JSON object in which the API shows an import and webhooks tell of it."""
    return {
        "id": found.id,
        "name": found.name,
        "state": found.state.value,
        "position": found.position,
        **asdict(found.counts),
        "notes": list(found.notes),
        "error": found.error,
        "created_at": time_form(found.created_at),
        "started_at": None if found.started_at is None else time_form(found.started_at),
        "finished_at": None if found.finished_at is None else time_form(found.finished_at),
    }


def _listed(parsed: Parsed, plan: Plan) -> list[NewLead]:
    """Those of a batch who were taken, for a campaign's list. By now their numbers are their contacts'."""
    refused = {refusal.line for refusal in (*parsed.refusals, *plan.refusals) if not refusal.kept}
    return [
        NewLead(
            place=draft.line,
            numbers=tuple((value, "") for kind, value in draft.points if kind == PointKind.PHONE.value),
            name=draft.name or whole_name(draft.given_name, draft.family_name) or "",
            time_zone=draft.time_zone,
            fields={name: _plain(value) for name, value in draft.attributes},
        )
        for draft in parsed.drafts
        if draft.line not in refused
    ]


def _plain(written: str) -> str:
    """A value that is kept as JSON, for people."""
    value = orjson.loads(written)
    return value if isinstance(value, str) else written


def _counts(parsed: Parsed, plan: Plan, not_listed: int) -> Mapping[str, int]:
    refused = {refusal.line for refusal in parsed.refusals if not refusal.kept}
    made = len(plan.new) + sum(person.is_new for person in plan.people.values())
    return asdict(
        Counts(
            created=made,
            updated=plan.updated,
            unchanged=plan.unchanged,
            duplicates=plan.duplicates,
            refused=len(refused) + plan.refused,
            left_out=sum(refusal.kept for refusal in parsed.refusals) + not_listed,
        )
    )


def _written(row: Row[Any]) -> Written:
    return Written(row.position, Counts(*(getattr(row, name) for name in _COUNTS)), row.cancel_asked)


def _import(row: Row[Any]) -> Import:
    return Import(
        id=row.id,
        digest=row.digest,
        name=row.name,
        node=row.node,
        path=row.path,
        size_bytes=row.size_bytes,
        options=options_of(row.options),
        notes=tuple(row.notes),
        actor=row.actor,
        state=ImportState(row.state),
        created_at=row.created_at,
        position=row.position,
        counts=Counts(*(getattr(row, name) for name in _COUNTS)),
        error=row.error,
        lease_until=row.lease_until,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
