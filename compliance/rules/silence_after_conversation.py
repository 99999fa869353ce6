"""No call for so many calendar days after a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from compliance.consents import asked_for_calls
from compliance.facts import Channel, Facts, Reached, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence
from compliance.rules.calls_in_days import same_debt

_CALL, _CONVERSATION = Channel.CALL, Reached.CONVERSATION


@dataclass(frozen=True, slots=True)
class SilenceAfterConversation:
    """`days` calendar days, the conversation's own the first of them, whichever side had called.

    Debts and the lifting for `widened_days` days are as with CallsInDays.
    """

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {
        "days": Stricter.HIGHER,
        "widened_days": Stricter.LOWER,
    }

    name: str
    days: int
    widened_days: int = 0

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel != _CALL:
            return NOT_APPLICABLE
        since = local.days_ago(self.days - 1)
        last: datetime | None = None
        for row in facts.history:
            if (
                row.kind == _CONVERSATION
                and row.at >= since
                and row.channel == _CALL
                and same_debt(request, row)
                and (last is None or row.at > last)
            ):
                last = row.at
        if last is None or asked_for_calls(request, facts, local, self.widened_days, now):
            return PASSED
        day = local.date_of(last)
        code = (
            RefusalCode.SILENCE_ABOUT_DEBT if request.debt is not None else RefusalCode.SILENCE_ABOUT_ANY_DEBT
        )
        return refused(
            sentence(code, day=day, days=self.days), local.start_of(day + timedelta(days=self.days))
        )
