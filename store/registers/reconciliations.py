"""Files of balances taken in: matched by dialer.debts.reconciling, written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.debts.reconciling import (
    BalanceFile,
    Conflict,
    ConflictKind,
    ReconcileRules,
    Reconciliation,
    new_debt,
    reconcile,
)
from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.debts import Reconciled
from engine.registers.pages import Page
from engine.registers.refusals import Missing
from store.audit import note
from store.callback_keeping import person_of
from store.campaign_rows import json_of
from store.debt_keeping import Keeping
from store.debt_rows import read_debts
from store.registers.transactions import read, written
from store.tables import debt_conflicts, debts, reconciliations

_columns = reconciliations.c


class BalanceFiles:
    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def reconcile(
        self,
        actor: Actor,
        file: BalanceFile,
        digest: str,
        name: str,
        rules: ReconcileRules | None,
        dry_run: bool,
    ) -> Reconciled:
        """See engine.registers.debts."""
        now = self._clock.now()

        def work(connection: Connection) -> Reconciled:
            before = select(reconciliations).where(
                _columns.creditor == file.creditor, _columns.digest == digest
            )
            if (row := connection.execute(before).one_or_none()) is not None:
                return _reconciled(connection, row, repeated=True)
            # In one lasting order, and locked: nobody pays meanwhile.
            theirs = select(debts).where(debts.c.creditor == file.creditor).order_by(debts.c.id)
            known = read_debts(connection, theirs if dry_run else theirs.with_for_update())
            found = reconcile(known, replace(file, newest_complete=_newest(connection, file)), now, rules)
            row_values: dict[str, Any] = {
                "id": file.id,
                "creditor": file.creditor,
                "digest": digest,
                "name": name,
                "actor": f"{actor.kind.value}:{actor.id}",
                "at": now,
                "as_of": file.as_of,
                "complete": file.complete,
                "figures": _figures(found),
            }
            if not dry_run:
                by_reference = {debt.reference: debt.id for debt in known}
                connection.execute(insert(reconciliations).values(**row_values))
                _write_conflicts(connection, file.id, found.conflicts, by_reference)
                keeping = Keeping(connection, now)
                for balance in found.new:
                    debt = new_debt(self._ids.new(), balance, file, now)
                    keeping.make(replace(debt, contact_id=person_of(connection, debt.contact_id)))
                for payment in found.payments:
                    keeping.record(payment)
                for change in (*found.changed, *found.gone):
                    keeping.change(change.before, change.debt)
                about = {"name": name, **row_values["figures"]}
                note(connection, actor, "debts.reconciled", f"reconciliation:{file.id}", about, now)
                keeping.publish()
            del row_values["digest"]
            return Reconciled(**row_values, conflicts=found.conflicts)

        try:
            return await written(self._engine, work)
        except IntegrityError:  # the same file was taken in at the same moment
            return await written(self._engine, work)

    async def page(self, limit: int, after: Sequence[str] | None) -> Page[Reconciled]:
        asked = select(reconciliations).order_by(_columns.id.desc()).limit(limit + 1)
        if after is not None:
            asked = asked.where(_columns.id < after[0])

        def work(connection: Connection) -> Page[Reconciled]:
            rows = connection.execute(asked).all()
            items = tuple(_of(row) for row in rows[:limit])
            return Page(items, (items[-1].id,) if len(rows) > limit else None)

        return await read(self._engine, work)

    async def get(self, id: str) -> Reconciled:
        """Raises Missing."""

        def work(connection: Connection) -> Reconciled:
            row = connection.execute(select(reconciliations).where(_columns.id == id)).one_or_none()
            if row is None:
                raise Missing(f"There is no file of balances {id}.")
            return _reconciled(connection, row, repeated=False)

        return await read(self._engine, work)


def _newest(connection: Connection, file: BalanceFile) -> date | None:
    whole = _columns.creditor == file.creditor, _columns.complete.is_(True)
    return connection.execute(select(func.max(_columns.as_of)).where(*whole)).scalar_one_or_none()


def _figures(found: Reconciliation) -> dict[str, int]:
    return {
        "new": len(found.new),
        "changed": len(found.changed),
        "gone": len(found.gone),
        "same": found.same,
        "conflicts": len(found.conflicts),
        "payments": len(found.payments),
    }


def _write_conflicts(
    connection: Connection, id: str, conflicts: Sequence[Conflict], by_reference: dict[str, str]
) -> None:
    rows = [
        {
            "reconciliation": id,
            "place": place,
            "line": one.line,
            "reference": one.reference,
            "debt": by_reference.get(one.reference),
            "kind": one.kind.value,
            "data": json_of(one.data),
        }
        for place, one in enumerate(conflicts)
    ]
    if rows:
        connection.execute(insert(debt_conflicts), rows)


def _reconciled(connection: Connection, row: Row[Any], *, repeated: bool) -> Reconciled:
    columns = debt_conflicts.c
    mine = select(debt_conflicts).where(columns.reconciliation == row.id).order_by(columns.place)
    conflicts = tuple(
        Conflict(one.line, one.reference, ConflictKind(one.kind), one.data)
        for one in connection.execute(mine)
    )
    return _of(row, conflicts, repeated=repeated)


def _of(row: Row[Any], conflicts: tuple[Conflict, ...] = (), *, repeated: bool = False) -> Reconciled:
    return Reconciled(
        id=row.id,
        creditor=row.creditor,
        name=row.name,
        actor=row.actor,
        at=row.at,
        as_of=row.as_of,
        complete=row.complete,
        figures=row.figures,
        conflicts=conflicts,
        repeated=repeated,
    )
