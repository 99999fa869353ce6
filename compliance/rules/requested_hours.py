"""Hours of a contact that the person asked for: the time they chose, else the usual hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar

from compliance.facts import Facts, Request
from compliance.finding import PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime, wall_span
from compliance.refusal_reasons import RefusalCode, sentence

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RequestedHours:
    """A chosen time holds from its first to its last moment, both included, at any hour of the day.

    Without an end it lasts until `ends` of the day on which it begins (if it begins later: to its midnight);
    without a beginning the usual hours apply until it ends. Once it has passed nothing is allowed any more.
    """

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {"begins": Stricter.HIGHER, "ends": Stricter.LOWER}

    begins: time
    ends: time
    name: str = "hours"

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        chosen = request.requested
        if chosen is None or (chosen.begins is None and chosen.ends is None):
            return self._usual(local, now)
        if chosen.begins is None:
            return _passed(chosen.ends, local) if now > _utc(chosen.ends) else self._usual(local, now)
        if now < chosen.begins:
            begins = _utc(chosen.begins)
            return refused(sentence(RefusalCode.CHOSEN_BEGINS, **_wall(begins, local)), begins)
        if chosen.ends is not None:
            return _passed(chosen.ends, local) if now > chosen.ends else PASSED
        day = local.date_of(chosen.begins)
        closes = wall_span(local.zone, day, self.begins, self.ends)[1]
        if chosen.begins >= closes:
            closes = local.start_of(day + _DAY)
        return PASSED if now < closes else _passed(closes, local)

    def _usual(self, local: LocalTime, now: datetime) -> Finding:
        first, last = wall_span(local.zone, local.today, self.begins, self.ends)
        if first <= now < last:
            return PASSED
        hours = {"begins": f"{self.begins:%H:%M}", "ends": f"{self.ends:%H:%M}"}
        reason = sentence(RefusalCode.HOURS, **hours, **local.told())
        if now >= first:
            first = wall_span(local.zone, local.today + _DAY, self.begins, self.ends)[0]
        return refused(reason, first)


def _passed(ended: datetime | None, local: LocalTime) -> Finding:
    return refused(sentence(RefusalCode.CHOSEN_PASSED, **_wall(_utc(ended), local)))


def _utc(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment.astimezone(UTC)


def _wall(moment: datetime, local: LocalTime) -> dict[str, str]:
    return {"at": f"{moment.astimezone(local.zone):%Y-%m-%d %H:%M}", "zone": str(local.zone)}
