"""OpeningHours: whether a company is open at a moment, and when that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from schedules.public_holidays import is_public_holiday
from schedules.spans import DAY_MINUTES, Span

OPEN, CLOSED, HOLIDAY = "open", "closed", "holiday"

# A company that is closed for longer than this does not open again, as far as a caller is concerned.
LOOK_AHEAD_DAYS = 400

_Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class DayException:
    """Hours of one date. `holiday`: it counts as a public holiday; such a day has no spans."""

    spans: tuple[Span, ...] = ()
    holiday: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`weekly`: weekday (Monday is 0) -> spans. `exceptions` go before public holidays, and these before it.

    `holidays`: (country, subdivision or None). All moments given and answered are aware; answers are in UTC.
    """

    zone: tzinfo
    weekly: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    exceptions: Mapping[date, DayException] = field(default_factory=dict)
    holidays: tuple[str, str | None] | None = None

    def at(self, now: datetime) -> str:
        """ "open", "holiday" (a public holiday, or an exception that is one, closes it) or "closed"."""
        now = now.astimezone(UTC)
        today = now.astimezone(self.zone).date()
        # What began yesterday may go on over midnight, whatever day it is today.
        for day in (today - timedelta(days=1), today):
            if any(begins <= now < ends for begins, ends in self._intervals(day)):
                return OPEN
        return HOLIDAY if self._is_holiday(today) else CLOSED

    def next_opening(self, now: datetime) -> datetime | None:
        """When it opens next after `now`; while it is open, the time after. None: not within a year."""
        now = now.astimezone(UTC)
        first = now.astimezone(self.zone).date() - timedelta(days=1)
        return next((begins for begins, _ in self._merged(first) if begins > now), None)

    def next_change(self, now: datetime) -> datetime | None:
        """When `at` answers something else than now. None: not within a year."""
        now = now.astimezone(UTC)
        state = self.at(now)
        first = now.astimezone(self.zone).date() - timedelta(days=1)
        for offset in range(LOOK_AHEAD_DAYS):
            day = first + timedelta(days=offset)
            moments = {self._moment(day, 0)} | {moment for pair in self._intervals(day) for moment in pair}
            for moment in sorted(moments):
                if moment > now and self.at(moment) != state:
                    return moment
        return None

    def _spans(self, day: date) -> tuple[Span, ...]:
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception.spans
        return () if self._is_holiday(day) else self.weekly.get(day.weekday(), ())

    def _is_holiday(self, day: date) -> bool:
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception.holiday
        return self.holidays is not None and is_public_holiday(day, *self.holidays)

    def _intervals(self, day: date) -> list[_Interval]:
        return [(self._moment(day, s.begins), self._moment(day, s.ends, end=True)) for s in self._spans(day)]

    def _merged(self, first: date) -> Iterator[_Interval]:
        """The intervals from `first` on, those that touch made one."""
        current: _Interval | None = None
        for offset in range(LOOK_AHEAD_DAYS):
            for begins, ends in self._intervals(first + timedelta(days=offset)):
                if current is not None and begins <= current[1]:
                    current = (current[0], max(current[1], ends))
                    continue
                if current is not None:
                    yield current
                current = (begins, ends)
        if current is not None:
            yield current

    def _moment(self, day: date, minutes: int, *, end: bool = False) -> datetime:
        """A time of the wall clock in UTC.

        In the hour that the clocks show twice we open at its first showing and close at its second; in the
        hour that they leave out, times count as shown an hour later.
        """
        days, rest = divmod(minutes, DAY_MINUTES)
        wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), self.zone)
        moment = wall.astimezone(UTC)
        return max(moment, wall.replace(fold=1).astimezone(UTC)) if end else moment
