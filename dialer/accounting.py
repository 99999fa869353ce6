"""What an attempt adds to its lead's counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo

from dialer.attempt import Attempt, counts
from dialer.best_time import with_part_tried
from dialer.lead import Lead, NumberState
from dialer.local_day import date_in
from dialer.numbers import with_attempt, with_state
from dialer.recycling import BestTime
from dialer.results import NUMBER_IS_BAD, AttemptResult

# Nobody there at that time of day.
_NOBODY = frozenset({AttemptResult.NO_ANSWER, AttemptResult.MACHINE})


def with_attempt_counted(lead: Lead, attempt: Attempt, best_time: BestTime, zone: tzinfo) -> Lead:
    """The lead after an attempt that has ended. What never reached the number is no try."""
    result = attempt.result
    assert result is not None, "an attempt is counted when it has ended"
    began = attempt.dialled_at or attempt.reserved_at
    counted = counts(attempt)
    today = date_in(zone, began)
    before = lead.attempts_today if lead.today == today else 0
    lead = with_attempt(lead, attempt.number, began, counted=counted)
    if counted:
        lead = replace(lead, attempts=lead.attempts + 1, today=today, attempts_today=before + 1)
    if result in NUMBER_IS_BAD:
        lead = with_state(lead, attempt.number, NumberState.BAD)
    if result in _NOBODY:
        lead = with_part_tried(lead, best_time, zone, began)
    reached = counted or result in NUMBER_IS_BAD
    return replace(
        lead,
        results={**lead.results, result: lead.results.get(result, 0) + 1},
        troubles=0 if reached else lead.troubles + 1,
        last_at=attempt.ended_at or began,
        last_outcome=result,
        last_disposition=attempt.disposition or lead.last_disposition,
        last_verified=lead.last_verified if attempt.verified is None else attempt.verified,
        reserved_by=None,
        reserved_until=None,
    )
