"""What changes of debts, payments and promises lead to, inside a transaction: each follows the other.

A payment may settle the debt and keep its promise; a debt that is disputed, stopped or withdrawn ends the
promise; a promise that is broken opens the debt again. The debt's row is locked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from dialer.debts.balance import paid
from dialer.debts.debt import Debt, DebtMove, DebtState, moved
from dialer.debts.promise import (
    BY_PAYMENTS,
    Payment,
    Promise,
    PromiseCheck,
    PromiseState,
    cancelled,
    check,
    replaced,
    settled,
)
from dialer.debts.reconciling import shown_before
from dialer.news import debt_published, promise_published
from engine.registers.debts import ReminderJob
from engine.registers.refusals import Missing
from history.publication import Publication
from store.debt_leads import follow
from store.debt_reminders import add_reminders, end_reminders
from store.debt_rows import (
    balance_row,
    debt_columns,
    payments_of,
    promise_columns,
    promises_of,
    put_debt,
    read_debts,
)
from store.publishing import publish
from store.tables import debt_balances, debts, payments, promises

# In these a promise stands no more.
_WITHOUT_PROMISE = frozenset({DebtState.DISPUTED, DebtState.STOPPED, DebtState.WITHDRAWN})
_BY_PROMISE = {
    PromiseState.KEPT: (DebtState.PROMISED, DebtMove.KEEP),
    PromiseState.BROKEN: (DebtState.PROMISED, DebtMove.BREAK),
    PromiseState.OPEN: (DebtState.OPEN, DebtMove.PROMISE),
}


def missing_debt(id: str) -> Missing:
    return Missing(f"There is no debt {id}.")


def locked_debt(connection: Connection, id: str) -> Debt:
    """Raises Missing."""
    found = read_debts(connection, select(debts).where(debts.c.id == id).with_for_update())
    if not found:
        raise missing_debt(id)
    return found[0]


class Keeping:
    """The changes of one transaction; `publish` comes last."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._told: list[Publication] = []
        self._changed: dict[str, Debt] = {}

    def make(self, debt: Debt) -> Debt:
        keys = {
            "id": debt.id,
            "contact_id": debt.contact_id,
            "person": debt.contact_id,
            "creditor": debt.creditor,
            "reference": debt.reference,
            "created_at": debt.created_at,
        }
        self._connection.execute(insert(debts).values(**keys, **debt_columns(debt)))
        if debt.history:
            rows = [balance_row(debt.id, one) for one in debt.history]
            self._connection.execute(insert(debt_balances), rows)
        self._told.append(debt_published(debt, self._now))
        return debt

    def change(self, before: Debt, after: Debt) -> Debt:
        """The debt, and what becomes of its promise; as it is then."""
        self._put(before, after)
        if after.state in _WITHOUT_PROMISE:
            self._cancel(after)
        elif before.amount != after.amount:
            return self._settled(after)
        return after

    def pay(self, before: Debt, payment: Payment) -> Debt:
        """One that was not recorded before. What a file had shown of it is not counted again."""
        shown = shown_before(payment, payments_of(self._connection, payment.debt))
        for known, amount in shown.items():
            this = update(payments).where(payments.c.id == known)
            self._connection.execute(this.values(amount=payments.c.amount - amount))
        self._connection.execute(insert(payments).values(**_columns(payment)))
        after = paid(before, payment, self._now, sum(shown.values()))
        self._put(before, after)
        return self._settled(after)

    def record(self, payment: Payment) -> None:
        """One that a balance tells of, in which it is counted already."""
        known = select(payments.c.id).where(payments.c.id == payment.id)
        if self._connection.execute(known).first() is None:
            self._connection.execute(insert(payments).values(**_columns(payment)))

    def promise(self, debt: Debt, promise: Promise, reminders: Sequence[ReminderJob] = ()) -> Promise:
        """A new one; those before it are replaced."""
        for known in promises_of(self._connection, debt.id):
            after = replaced(known, promise.id, self._now)
            if after is not known:
                self._put_promise(after)
        made_at = min(promise.made_at, self._now)  # what is paid from now on counts, whatever clock it has
        made = replace(
            promise, made_at=made_at, state=PromiseState.OPEN, ended_at=None, replaced_by=None, version=1
        )
        told = check(made, payments_of(self._connection, made.debt), self._now)
        columns = promise_columns(made, _check_at(made, told))
        self._connection.execute(insert(promises).values(**columns))
        add_reminders(self._connection, made, reminders, self._now)
        self._told.append(promise_published(made, self._now))
        note = f"promise {made.id}"
        self._put(debt, moved(debt, DebtMove.PROMISE, self._now, made.agent or "", note))
        return made

    def settle(self, debt: Debt) -> Promise | None:
        """The debt's last promise by what is paid by now, and the debt's state by it. None: no news."""
        standing = promises_of(self._connection, debt.id)[:1]
        if not standing or standing[0].state not in BY_PAYMENTS:
            return None
        before = standing[0]
        after = settled(before, payments_of(self._connection, debt.id), self._now)
        if after is before:
            self._look_again(before)
            return None
        self._put_promise(after)
        wanted, move = _BY_PROMISE[after.state]
        if debt.state is wanted:
            note = f"promise {after.id} is {after.state.value}"
            self._put(debt, moved(debt, move, self._now, "system", note))
        return after

    def publish(self) -> None:
        """Call it last in the transaction: leads follow what has changed, and it is told."""
        for debt in self._changed.values():
            follow(self._connection, debt, self._now)
        publish(self._connection, self._told)

    def _settled(self, debt: Debt) -> Debt:
        """Its balance has changed."""
        if self.settle(debt) is not None:
            debt = locked_debt(self._connection, debt.id)
        if debt.state is DebtState.PAID:
            self._cancel(debt)  # it was paid otherwise
        return debt

    def _put(self, before: Debt, after: Debt) -> None:
        if after is not before:
            put_debt(self._connection, before, after)
            self._changed[after.id] = after
            self._told.append(debt_published(after, self._now))

    def _cancel(self, debt: Debt) -> None:
        for known in promises_of(self._connection, debt.id):
            after = cancelled(known, self._now)
            if after is not known:
                self._put_promise(after)

    def _put_promise(self, promise: Promise) -> None:
        self._update(promise)
        self._told.append(promise_published(promise, self._now))

    def _look_again(self, promise: Promise) -> None:
        if promise.state is PromiseState.OPEN:
            self._update(promise)

    def _update(self, promise: Promise) -> None:
        told = check(promise, payments_of(self._connection, promise.debt), self._now)
        columns = promise_columns(promise, _check_at(promise, told))
        this = update(promises).where(promises.c.id == promise.id)
        self._connection.execute(this.values(**columns))
        end_reminders(self._connection, promise, told, self._now)


def _check_at(promise: Promise, told: PromiseCheck) -> datetime | None:
    return told.waited_until if promise.state is PromiseState.OPEN else None


def _columns(payment: Payment) -> dict[str, object]:
    return {name: getattr(payment, name) for name in ("id", "debt", "amount", "paid_on", "recorded_at")}
