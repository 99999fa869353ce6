"""Debts, payments and promises as rows, inside a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from dialer.debts.debt import BalanceChange, BalanceSource, Debt, DebtState
from dialer.debts.promise import Instalment, Payment, Promise, PromiseState
from store.tables import debt_balances, debts, payments, promises

_PROMISE: TypeAdapter[Promise] = TypeAdapter(Promise)
_DEBT = debts.c


def debt_columns(debt: Debt) -> dict[str, object]:
    """All but the keys by which it is found."""
    return {
        "amount": debt.amount,
        "currency": debt.currency,
        "due": debt.due,
        "state": debt.state.value,
        "since": debt.since,
        "by": debt.by,
        "note": debt.note,
        "version": debt.version,
    }


def balance_row(debt: str, one: BalanceChange) -> dict[str, object]:
    return {
        "debt": debt,
        "at": one.at,
        "amount": one.amount,
        "source": one.source.value,
        "source_id": one.source_id,
        "as_of": one.as_of,
    }


def read_debts(connection: Connection, wanted: Any) -> list[Debt]:
    """`wanted` selects rows of debts. With their balances; shown as the survivor's."""
    rows = connection.execute(wanted).all()
    history: dict[str, list[BalanceChange]] = {}
    for ids in _hundreds([row.id for row in rows]):
        columns = debt_balances.c
        asked = select(debt_balances).where(columns.debt.in_(ids)).order_by(columns.number)
        for one in connection.execute(asked):
            change = BalanceChange(one.at, one.amount, BalanceSource(one.source), one.source_id, one.as_of)
            history.setdefault(one.debt, []).append(change)
    return [_debt(row, history.get(row.id, ())) for row in rows]


def _hundreds(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[first : first + 500] for first in range(0, len(ids), 500))


def _debt(row: Row[Any], history: Iterable[BalanceChange]) -> Debt:
    return Debt(
        id=row.id,
        contact_id=row.person,
        reference=row.reference,
        amount=row.amount,
        currency=row.currency,
        due=row.due,
        created_at=row.created_at,
        creditor=row.creditor,
        state=DebtState(row.state),
        since=row.since,
        by=row.by,
        note=row.note,
        history=tuple(history),
        version=row.version,
    )


def put_debt(connection: Connection, before: Debt, after: Debt) -> None:
    """A changed debt, whose row is locked, and the balances that are new of it."""
    connection.execute(update(debts).where(_DEBT.id == after.id).values(**debt_columns(after)))
    if fresh := after.history[len(before.history) :]:
        connection.execute(insert(debt_balances), [balance_row(after.id, one) for one in fresh])


def payment_of(row: Row[Any]) -> Payment:
    return Payment(row.id, row.debt, row.amount, row.paid_on, row.recorded_at)


def payments_of(connection: Connection, debt: str) -> list[Payment]:
    asked = select(payments).where(payments.c.debt == debt).order_by(payments.c.paid_on, payments.c.id)
    return [payment_of(row) for row in connection.execute(asked)]


def promise_columns(promise: Promise, check_at: datetime | None) -> dict[str, object]:
    found: dict[str, object] = {
        name: getattr(promise, name)
        for name in ("id", "debt", "contact_id", "currency", "made_at", "counts_from", "time_zone",
                     "grace_days", "call_id", "agent", "campaign", "ended_at", "replaced_by", "version")
    }  # fmt: skip
    instalments = [[one.amount, one.due.isoformat()] for one in promise.instalments]
    return {**found, "instalments": instalments, "state": promise.state.value, "check_at": check_at}


def promise_of(row: Row[Any]) -> Promise:
    given = {**row._mapping, "instalments": _instalments(row.instalments)}
    del given["check_at"]
    return _PROMISE.validate_python({**given, "state": PromiseState(row.state)})


def _instalments(written: Any) -> tuple[Instalment, ...]:
    return tuple(Instalment(amount, date.fromisoformat(due)) for amount, due in written)


def promises_of(connection: Connection, debt: str) -> list[Promise]:
    """Newest first."""
    columns = promises.c
    asked = select(promises).where(columns.debt == debt).order_by(columns.made_at.desc(), columns.id.desc())
    return [promise_of(row) for row in connection.execute(asked)]


# --- merges -----------------------------------------------------------------------------------------------


def gather_debts(connection: Connection, survivor_id: str, people: Collection[str]) -> None:
    """After a merge: what these contacts owe, the survivor owes."""
    theirs = update(debts).where(_DEBT.person.in_(people))
    connection.execute(theirs.values(person=survivor_id))


def part_debts(connection: Connection, contact_id: str, people: Collection[str]) -> None:
    """After a merge was undone: what these contacts owed is that contact's again."""
    theirs = update(debts).where(_DEBT.contact_id.in_(people))
    connection.execute(theirs.values(person=contact_id))
