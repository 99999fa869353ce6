"""What the caps say of a lead: over, held back for the day, held back for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from dialer.campaign import Campaign
from dialer.lead import Lead
from dialer.local_day import date_in, next_day, zone_of
from dialer.numbers import none_left, usable
from dialer.reasons import Reason, ReasonCode, waits

# The network failed: soon again, then less and less often. Nobody is disturbed, so it never ends.
FIRST_TROUBLE_WAIT = timedelta(minutes=5)
LONGEST_TROUBLE_WAIT = timedelta(hours=4)

Held = tuple[datetime, Reason]


def capped(campaign: Campaign, lead: Lead) -> Reason | None:
    """Why the lead is never called again, if a cap says so. Callbacks are no exception."""
    caps = campaign.retry.caps
    if lead.attempts >= caps.lead:
        return Reason(ReasonCode.LEAD_CAP, {"calls": lead.attempts, "most": caps.lead})
    return None if usable(lead, caps) else none_left(lead, caps)


def day_cap(campaign: Campaign, lead: Lead, at: datetime) -> Held | None:
    """Until when the day's cap holds the lead back at that moment."""
    zone = zone_of(lead, campaign)
    if lead.attempts_today < campaign.retry.caps.day or lead.today != date_in(zone, at):
        return None
    until = next_day(zone, at)
    return until, waits(ReasonCode.DAY_CAP, until, calls=lead.attempts_today)


def gap(campaign: Campaign, lead: Lead, at: datetime) -> Held | None:
    """Until when the gap between two calls to one person holds it back. Failures of the network make none."""
    seconds = campaign.retry.caps.gap_seconds
    called = lead.attempts > 0 and not lead.troubles
    if not called or lead.last_at is None or at >= lead.last_at + timedelta(seconds=seconds):
        return None
    until = lead.last_at + timedelta(seconds=seconds)
    return until, waits(ReasonCode.GAP, until, minutes=-(-seconds // 60))


def held_back(campaign: Campaign, lead: Lead, at: datetime) -> Held | None:
    """The first moment from `at` on that gap and day leave, if that is a later one, and why."""
    apart = gap(campaign, lead, at)
    return day_cap(campaign, lead, apart[0] if apart else at) or apart


def trouble_wait(troubles: int) -> timedelta:
    """How long a lead is left after so many failures of the network on end."""
    doublings: int = 1 << min(max(troubles - 1, 0), 10)
    return min(FIRST_TROUBLE_WAIT * doublings, LONGEST_TROUBLE_WAIT)
