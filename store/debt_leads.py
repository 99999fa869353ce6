"""Leads follow their debts, in the same transaction: what is paid or disputed leaves every list at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from dialer.debts.debt import Debt
from dialer.debts.promise import check
from dialer.promised_leads import after_debt
from store.debt_rows import payments_of, promises_of
from store.lead_keeping import locked_leads, put_lead
from store.tables import lead_progress, leads


def follow(connection: Connection, debt: Debt, now: datetime) -> None:
    """Each lead of the debt as it now wants it. One that is being called is planned when its call is over."""
    theirs = (
        select(leads.c.id)
        .join(lead_progress, lead_progress.c.lead == leads.c.id)
        .where(leads.c.debt == debt.id, leads.c.folded_into.is_(None))
    )
    ids = connection.execute(theirs).scalars().all()
    if not ids:
        return
    newest = next(iter(promises_of(connection, debt.id)), None)
    told = None if newest is None else check(newest, payments_of(connection, debt.id), now)
    for lead in locked_leads(connection, ids).values():
        plan = after_debt(lead, debt, now, newest, told)
        if plan is not None:
            put_lead(connection, plan.lead)
