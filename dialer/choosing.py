"""Which leads are called first.

A lead's turn does not depend on the hour, so that a database keeps leads in order and takes the first that
are due: callbacks, then by priority; of one priority those that were called before (their time was chosen
for them), then new ones; whoever has been due for longest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from dialer.lead import Lead, LeadState


class Turn(NamedTuple):
    """The columns of the order, all ascending. `due_at` also tells from when on the lead may be reserved."""

    callback_last: int
    priority_down: int
    new_last: int
    due_at: datetime
    id: str


def turn(lead: Lead) -> Turn:
    return Turn(
        callback_last=0 if lead.callback is not None else 1,
        priority_down=-lead.priority,
        new_last=0 if lead.attempts else 1,
        due_at=lead.not_before or lead.added_at,
        id=lead.id,
    )


def may_be_reserved(lead: Lead, now: datetime) -> bool:
    """A reservation that has run out is none."""
    if lead.state is LeadState.RESERVED:
        return lead.reserved_until is not None and lead.reserved_until <= now
    return lead.state is LeadState.WAITING and turn(lead).due_at <= now


def chosen(leads: Iterable[Lead], now: datetime, limit: int) -> list[Lead]:
    """What a store must answer, the first one first."""
    return sorted((lead for lead in leads if may_be_reserved(lead, now)), key=turn)[:limit]
