"""At most so many contacts a calendar day, week or month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from compliance.facts import Channel, Facts, Reached, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence

_CONVERSATION, _FAILED = Reached.CONVERSATION, Reached.FAILED


class Period(StrEnum):
    """A week is Monday to Sunday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_CONVERSATIONS = {
    Period.DAY: RefusalCode.CONVERSATIONS_DAY,
    Period.WEEK: RefusalCode.CONVERSATIONS_WEEK,
    Period.MONTH: RefusalCode.CONVERSATIONS_MONTH,
}
_MESSAGES = {
    Period.DAY: RefusalCode.MESSAGES_DAY,
    Period.WEEK: RefusalCode.MESSAGES_WEEK,
    Period.MONTH: RefusalCode.MESSAGES_MONTH,
}


@dataclass(frozen=True, slots=True)
class ContactsAPeriod:
    """`most` contacts of ours on `channels` together; `conversations`: only those that became one."""

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {"most": Stricter.LOWER}

    name: str
    most: int
    period: Period
    channels: tuple[Channel, ...]
    conversations: bool

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel not in self.channels:
            return NOT_APPLICABLE
        begins, follows = _days_of(self.period, local.today)
        since = local.start_of(begins)
        count = 0
        for row in facts.history:
            if (
                row.at >= since
                and (row.kind == _CONVERSATION if self.conversations else row.kind != _FAILED)
                and row.direction == "outbound"
                and row.channel in self.channels
            ):
                count += 1
        if count < self.most:
            return PASSED
        if self.conversations:
            reason = sentence(_CONVERSATIONS[self.period], conversations=count, most=self.most)
        else:
            reason = sentence(_MESSAGES[self.period], messages=count, most=self.most)
        return refused(reason, local.start_of(follows) if self.most else None)


def _days_of(period: Period, day: date) -> tuple[date, date]:
    """The first day of the period that holds `day`, and the first day of the next one."""
    if period is Period.DAY:
        return day, day + timedelta(days=1)
    if period is Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)
