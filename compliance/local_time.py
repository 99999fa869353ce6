"""The callee's calendar: when their days begin, and their wall times, as moments in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


class LocalTime:
    """A moment in one zone. `today` is the callee's date."""

    __slots__ = ("now", "today", "zone")

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self.zone = zone
        self.now = now
        self.today = now.astimezone(zone).date()

    def start_of(self, day: date) -> datetime:
        return day_start(self.zone, day)

    def days_ago(self, days: int) -> datetime:
        """When the day began that was `days` days before today; 0: today, -1: tomorrow."""
        return day_start(self.zone, self.today - days * _DAY if days else self.today)

    def date_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def told(self) -> dict[str, str]:
        """As a reason tells it."""
        return {"time": f"{self.now.astimezone(self.zone):%H:%M}", "zone": str(self.zone)}


@lru_cache(maxsize=16384)
def day_start(zone: tzinfo, day: date) -> datetime:
    """The first moment of the date. Where midnight is skipped or comes twice, `fold=0` is that moment."""
    return datetime.combine(day, _MIDNIGHT, zone).astimezone(UTC)


@lru_cache(maxsize=16384)
def wall_span(zone: tzinfo, day: date, begins: time, ends: time) -> tuple[datetime, datetime]:
    """`begins` up to `ends` of the date. A wall time that comes twice or never is taken the narrower way."""
    first, last = datetime.combine(day, begins, zone), datetime.combine(day, ends, zone)
    return (
        max(first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)),
        min(last.astimezone(UTC), last.replace(fold=1).astimezone(UTC)),
    )
