"""A campaign's day as it goes: what its agents and calls did by periods, and the window of its abandon cap.

All figures are counted when they are asked for, in the rows of attempts and the kept minutes; `run` alone is
what the engine knows that dials at the moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from compliance.facts import Mode
from compliance.pack import CampaignLimits
from compliance.zones import zone_named
from dialer.abandon_window import window_began
from dialer.campaign import Campaign
from engine.dialling.pacing_of import ABANDON_CAP
from engine.registers.campaign_minutes import AgentMinute, CallMinute, CampaignMinutes
from engine.registers.campaigns import CampaignCounters, Campaigns

PERIOD = timedelta(minutes=5)
LATELY_PERIODS = 3
LATELY = LATELY_PERIODS * PERIOD


@dataclass(frozen=True, slots=True)
class Figures:
    """`live`: a person answered. Seconds are of all agents together; `lines`: the most calls at once."""

    attempts: int = 0
    live: int = 0
    abandoned: int = 0
    machines: int = 0
    ready_seconds: float = 0.0
    talking_seconds: float = 0.0
    wrapping_seconds: float = 0.0
    lines: int = 0

    @property
    def logged_seconds(self) -> float:
        return self.ready_seconds + self.talking_seconds + self.wrapping_seconds

    @property
    def utilisation(self) -> float | None:
        """Talk and wrap-up over the time in which agents worked for it; None: there was none."""
        logged = self.logged_seconds
        return (self.talking_seconds + self.wrapping_seconds) / logged if logged > 0 else None

    @property
    def answered(self) -> float | None:
        """The share of calls that a person answered."""
        return self.live / self.attempts if self.attempts else None

    @property
    def abandon_rate(self) -> float | None:
        return self.abandoned / self.live if self.live else None


@dataclass(frozen=True, slots=True)
class LivePoint:
    """`held`: why nothing was dialled when it ended; "": it was. None where nobody had answered.

    `abandoned_so_far`: of all who answered in the window until its end. `abandoned_lately`: of those of this
    period and the two before.
    """

    starts: datetime
    figures: Figures
    abandoned_so_far: float | None
    abandoned_lately: float | None
    held: str = ""


@dataclass(frozen=True, slots=True)
class LegalWindow:
    """What the cap is held against; `cap` None: it has none. `days` None: the whole run."""

    since: datetime
    days: int | None
    counters: CampaignCounters
    cap: float | None

    @property
    def rate(self) -> float | None:
        return self.counters.abandoned / self.counters.live if self.counters.live else None

    @property
    def over(self) -> bool:
        return self.cap is not None and self.counters.abandoned > self.cap * self.counters.live


@dataclass(frozen=True, slots=True)
class CampaignLive:
    """One day by the campaign's clock, `since` its start there. `run` None: this engine does not dial."""

    campaign: Campaign
    at: datetime
    since: datetime
    until: datetime
    points: tuple[LivePoint, ...]
    today: Figures
    window: LegalWindow
    run: Mapping[str, Any] | None

    @property
    def calls_a_minute(self) -> float:
        """Of the last whole period and this one."""
        recent = [one for one in self.points if one.starts >= _period(self.at) - PERIOD]
        if not recent:
            return 0.0
        seconds = (self.at - max(self.since, recent[0].starts)).total_seconds()
        return 60 * sum(one.figures.attempts for one in recent) / max(60.0, seconds)


async def campaign_live(
    campaign: Campaign,
    *,
    campaigns: Campaigns,
    minutes: CampaignMinutes,
    limits: CampaignLimits,
    run: Mapping[str, Any] | None,
    now: datetime,
    day: date | None = None,
) -> CampaignLive:
    """`day` None: today, by the campaign's clock. Raises StoreUnavailable."""
    since, until = _span(campaign, now, day)
    began = window_began(limits, campaign.started_at or campaign.created_at, now)
    counters = await campaigns.counters(campaign.id, began)
    calls = await minutes.calls(campaign.id, since, until)
    agents = await minutes.agents(campaign.id, since.replace(second=0, microsecond=0), until)
    points = _points(calls, agents, began, counters if until > now else None)
    return CampaignLive(
        campaign,
        now,
        since,
        until,
        points,
        _sum([point.figures for point in points]),
        LegalWindow(began, limits.abandon_window_days, counters, _cap(campaign, limits)),
        run,
    )


def _cap(campaign: Campaign, limits: CampaignLimits) -> float | None:
    """That of the rules, else the one that the house keeps where the system decides how many are called."""
    if limits.abandon_cap is None and campaign.mode in (Mode.PROGRESSIVE, Mode.PREDICTIVE):
        return ABANDON_CAP
    return limits.abandon_cap


def _span(campaign: Campaign, now: datetime, day: date | None) -> tuple[datetime, datetime]:
    zone = zone_named(campaign.time_zone) or UTC
    day = day or now.astimezone(zone).date()
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    started = campaign.started_at or campaign.created_at
    return min(max(begins, started), ends), ends


def _points(
    calls: Sequence[CallMinute],
    agents: Sequence[AgentMinute],
    window_since: datetime,
    window: CampaignCounters | None,
) -> tuple[LivePoint, ...]:
    """`window`: its counters at the end of all calls; None: it is another day's."""
    found: dict[datetime, list[Figures]] = {}
    held: dict[datetime, str] = {}
    in_window: dict[datetime, list[CallMinute]] = {}
    for call in calls:
        counted = Figures(call.attempts, call.live, call.abandoned, call.machines)
        found.setdefault(_period(call.at), []).append(counted)
        if call.at >= window_since.replace(second=0, microsecond=0):
            in_window.setdefault(_period(call.at), []).append(call)
    for one in agents:
        spent = Figures(0, 0, 0, 0, one.ready_seconds, one.talking_seconds, one.wrapping_seconds, one.lines)
        found.setdefault(_period(one.at), []).append(spent)
        held[_period(one.at)] = one.held
    live = abandoned = 0
    if window is not None:  # what went before
        inside = [call for mine in in_window.values() for call in mine]
        live = max(0, window.live - sum(call.live for call in inside))
        abandoned = max(0, window.abandoned - sum(call.abandoned for call in inside))
    points: list[LivePoint] = []
    for starts, parts in sorted(found.items()):
        figures = _sum(parts)
        mine = in_window.get(starts, ())
        live += sum(call.live for call in mine)
        abandoned += sum(call.abandoned for call in mine)
        recent = [one.figures for one in points[1 - LATELY_PERIODS :] if starts - one.starts < LATELY]
        so_far = abandoned / live if window is not None and live else None
        points.append(
            LivePoint(starts, figures, so_far, _sum([*recent, figures]).abandon_rate, held.get(starts, ""))
        )
    return tuple(points)


def _sum(parts: Sequence[Figures]) -> Figures:
    return Figures(
        sum(one.attempts for one in parts),
        sum(one.live for one in parts),
        sum(one.abandoned for one in parts),
        sum(one.machines for one in parts),
        sum(one.ready_seconds for one in parts),
        sum(one.talking_seconds for one in parts),
        sum(one.wrapping_seconds for one in parts),
        max((one.lines for one in parts), default=0),
    )


def _period(at: datetime) -> datetime:
    seconds = int(PERIOD.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
