"""When a campaign may dial: its hours, its first and last day. (The callee's own hours are the gate's.)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from compliance.local_time import day_start
from compliance.zones import zone_named
from dialer.campaign import Campaign
from schedules.opening_hours import OPEN, OpeningHours


@dataclass(frozen=True, slots=True)
class Dialling:
    """`changes_at`: when it begins or ends next; None: never. Not `open` and None: its days are over."""

    open: bool
    changes_at: datetime | None


def dialling(campaign: Campaign, hours: OpeningHours | None, now: datetime) -> Dialling:
    """Whether the campaign may dial at `now`. `hours` are those that it names, None: at any time."""
    now = now.astimezone(UTC)
    first, end = days_of(campaign)
    if end is not None and now >= end:
        return Dialling(False, None)
    if first is not None and now < first:
        opens = first if hours is None or hours.at(first) == OPEN else hours.next_opening(first)
        return Dialling(False, _before(opens, end))
    if hours is None:
        return Dialling(True, end)
    if hours.at(now) != OPEN:
        return Dialling(False, _before(hours.next_opening(now), end))
    changes = hours.next_change(now)
    return Dialling(True, min((one for one in (changes, end) if one is not None), default=None))


def days_of(campaign: Campaign) -> tuple[datetime | None, datetime | None]:
    """When its first day begins and its last one is over, in UTC."""
    zone = zone_named(campaign.time_zone) or UTC
    first = None if campaign.first_day is None else day_start(zone, campaign.first_day)
    end = None if campaign.last_day is None else day_start(zone, campaign.last_day + timedelta(days=1))
    return first, end


def _before(opens: datetime | None, end: datetime | None) -> datetime | None:
    return None if opens is None or (end is not None and opens >= end) else opens
