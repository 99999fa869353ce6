"""Best time: who did not answer in one part of their day is tried in another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo

from compliance.local_time import day_start, wall_span
from dialer.lead import Lead
from dialer.local_day import date_in
from dialer.recycling import BestTime
from schedules.spans import DAY_MINUTES, Span

# The parts of a day come again every day; the day that the clocks change may lack one of them.
_LOOK_AHEAD_DAYS = 3


def part_of(best_time: BestTime, zone: tzinfo, moment: datetime) -> int | None:
    """In which part of the callee's day the moment is; None: in none."""
    day = date_in(zone, moment)
    for index, part in enumerate(best_time.parts):
        begins, ends = _span(zone, part, day)
        if begins <= moment < ends:
            return index
    return None


def with_part_tried(lead: Lead, best_time: BestTime, zone: tzinfo, moment: datetime) -> Lead:
    """Nobody answered at that moment."""
    index = part_of(best_time, zone, moment)
    if index is None:
        return lead
    tried = _tried(lead, best_time)
    return replace(lead, parts_tried=(*tried[:index], tried[index] + 1, *tried[index + 1 :]))


def next_moment(lead: Lead, best_time: BestTime, zone: tzinfo, earliest: datetime) -> datetime:
    """The first moment from `earliest` on in a part of the day that was tried least. No parts: `earliest`."""
    tried = _tried(lead, best_time)
    if not tried:
        return earliest
    least = [part for part, times in zip(best_time.parts, tried, strict=True) if times == min(tried)]
    first = date_in(zone, earliest)
    moments = [
        max(begins, earliest)
        for offset in range(_LOOK_AHEAD_DAYS)
        for begins, ends in (_span(zone, part, first + timedelta(days=offset)) for part in least)
        if earliest < ends and begins < ends
    ]
    return min(moments, default=earliest)


def _tried(lead: Lead, best_time: BestTime) -> tuple[int, ...]:
    """One number for each part, whatever the parts were when the lead was last kept."""
    count = len(best_time.parts)
    return (*lead.parts_tried[:count], *(0 for _ in range(count - len(lead.parts_tried))))


def _span(zone: tzinfo, part: Span, day: date) -> tuple[datetime, datetime]:
    """The part of that date; one that reaches to midnight ends as the day does."""
    begins, ends = wall_span(zone, day, _clock(part.begins), _clock(min(part.ends, DAY_MINUTES - 1)))
    return (begins, day_start(zone, day + timedelta(days=1))) if part.ends >= DAY_MINUTES else (begins, ends)


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
