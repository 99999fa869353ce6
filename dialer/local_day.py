"""The callee's own days: which date it is for them, and when their next one begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from compliance.local_time import day_start
from compliance.zones import zone_named
from dialer.campaign import Campaign
from dialer.lead import Lead


def zone_of(lead: Lead, campaign: Campaign) -> tzinfo:
    """The lead's zone; the campaign's, when none is known of it. (The gate asks for every possible one.)"""
    for name in (lead.time_zone, campaign.time_zone):
        zone = zone_named(name) if name else None
        if zone is not None:
            return zone
    return UTC


def date_in(zone: tzinfo, moment: datetime) -> date:
    return moment.astimezone(zone).date()


def next_day(zone: tzinfo, moment: datetime) -> datetime:
    """The first moment of the day after that of `moment`, in UTC."""
    return day_start(zone, date_in(zone, moment) + timedelta(days=1))
