"""At most so many calls in so many consecutive calendar days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from compliance.consents import asked_for_calls
from compliance.facts import Channel, Facts, PastContact, Reached, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence

_CALL, _FAILED = Channel.CALL, Reached.FAILED


@dataclass(frozen=True, slots=True)
class CallsInDays:
    """At most `calls` placed about the same debt in the `days` days that end today; failed ones do not count.

    A call of which the debt is not known counts for every debt; a request without a debt counts every call.
    Having asked for calls, or consented to them, lifts it for `widened_days` days.
    """

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {
        "calls": Stricter.LOWER,
        "days": Stricter.HIGHER,
        "widened_days": Stricter.LOWER,
    }

    name: str
    calls: int
    days: int
    widened_days: int = 0

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel != _CALL:
            return NOT_APPLICABLE
        since = local.days_ago(self.days - 1)
        placed = [
            row.at
            for row in facts.history
            if row.at >= since
            and row.channel == _CALL
            and row.kind != _FAILED
            and row.direction == "outbound"
            and same_debt(request, row)
        ]
        if len(placed) < self.calls:
            return PASSED
        if asked_for_calls(request, facts, local, self.widened_days, now):
            return PASSED
        code = RefusalCode.CALLS_ABOUT_DEBT if request.debt is not None else RefusalCode.CALLS_ABOUT_ANY_DEBT
        reason = sentence(code, calls=len(placed), days=self.days)
        if not self.calls:
            return refused(reason)
        placed.sort(reverse=True)
        # When this one drops out of the days that are counted, one fewer than `calls` is left.
        blocking = local.date_of(placed[self.calls - 1])
        return refused(reason, local.start_of(blocking + timedelta(days=self.days)))


def same_debt(request: Request, row: PastContact) -> bool:
    return request.debt is None or row.debt is None or row.debt == request.debt
