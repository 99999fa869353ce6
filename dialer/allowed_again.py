"""A number that was refused for ever, once what forbade it is gone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from compliance.decision import Decision
from dialer.before_dialling import FACTS_UNREAD
from dialer.lead import BUSY, Lead, LeadMove, LeadState, NumberState, moved
from dialer.numbers import with_state
from dialer.reasons import IN_TURN, ReasonCode


def refused_numbers(lead: Lead) -> tuple[str, ...]:
    """Those about which the gate is asked again; none while the lead is somebody's."""
    if lead.state in BUSY or lead.state is LeadState.DONE:
        return ()
    if lead.state is LeadState.STOPPED and lead.reason.code is not ReasonCode.GATE_FOREVER:
        return ()  # it was stopped for another reason, which stands
    return tuple(one.e164 for one in lead.numbers if one.state is NumberState.REFUSED)


def is_free(decision: Decision) -> bool:
    """Whether a number is refused for ever no more: it may be called now, or at some time."""
    if decision.rule in FACTS_UNREAD:
        return False
    return decision.allowed or decision.next_allowed_at is not None


def allowed_again(lead: Lead, numbers: Collection[str]) -> Lead:
    """With these numbers as good ones; in turn again if it was stopped for want of one."""
    for number in numbers:
        lead = with_state(lead, number, NumberState.OK)
    if not numbers or lead.state is not LeadState.STOPPED:
        return lead
    return replace(
        lead,
        state=moved(lead.state, LeadMove.REOPEN),
        reason=IN_TURN,
        not_before=None,
        next_number=None,
    )
