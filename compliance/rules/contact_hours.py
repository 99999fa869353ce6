"""Contact hours: at which local times a person may be contacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import ClassVar

from compliance.facts import Channel, Facts, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime, wall_span
from compliance.refusal_reasons import RefusalCode, sentence

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactHours:
    """From `begins` until just before `ends`; on rest days, if they differ, `rest_begins` and `rest_ends`.

    Rest days are weekends and public holidays, of the law's `country` and of the callee's: one is enough.
    """

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {
        "begins": Stricter.HIGHER,
        "ends": Stricter.LOWER,
        "rest_begins": Stricter.HIGHER,
        "rest_ends": Stricter.LOWER,
    }

    begins: time
    ends: time
    rest_begins: time | None = None
    rest_ends: time | None = None
    channels: tuple[Channel, ...] = tuple(Channel)
    country: str | None = None
    name: str = "hours"

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel not in self.channels:
            return NOT_APPLICABLE
        begins, ends, rest = self._hours(request, local.today)
        first, last = wall_span(local.zone, local.today, begins, ends)
        if first <= now < last:
            return PASSED
        code = RefusalCode.REST_HOURS if rest else RefusalCode.HOURS
        reason = sentence(code, begins=f"{begins:%H:%M}", ends=f"{ends:%H:%M}", **local.told())
        return refused(reason, first if now < first else self._tomorrow(request, local))

    def _tomorrow(self, request: Request, local: LocalTime) -> datetime:
        day = local.today + _DAY
        begins, ends, _ = self._hours(request, day)
        return wall_span(local.zone, day, begins, ends)[0]

    def _hours(self, request: Request, day: date) -> tuple[time, time, bool]:
        if self.rest_begins is None or self.rest_ends is None:
            return self.begins, self.ends, False
        if _rests(day, self.country, request.contact.country, request.contact.region):
            return self.rest_begins, self.rest_ends, True
        return self.begins, self.ends, False


@lru_cache(maxsize=8192)
def _rests(day: date, law: str | None, country: str | None, region: str | None) -> bool:
    # The holidays' library takes longer to load than all the rest, and most rules do without.
    from schedules.public_holidays import is_rest_day

    places = [(place, part) for place, part in ((law, None), (country, region)) if place is not None]
    return any(is_rest_day(day, place, part) for place, part in places or [("", None)])
