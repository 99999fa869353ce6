"""What a pacer is told of its campaign: settings, a limit to calls per second, how far the list is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from compliance.pack import CampaignLimits
from dialer.campaign import Campaign
from dialer.goals import Tally
from dialer.lead import OVER
from dialer.machine import Detect, DetectionCounts, detection_error
from dialer.pacing import PacingSettings
from dialer.reasons import ReasonCode
from dialer.schedule import Dialling
from engine.dialling.campaign_dial import CONNECT_SECONDS
from engine.registers.leads import LeadCount

TICK_SECONDS = 0.5
# Where no pack sets a cap, this house does: the strictest of the large markets' (US, UK).
ABANDON_CAP = 0.03
MIN_RING_SECONDS = 15.0

NOTHING_HEARD = DetectionCounts()
NONE_CLOSED: Mapping[str, int] = {}

_REACHED = frozenset({ReasonCode.DISPOSITION, ReasonCode.LED_THROUGH})


def settings_of(
    campaign: Campaign,
    limits: CampaignLimits,
    open_now: Dialling,
    now: datetime,
    heard: DetectionCounts = NOTHING_HEARD,
) -> PacingSettings:
    """`heard`: what its detection has said so far, and how often it was wrong."""
    ends = open_now.changes_at
    horizon = None if ends is None or not open_now.open else (ends - now).total_seconds()
    detects = campaign.machine.detect is not Detect.OFF
    within = limits.agent_within_seconds
    return PacingSettings(
        abandon_cap=ABANDON_CAP if limits.abandon_cap is None else limits.abandon_cap,
        connect_window=CONNECT_SECONDS if within is None else within,
        ring_timeout=float(max(campaign.ring_seconds, limits.ring_seconds or 0)),
        min_ring=min_ring_seconds(campaign, limits),
        lines=campaign.lines,
        tick=TICK_SECONDS,
        horizon=horizon,
        machine_error=round(detection_error(heard).counted, 3) if detects else 0.0,
    )


def min_ring_seconds(campaign: Campaign, limits: CampaignLimits) -> float:
    """How long a call rings before it may be called off."""
    return float(limits.ring_seconds or min(MIN_RING_SECONDS, campaign.ring_seconds))


def tally_of(
    counts: Sequence[LeadCount],
    attempts: int,
    refused_in_row: int,
    closed: Mapping[str, int] = NONE_CLOSED,
) -> Tally:
    standing = sum(one.count for one in counts if one.state not in OVER)
    reached = sum(one.count for one in counts if one.state in OVER and one.reason in _REACHED)
    return Tally(standing, attempts, reached, closed, refused_in_row)


class Allowance:
    """Calls per second, evenly; what was not used in one second is lost. `at` and `now` in seconds."""

    def __init__(self, per_second: float, at: float) -> None:
        self.per_second = per_second
        self._left = 1.0
        self._at = at

    def left(self, now: float) -> int:
        """How many may be placed now."""
        most = max(1.0, self.per_second)
        self._left = min(most, self._left + (now - self._at) * self.per_second)
        self._at = now
        return int(self._left)

    def take(self, calls: int) -> None:
        self._left -= calls
