"""Over which time a campaign's abandoned calls are counted."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.pack import CampaignLimits


def window_began(limits: CampaignLimits, started_at: datetime, now: datetime) -> datetime:
    """When the period began that `now` is in.

    Periods of `abandon_window_days` follow each other from the campaign's start on; without days it is one
    period from start to end (16 CFR 310.4(b)(4)(i): each successive 30-day period, or portion of it).
    """
    days = limits.abandon_window_days
    if days is None or now < started_at:
        return started_at
    period = timedelta(days=days)
    return started_at + (now - started_at) // period * period
