"""A payment on a debt: what it leaves to pay, and what state that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dialer.debts.debt import BalanceChange, BalanceSource, Debt, DebtMove, DebtState, moved
from dialer.debts.promise import Payment


def paid(debt: Debt, payment: Payment, now: datetime, counted: int = 0) -> Debt:
    """The debt after a payment, or after one that was taken back; the same one if it was counted already.

    `counted`: so much of it the balance had lost before. The balance is never below nothing: what was paid
    too much is the creditor's to give back.
    """
    assert payment.debt == debt.id, "a payment is of one debt"
    if any(one.source is BalanceSource.PAYMENT and one.source_id == payment.id for one in debt.history):
        return debt
    amount = max(0, debt.amount - (payment.amount - counted))
    change = BalanceChange(now, amount, BalanceSource.PAYMENT, payment.id, payment.paid_on)
    after = replace(debt, amount=amount, history=(*debt.history, change), version=debt.version + 1)
    by = f"payment:{payment.id}"
    if amount == 0 and debt.state not in (DebtState.PAID, DebtState.WITHDRAWN):
        return moved(after, DebtMove.SETTLE, now, by)
    if amount > 0 and debt.state is DebtState.PAID:
        return moved(after, DebtMove.OWE, now, by)
    return after
