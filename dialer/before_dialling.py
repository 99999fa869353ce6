"""What is asked of a lead that was reserved, before it is dialled, and what becomes of it when it is not.

Reservation goes by the rows as they were; caps, callbacks and debts may have changed since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from compliance.decision import Decision
from dialer.campaign import Campaign
from dialer.caps import capped, held_back
from dialer.debts.debt import CONTACTED, Debt, DebtState
from dialer.debts.promise import Promise
from dialer.lead import Lead, LeadMove, NumberState, moved
from dialer.lead_plan import CallbackGivenUp, LeadEvent, LeadPlan
from dialer.numbers import number_to_dial, usable, with_state
from dialer.reasons import IN_TURN, Reason, ReasonCode, waits

# A refusal that ends at once is asked again no sooner: the gate must not be asked in a circle.
SHORTEST_HOLD = timedelta(seconds=30)
PERSON_BUSY_HOLD = timedelta(minutes=10)
AGENT_AWAY_HOLD = timedelta(minutes=1)
PROMISE_HOLD = timedelta(hours=1)
FACTS_HOLD = timedelta(minutes=1)
# Refusals of the gate itself when it cannot read what it needs: nothing is known against the lead.
PERSON_BUSY = "gate/busy"  # they are on the line, with any engine
FACTS_UNREAD = frozenset({"gate/facts", "gate/fault"})

# What becomes of a lead whose debt nobody is contacted about any more.
OF_DEBT = {
    DebtState.DISPUTED: (LeadMove.STOP, ReasonCode.DISPUTED),
    DebtState.STOPPED: (LeadMove.STOP, ReasonCode.STOP_CONTACT),
    DebtState.PAID: (LeadMove.FINISH, ReasonCode.PAID),
    DebtState.WITHDRAWN: (LeadMove.FINISH, ReasonCode.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class ToDial:
    """The gate may be asked about this number. `agent`: the only one who may take it."""

    number: str
    agent: str | None = None


def before_dialling(
    campaign: Campaign, lead: Lead, now: datetime, debt: Debt | None = None, promise: Promise | None = None
) -> ToDial | LeadPlan:
    """The number to dial, or what becomes of the lead instead. A callback that is due is held as all others.

    `debt` and `promise`: the lead's own, and what stands of promises about it.
    """
    if debt is not None and debt.state not in CONTACTED:
        if debt.state is DebtState.PROMISED:
            until = now + PROMISE_HOLD
            due = "the day agreed" if promise is None else promise.last_due.isoformat()
            return hold(lead, until, waits(ReasonCode.PROMISE, until, due=due), now)
        move, code = OF_DEBT[debt.state]
        return over(lead, move, Reason(code))
    ended = capped(campaign, lead)
    if ended is not None:
        return over(lead, LeadMove.FINISH, ended)
    held = held_back(campaign, lead, now)
    if held is not None:
        return hold(lead, *held, now)
    number = number_to_dial(lead, campaign.retry.caps)
    assert number is not None, "a lead that is not capped has a number"
    return ToDial(number, agent_for(lead, now))


def agent_for(lead: Lead, now: datetime) -> str | None:
    """To whom alone the lead may be given now: a personal callback's agent, while they are waited for."""
    callback = lead.callback
    if callback is None or callback.agent is None:
        return None
    waited_for = callback.agent_until is None or now < callback.agent_until
    return callback.agent if waited_for else None


def refused(campaign: Campaign, lead: Lead, number: str, decision: Decision, now: datetime) -> LeadPlan:
    """The gate refuses this number: another one is tried, or the gate's next moment is waited for."""
    if decision.rule == PERSON_BUSY:
        return person_busy(lead, now, decision.next_allowed_at)
    told: dict[str, object] = {"rule": decision.rule or "gate", "reason": (decision.reason or "").rstrip(".")}
    until = decision.next_allowed_at
    if decision.rule in FACTS_UNREAD:
        until = now + FACTS_HOLD
    if until is not None:
        return hold(lead, until, waits(ReasonCode.GATE, until, **told), now)
    lead = with_state(lead, number, NumberState.REFUSED)
    others = usable(lead, campaign.retry.caps)
    if others:
        return hold(replace(lead, next_number=others[0].e164), now, IN_TURN, now)
    return over(lead, LeadMove.STOP, Reason(ReasonCode.GATE_FOREVER, told))


def person_busy(lead: Lead, now: datetime, until: datetime | None = None) -> LeadPlan:
    """There is another call with them. `until`: when it is looked at again."""
    until = now + PERSON_BUSY_HOLD if until is None else until
    return hold(lead, until, waits(ReasonCode.PERSON_BUSY, until), now)


def agent_away(lead: Lead, now: datetime) -> LeadPlan:
    """The agent of its personal callback takes no calls now; after their time anybody may."""
    assert lead.callback is not None
    until = now + AGENT_AWAY_HOLD
    if lead.callback.agent_until is not None:
        until = min(until, lead.callback.agent_until)
    return hold(lead, until, waits(ReasonCode.AGENT_AWAY, until, agent=lead.callback.agent), now)


def skipped(
    lead: Lead, agent: str, why: str, now: datetime, wait: timedelta = timedelta(hours=1)
) -> LeadPlan:
    """An agent looked at it and passed it by."""
    until = now + wait
    reason = waits(ReasonCode.SKIPPED, until, agent=agent, why=why.rstrip(".") or "no reason given")
    return hold(replace(lead, skips=lead.skips + 1), until, reason, now)


def never_dialled(lead: Lead) -> LeadPlan:
    """Its attempt was written but nothing was dialled, or its reservation was given back: as before."""
    back = replace(
        lead,
        state=moved(lead.state, LeadMove.RELEASE),
        reason=Reason(ReasonCode.NEVER_DIALLED),
        reserved_by=None,
        reserved_until=None,
    )
    return LeadPlan(back)


def hold(lead: Lead, until: datetime, reason: Reason, now: datetime) -> LeadPlan:
    """It waits until then; a callback of it is given up if its window is over by then."""
    if until > now:
        until = max(until, now + SHORTEST_HOLD)
    events: tuple[LeadEvent, ...] = ()
    callback = lead.callback
    if callback is not None and callback.window_to is not None and until >= callback.window_to:
        events = (CallbackGivenUp(callback.request, reason),)
        callback = None
    waiting = replace(
        lead,
        state=moved(lead.state, LeadMove.RETRY),
        not_before=max(until, now),
        callback=callback,
        reason=reason,
        reserved_by=None,
        reserved_until=None,
    )
    return LeadPlan(waiting, events)


def over(lead: Lead, move: LeadMove, reason: Reason) -> LeadPlan:
    """It is finished or stopped; a callback of it is given up."""
    callback = lead.callback
    ended = replace(
        lead,
        state=moved(lead.state, move),
        not_before=None,
        next_number=None,
        callback=None,
        reason=reason,
        reserved_by=None,
        reserved_until=None,
    )
    return LeadPlan(ended, () if callback is None else (CallbackGivenUp(callback.request, reason),))
