"""Which of a lead's numbers is called next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dialer.lead import Lead, LeadNumber, NumberState
from dialer.reasons import Reason, ReasonCode, times
from dialer.recycling import AttemptCaps


def usable(lead: Lead, caps: AttemptCaps) -> tuple[LeadNumber, ...]:
    """Those that may still be called, in the list's order."""
    return tuple(one for one in lead.numbers if one.state is NumberState.OK and one.attempts < caps.number)


def number_to_dial(lead: Lead, caps: AttemptCaps) -> str | None:
    """The one that was planned, else the first that may be; None: there is none."""
    choice = usable(lead, caps)
    planned = next((one for one in choice if one.e164 == lead.next_number), None)
    return planned.e164 if planned is not None else choice[0].e164 if choice else None


def after(lead: Lead, dialled: str, caps: AttemptCaps) -> str | None:
    """The usable number that was called least, the ones behind the dialled one first; it itself is last."""
    order = [one.e164 for one in lead.numbers]
    at = order.index(dialled) if dialled in order else -1
    ranked = sorted(
        usable(lead, caps), key=lambda one: (one.attempts, (order.index(one.e164) - at - 1) % len(order))
    )
    return ranked[0].e164 if ranked else None


def with_state(lead: Lead, e164: str, state: NumberState) -> Lead:
    return replace(
        lead,
        numbers=tuple(replace(one, state=state) if one.e164 == e164 else one for one in lead.numbers),
    )


def with_attempt(lead: Lead, e164: str, at: datetime, *, counted: bool) -> Lead:
    return replace(
        lead,
        numbers=tuple(
            replace(one, attempts=one.attempts + int(counted), last_at=at) if one.e164 == e164 else one
            for one in lead.numbers
        ),
    )


def none_left(lead: Lead, caps: AttemptCaps) -> Reason:
    """Why no number of the lead may be called."""
    words = {NumberState.BAD: "does not exist", NumberState.REFUSED: "is forbidden by a rule"}
    told = [f"{one.e164} {words.get(one.state, f'was called {times(one.attempts)}')}" for one in lead.numbers]
    data = {
        "numbers": ", ".join(told) or "none was given",
        "states": {one.e164: one.state.value for one in lead.numbers},
        "most": caps.number,
    }
    return Reason(ReasonCode.NO_NUMBER, data)
