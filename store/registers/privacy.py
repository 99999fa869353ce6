"""SqlPrivacy: people given out whole, and erased."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Row, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.privacy import Erasure, ErasureState, LegalHold, PersonRecord
from engine.registers.refusals import Missing, Refused
from history.publication import Kind, Publication
from store.audit import note
from store.privacy.erasing import Done, erase_rows, recordings_of, refuse_if_held
from store.privacy.exporting import person_rows
from store.privacy.key import ErasureKey
from store.privacy.leavings import Leavings, empty_freed_pages
from store.privacy.person import Person, find_person
from store.privacy.scanning import (
    Needles,
    Window,
    found_rows,
    next_window,
    scanned_tables,
    take_out,
    words_left,
)
from store.publishing import publish
from store.registers.transactions import read, reading, written
from store.tables import calls, contacts, erased_contacts, erasures, legal_holds

log = structlog.get_logger("store")

# The longest time in which the law asks for proof of a consent, unless configured.
PROOF_DAYS = 6 * 365
_HOLDABLE: dict[str, Table] = {"contact": contacts, "call": calls}


class SqlPrivacy:
    """Implements engine.registers.privacy.Privacy. `proof_days`: how long consents need proof."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        ids: Ids,
        key: ErasureKey,
        leavings: Leavings,
        proof_days: int = PROOF_DAYS,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._key = key
        self._leavings = leavings
        self._proof = timedelta(days=proof_days)

    # --- export -------------------------------------------------------------------------------------------

    async def export(self, actor: Actor, contact_id: str) -> PersonRecord:
        now = self._clock.now()

        def work(connection: Connection) -> PersonRecord:
            person = find_person(connection, contact_id)
            note(connection, actor, "contact.exported", f"contact:{person.survivor}", {}, now)
            rows = person_rows(connection, person)
            return PersonRecord(person.survivor, now, rows, recordings_of(connection, person))

        return await written(self._engine, work)

    # --- erasure ------------------------------------------------------------------------------------------

    async def plan(self, contact_id: str) -> Erasure:
        now = self._clock.now()
        self._key.make()

        def work(connection: Connection) -> None:
            person = find_person(connection, contact_id)
            refuse_if_held(connection, person, now)
            done = self._erase_rows(connection, person, "plan", now)
            raise _Planned(_erasure_of_plan(done, now))

        try:
            await written(self._engine, work)
        except _Planned as planned:
            return planned.erasure
        raise AssertionError("a plan is always undone")

    async def erase(self, actor: Actor, contact_id: str, reason: str) -> Erasure:
        self._key.make()
        digest = self._key.contact_digest(contact_id)
        erasure_id, told_id, now = self._ids.new(), self._ids.new(), self._clock.now()

        def work(connection: Connection) -> str:
            try:
                person = find_person(connection, contact_id)
            except Missing:
                known = select(erased_contacts.c.erasure_id).where(erased_contacts.c.digest == digest)
                if (found := connection.execute(known).scalar_one_or_none()) is not None:
                    return str(found)
                raise
            if self._leavings.waiting():
                raise Refused(
                    "What was kept while the database was away is not written yet; try again once it is.",
                    "contact",
                )
            refuse_if_held(connection, person, now)
            done = self._erase_rows(connection, person, erasure_id, now)
            self._write_down(connection, actor, person, done, erasure_id, told_id, reason, now)
            return erasure_id

        found = await written(self._engine, work)
        return await self._go_on(found)

    async def finish(self) -> Sequence[Erasure]:
        open_ = select(erasures.c.id).where(erasures.c.state != ErasureState.COMPLETE.value)
        async with reading(self._engine) as connection:
            ids = (await connection.execute(open_.order_by(erasures.c.id))).scalars().all()
        return [await self._go_on(one) for one in ids]

    async def erasures(self, *, limit: int = 50, before: str | None = None) -> Sequence[Erasure]:
        wanted = select(erasures).order_by(erasures.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(erasures.c.id < before)
        async with reading(self._engine) as connection:
            return [_erasure(row) for row in await connection.execute(wanted)]

    def _erase_rows(self, connection: Connection, person: Person, erasure_id: str, now: datetime) -> Done:
        return erase_rows(connection, person, erasure_id, self._key, now, now - self._proof, self._ids.new)

    def _write_down(
        self,
        connection: Connection,
        actor: Actor,
        person: Person,
        done: Done,
        erasure_id: str,
        told_id: str,
        reason: str,
        now: datetime,
    ) -> None:
        subject = f"contact:{person.survivor}"
        kept = [*done.kept, "The contact's id, where other systems are told that it was erased."]
        pending = {
            "words": person.needles(),
            "names": person.names,
            "spared": [told_id, subject],
            "files": [*done.files, *done.call_files],
        }
        connection.execute(
            insert(erasures).values(
                id=erasure_id,
                at=now,
                state=ErasureState.RUNNING.value,
                actor_kind=actor.kind.value,
                actor_id=actor.id,
                reason=reason,
                counts=done.counts,
                kept=kept,
                left={},
                pending=pending,
            )
        )
        digests = [{"digest": self._key.contact_digest(one), "erasure_id": erasure_id} for one in person.ids]
        connection.execute(insert(erased_contacts), digests)
        note(connection, actor, "contact.erased", f"erasure:{erasure_id}", {}, now)
        told = Publication(told_id, now, Kind.CONTACT_ERASED, subject, {"id": person.survivor})
        publish(connection, [told])

    async def _go_on(self, erasure_id: str) -> Erasure:
        """Files, what is scattered over the tables, and the scan. Harmless to be done again."""
        async with reading(self._engine) as connection:
            wanted = select(erasures).where(erasures.c.id == erasure_id)
            row = (await connection.execute(wanted)).one()
        if row.state == ErasureState.COMPLETE.value:
            return _erasure(row)
        counts = dict(row.counts)
        left = {} if row.pending is None else await self._clean_and_look(row.pending, counts)
        counts = {name: number for name, number in counts.items() if number}
        values: dict[str, Any] = {"counts": counts, "left": left}
        if not left:
            # The words go before the files of the database are cleaned: they stand in no page then.
            await self._write(erasure_id, {**values, "pending": None})
            if not await self._freed_pages_emptied():
                left["write-ahead log"] = 1
        state = ErasureState.INCOMPLETE if left else ErasureState.COMPLETE
        if left:
            log.warning("an erasure left something", erasure=erasure_id, left=left)
        return await self._write(erasure_id, {**values, "state": state.value, "ended_at": self._clock.now()})

    async def _clean_and_look(self, pending: Mapping[str, Any], counts: dict[str, int]) -> dict[str, int]:
        """What is left, by place; `counts` grow."""
        needles = Needles(tuple(pending["words"]), tuple(pending["names"]), tuple(pending["spared"]))
        files: list[str] = pending["files"]
        deleted = await asyncio.to_thread(self._leavings.files, files)
        counts["recordings"] = counts.get("recordings", 0) + len(deleted)
        left = {"recordings": await asyncio.to_thread(self._leavings.delete_recordings, files)}
        blanked = await asyncio.to_thread(self._leavings.blank_lines, needles.all)
        counts["log lines"] = counts.get("log lines", 0) + blanked
        for table in scanned_tables():
            taken = await self._over(table, needles, clean=True)
            if taken:
                counts[str(table.name)] = counts.get(str(table.name), 0) + taken
        left |= {str(table.name): await self._over(table, needles, clean=False) for table in scanned_tables()}
        left["interaction_words"] = await read(self._engine, lambda one: words_left(one, needles))
        left["spool"] = int(self._leavings.waiting())
        left["log lines"] = await asyncio.to_thread(self._leavings.blank_lines, needles.all)
        return {name: number for name, number in left.items() if number}

    async def _freed_pages_emptied(self) -> bool:
        if self._engine.dialect.name != "sqlite":
            return True
        return await asyncio.to_thread(empty_freed_pages, Path(self._engine.url.database or ""))

    async def _over(self, table: Table, needles: Needles, *, clean: bool) -> int:
        """How many rows tell of the person, a window at a time; `clean`: and take it out of them."""
        number, after = 0, None
        while True:
            window = await read(self._engine, _windowed(table, after))
            found = await read(self._engine, _finding(window, needles))
            if found and clean:
                left = await written(self._engine, _taking_out(table, found, needles))
                number -= left
            number += len(found)
            if window.until is None:
                return number
            after = window.until

    async def _write(self, erasure_id: str, values: Mapping[str, Any]) -> Erasure:
        mine = erasures.c.id == erasure_id

        def work(connection: Connection) -> Erasure:
            connection.execute(update(erasures).where(mine).values(**values))
            return _erasure(connection.execute(select(erasures).where(mine)).one())

        return await written(self._engine, work)

    # --- legal holds --------------------------------------------------------------------------------------

    async def hold(self, actor: Actor, subject: str, reason: str) -> LegalHold:
        kind, _, about = subject.partition(":")
        table = _HOLDABLE.get(kind)
        if table is None or not about:
            raise Refused('A legal hold is on "contact:ID" or "call:ID".', "subject")
        new = LegalHold(self._ids.new(), subject, reason, actor.id, self._clock.now())

        def work(connection: Connection) -> LegalHold:
            if connection.execute(select(table.c.id).where(table.c.id == about)).first() is None:
                raise Missing(f"There is no {kind} {about}.")
            standing = select(legal_holds).where(
                legal_holds.c.subject == subject, legal_holds.c.lifted_at.is_(None)
            )
            if (known := connection.execute(standing).first()) is not None:
                return _hold(known)
            connection.execute(
                insert(legal_holds).values(id=new.id, subject=subject, reason=reason, by=actor.id, at=new.at)
            )
            note(connection, actor, "legal_hold.set", subject, {"hold": new.id}, new.at)
            return new

        return await written(self._engine, work)

    async def lift(self, actor: Actor, hold_id: str) -> LegalHold:
        now = self._clock.now()
        mine = legal_holds.c.id == hold_id

        def work(connection: Connection) -> LegalHold:
            row = connection.execute(select(legal_holds).where(mine).with_for_update()).one_or_none()
            if row is None:
                raise Missing(f"There is no legal hold {hold_id}.")
            known = _hold(row)
            if known.lifted_at is not None:
                return known
            connection.execute(update(legal_holds).where(mine).values(lifted_at=now, lifted_by=actor.id))
            note(connection, actor, "legal_hold.lifted", known.subject, {"hold": hold_id}, now)
            return replace(known, lifted_at=now)

        return await written(self._engine, work)

    async def holds(self, *, standing: bool = True) -> Sequence[LegalHold]:
        wanted = select(legal_holds).order_by(legal_holds.c.id.desc())
        if standing:
            wanted = wanted.where(legal_holds.c.lifted_at.is_(None))
        async with reading(self._engine) as connection:
            return [_hold(row) for row in await connection.execute(wanted)]


class _Planned(Exception):
    """Undoes the transaction of a plan."""

    def __init__(self, erasure: Erasure) -> None:
        super().__init__()
        self.erasure = erasure


def _windowed(table: Table, after: tuple[Any, ...] | None) -> Callable[[Connection], Window]:
    return lambda connection: next_window(connection, table, after)


def _finding(window: Window, needles: Needles) -> Callable[[Connection], Sequence[Row[Any]]]:
    return lambda connection: found_rows(connection, window, needles)


def _taking_out(table: Table, rows: Sequence[Row[Any]], needles: Needles) -> Callable[[Connection], int]:
    return lambda connection: take_out(connection, table, rows, needles)


def _erasure_of_plan(done: Done, now: datetime) -> Erasure:
    counts = {**done.counts, **({"recordings": len(done.files)} if done.files else {})}
    return Erasure("", now, ErasureState.RUNNING, "", counts, done.kept, {})


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(
        row.id, row.at, ErasureState(row.state), row.reason, row.counts, row.kept, row.left, row.ended_at
    )


def _hold(row: Row[Any]) -> LegalHold:
    return LegalHold(row.id, row.subject, row.reason, row.by, row.at, row.lifted_at)
