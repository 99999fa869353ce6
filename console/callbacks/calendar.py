"""Days of the calendar: which callbacks are due on which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from console.callbacks.telling import CallbackRow
from history.callbacks import CallbackRequest


@dataclass(frozen=True, slots=True)
class Day:
    """`rows` by hour of the day, as they begin."""

    day: date
    rows: tuple[CallbackRow, ...]


def days_of(view: str, day: date) -> list[date]:
    """The day, or the week from Monday on that it is in."""
    if view == "day":
        return [day]
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def bounds(days: Sequence[date], zone: tzinfo) -> tuple[datetime, datetime]:
    """From the first day's beginning to the last one's end."""
    first = datetime.combine(days[0], time(), zone)
    return first, datetime.combine(days[-1] + timedelta(days=1), time(), zone)


def on_days(days: Sequence[date], rows: Sequence[CallbackRow], now: datetime, zone: tzinfo) -> list[Day]:
    """By the clocks of `zone`, the company's.

    One without a beginning is due today, or on the day when it was asked for while that is shown.
    """
    found: dict[date, list[CallbackRow]] = {day: [] for day in days}
    for row in sorted(rows, key=lambda row: row.at):
        day = _day_of(row.one, now, zone)
        if day in found:
            found[day].append(row)
    return [Day(day, tuple(found[day])) for day in days]


def _day_of(one: CallbackRequest, now: datetime, zone: tzinfo) -> date:
    """Open ones whose window has begun are due now; what ended is shown where it ended."""
    if one.ended_at is not None:
        return one.ended_at.astimezone(zone).date()
    begins = one.window_from or one.requested_at
    return max(begins, now).astimezone(zone).date()
