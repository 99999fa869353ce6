"""What becomes of a lead when its debt or promise changes: a broken promise returns to the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dialer.before_dialling import OF_DEBT, hold, over
from dialer.debts.debt import Debt
from dialer.debts.promise import Promise, PromiseCheck, PromiseState
from dialer.lead import BUSY, OVER, Lead, LeadMove, LeadState, moved
from dialer.lead_plan import LeadPlan
from dialer.reasons import IN_TURN, Reason, ReasonCode, waits

# Who broke a promise is called before those who were never called, and behind what people put first.
BROKEN_PRIORITY = 10
# Leads that were closed by one of these are called again when it no longer holds.
_MAY_RETURN = frozenset({ReasonCode.PAID, ReasonCode.WITHDRAWN, ReasonCode.PROMISE, ReasonCode.DISPUTED})


def after_debt(
    lead: Lead, debt: Debt, now: datetime, promise: Promise | None = None, check: PromiseCheck | None = None
) -> LeadPlan | None:
    """The lead as its debt now wants it; None: as it is. `promise` and `check`: of the debt's newest promise.

    A lead that is being called is left alone: what comes of the call is planned with the debt as it then is.
    """
    if lead.state in BUSY:
        return None
    if debt.state in OF_DEBT:
        move, code = OF_DEBT[debt.state]
        return None if lead.state in OVER else over(lead, move, Reason(code))
    if (
        promise is not None
        and check is not None
        and promise.state is PromiseState.OPEN
        and check.waited_until
    ):
        if lead.state in OVER or (lead.not_before or now) >= check.waited_until:
            return None
        due = promise.last_due if check.next is None else check.next.due
        return hold(lead, check.waited_until, promised(due.isoformat(), check.waited_until), now)
    return _returned(lead, now, promise)


def promised(due: str, until: datetime) -> Reason:
    return waits(ReasonCode.PROMISE, until, due=due)


def _returned(lead: Lead, now: datetime, promise: Promise | None) -> LeadPlan | None:
    """Nothing holds it back any more: the promise was broken, or kept and something is left to pay."""
    if lead.state is LeadState.WAITING:
        if lead.reason.code is not ReasonCode.PROMISE:
            return None
        back = replace(lead, not_before=now, reason=IN_TURN)
    elif lead.reason.code in _MAY_RETURN:
        back = replace(lead, state=moved(lead.state, LeadMove.REOPEN), not_before=now, reason=IN_TURN)
    else:
        return None
    if promise is not None and promise.state is PromiseState.BROKEN:
        reason = Reason(ReasonCode.PROMISE_BROKEN, {"due": promise.last_due.isoformat()})
        back = replace(back, reason=reason, priority=max(back.priority, BROKEN_PRIORITY))
    return LeadPlan(back)
