"""SqlDebts: debts, payments and promises, one transaction a method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.debts.debt import (
    BalanceChange,
    BalanceSource,
    Debt,
    DebtMove,
    DebtState,
    WrongDebtMove,
    moved,
)
from dialer.debts.promise import Payment, Promise
from dialer.debts.promising import PromiseTerms, wrong_promise
from dialer.debts.reconciling import BalanceFile, ReconcileRules, newest_word
from engine.ports import Clock, Ids
from engine.registers.actor import ENGINE, Actor
from engine.registers.debts import DebtFilter, Reconciled, ReminderJob, ReminderRow
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Refused
from store.audit import note as noted
from store.callback_keeping import person_of
from store.debt_keeping import Keeping, locked_debt, missing_debt
from store.debt_reminders import reminders_of
from store.debt_rows import payments_of, promises_of, read_debts
from store.registers.prefixes import begins_with
from store.registers.profiles import survivor_of
from store.registers.reconciliations import BalanceFiles
from store.registers.transactions import read, written
from store.tables import debts, payments, promises

_columns = debts.c
# By a person's or another system's word; the others follow from promises, payments and files.
_SAID = frozenset({DebtMove.DISPUTE, DebtMove.UPHOLD, DebtMove.STOP, DebtMove.RELEASE, DebtMove.WITHDRAW})


class SqlDebts:
    """Implements engine.registers.debts.Debts."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._files = BalanceFiles(engine, clock, ids)

    async def add(self, actor: Actor, debt: Debt) -> Debt:
        now = self._clock.now()
        history = debt.history or (BalanceChange(now, debt.amount, BalanceSource.API),)
        fresh = replace(debt, created_at=now, since=now, by=_by(actor), history=history, version=1)

        def work(connection: Connection) -> Debt:
            known = select(_columns.id).where(
                _columns.creditor == debt.creditor, _columns.reference == debt.reference
            )
            if (other := connection.execute(known).scalar_one_or_none()) is not None:
                raise _known_reference(debt, other)
            keeping = Keeping(connection, now)
            made = keeping.make(replace(fresh, contact_id=person_of(connection, debt.contact_id)))
            noted(connection, actor, "debt.added", f"debt:{made.id}", {}, now)
            keeping.publish()
            return made

        try:
            return await written(self._engine, work)
        except IntegrityError:  # somebody else added it at the same moment
            raise _known_reference(debt, "it") from None

    async def get(self, id: str) -> Debt:
        found = await self._read(select(debts).where(_columns.id == id))
        if not found:
            raise missing_debt(id)
        return found[0]

    async def by_reference(self, creditor: str, reference: str) -> Debt | None:
        mine = _columns.creditor == creditor, _columns.reference == reference
        found = await self._read(select(debts).where(*mine))
        return found[0] if found else None

    async def of_contact(self, contact_id: str) -> Sequence[Debt]:
        def work(connection: Connection) -> Sequence[Debt]:
            mine = _columns.person == survivor_of(connection, contact_id)
            return read_debts(connection, select(debts).where(mine).order_by(_columns.id))

        return await read(self._engine, work)

    async def page(
        self, wanted: DebtFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Debt]:
        asked = select(debts).order_by(_columns.id).limit(limit + 1)
        if wanted.states:
            asked = asked.where(_columns.state.in_([state.value for state in wanted.states]))
        if wanted.creditor is not None:
            asked = asked.where(_columns.creditor == wanted.creditor)
        if wanted.reference:
            database = self._engine.dialect.name
            asked = asked.where(begins_with(_columns.reference, wanted.reference, database))
        if after is not None:
            asked = asked.where(_columns.id > after[0])
        found = await self._read(asked)
        return Page(tuple(found[:limit]), (found[limit - 1].id,) if len(found) > limit else None)

    async def move(
        self, actor: Actor, id: str, move: DebtMove, note: str, *, version: int | None = None
    ) -> Debt:
        if move not in _SAID:
            allowed = ", ".join(sorted(_SAID))
            raise Refused(f"A debt is not {move}d by anybody's word; what can be said is {allowed}.", "move")
        now = self._clock.now()

        def work(connection: Connection) -> Debt:
            before = _at_version(locked_debt(connection, id), version)
            try:
                after = moved(before, move, now, _by(actor), note)
            except WrongDebtMove as wrong:
                told = {"reference": before.reference, "state": before.state}
                raise Refused(str(wrong), "move", "debt_move", **told) from None
            return self._changed(connection, actor, before, after, f"debt.{move.value}", now)

        return await written(self._engine, work)

    async def set_balance(
        self, actor: Actor, id: str, amount: int, *, as_of: date | None = None, version: int | None = None
    ) -> Debt:
        if amount < 0:
            raise Refused("Write 0 for a debt that is paid.", "amount")
        now = self._clock.now()

        def work(connection: Connection) -> Debt:
            before = _at_version(locked_debt(connection, id), version)
            if before.amount == amount:
                return before
            known = newest_word(before)
            if as_of is not None and known is not None and as_of < known:
                raise Refused(f"A balance of {known} is known: send a newer one.", "as_of")
            change = BalanceChange(now, amount, BalanceSource.API, actor.id, as_of)
            after = replace(
                before, amount=amount, history=(*before.history, change), version=before.version + 1
            )
            over = before.state in (DebtState.PAID, DebtState.WITHDRAWN)
            if amount == 0 and not over:
                after = moved(after, DebtMove.SETTLE, now, _by(actor))
            elif amount > 0 and over:
                after = moved(after, DebtMove.OWE, now, _by(actor))
            return self._changed(connection, actor, before, after, "debt.balance_set", now)

        return await written(self._engine, work)

    async def pay(self, actor: Actor, payment: Payment) -> Debt:
        now = self._clock.now()

        def work(connection: Connection) -> Debt:
            before = locked_debt(connection, payment.debt)
            known = select(payments.c.debt).where(payments.c.id == payment.id)
            if (of := connection.execute(known).scalar_one_or_none()) is not None:
                if of != payment.debt:
                    raise Refused(f"Payment {payment.id} is of debt {of}.", "debt")
                return before
            keeping = Keeping(connection, now)
            after = keeping.pay(before, replace(payment, recorded_at=now))
            noted(connection, actor, "debt.paid", f"debt:{after.id}", {"payment": payment.id}, now)
            keeping.publish()
            return after

        return await written(self._engine, work)

    async def payments(self, id: str) -> Sequence[Payment]:
        return await read(self._engine, lambda connection: payments_of(connection, id))

    async def promise(
        self,
        actor: Actor,
        promise: Promise,
        terms: PromiseTerms,
        today: date,
        reminders: Sequence[ReminderJob] = (),
    ) -> Promise:
        now = self._clock.now()

        def work(connection: Connection) -> Promise:
            debt = locked_debt(connection, promise.debt)
            standing = promises_of(connection, debt.id)
            for known in standing:
                if known.id == promise.id:
                    return known
            for wrong in wrong_promise(debt, promise.instalments, today, terms):
                raise Refused(wrong.sentence, wrong.field)
            keeping = Keeping(connection, now)
            theirs = replace(promise, contact_id=debt.contact_id, currency=debt.currency)
            made = keeping.promise(debt, theirs, reminders)
            noted(connection, actor, "promise.made", f"debt:{debt.id}", {"promise": made.id}, now)
            keeping.publish()
            return made

        return await written(self._engine, work)

    async def promises(self, id: str) -> Sequence[Promise]:
        return await read(self._engine, lambda connection: promises_of(connection, id))

    async def reminders(self, promise_id: str) -> Sequence[ReminderRow]:
        return await read(self._engine, lambda connection: reminders_of(connection, promise_id))

    async def check_promises(self, *, limit: int = 100) -> Sequence[Promise]:
        now = self._clock.now()
        due = (
            select(promises.c.debt)
            .where(promises.c.state == "open", promises.c.check_at <= now)
            .order_by(promises.c.check_at)
            .limit(limit)
        )

        def work(connection: Connection) -> Sequence[Promise]:
            keeping = Keeping(connection, now)
            found: list[Promise] = []
            for debt_id in sorted(connection.execute(due).scalars().all()):
                after = keeping.settle(locked_debt(connection, debt_id))
                if after is not None:
                    noted(connection, ENGINE, f"promise.{after.state.value}", f"debt:{debt_id}", {}, now)
                    found.append(after)
            keeping.publish()
            return found

        return await written(self._engine, work)

    async def reconcile(
        self,
        actor: Actor,
        file: BalanceFile,
        *,
        digest: str,
        name: str,
        rules: ReconcileRules | None = None,
        dry_run: bool = False,
    ) -> Reconciled:
        return await self._files.reconcile(actor, file, digest, name, rules, dry_run)

    async def reconciliations(
        self, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Reconciled]:
        return await self._files.page(limit, after)

    async def reconciliation(self, id: str) -> Reconciled:
        return await self._files.get(id)

    # --- inside -------------------------------------------------------------------------------------------

    async def _read(self, wanted: Select[Any]) -> Sequence[Debt]:
        return await read(self._engine, lambda connection: read_debts(connection, wanted))

    def _changed(
        self, connection: Connection, actor: Actor, before: Debt, after: Debt, action: str, now: datetime
    ) -> Debt:
        keeping = Keeping(connection, now)
        keeping.change(before, after)
        noted(connection, actor, action, f"debt:{after.id}", {"state": after.state.value}, now)
        keeping.publish()
        return after


def _by(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id}"


def _at_version(debt: Debt, version: int | None) -> Debt:
    if version is not None and version != debt.version:
        raise Changed(f"The debt is of version {debt.version} now: read it again.", debt.version)
    return debt


def _known_reference(debt: Debt, other: str) -> Refused:
    return Refused(
        f"The reference {debt.reference!r} of {debt.creditor!r} is known, as debt {other}: change that one.",
        "reference",
    )
