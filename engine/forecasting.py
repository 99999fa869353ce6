"""The forecast of a campaign: who of its list may be called, and what a day of calling them comes to.

The day is simulated with the pacer that would dial it; each simulated day takes seconds of a processor, so it
is made in a process of its own and never beside calls.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from compliance.facts import Mode
from compliance.zones import zone_named
from dialer.campaign import Campaign
from dialer.eligibility import Eligibility
from dialer.forecast import (
    Counted,
    Day,
    Finish,
    Forecast,
    Moment,
    Plan,
    Variant,
    World,
    simulate_day,
    summarise,
)
from dialer.machine import Detect
from dialer.results import AttemptResult
from dialer.schedule import Dialling
from engine.campaign_rules import CampaignRules
from engine.dialling.pacing_of import settings_of
from engine.eligibility import MOST_JUDGED, Judges, eligibility, hours_of_plan
from engine.forecast_notes import ForecastNote, sentence
from engine.past_calls import NOTHING_KNOWN, Learned, learned_from, newest_calls
from engine.past_machines import notes_of, world_of
from engine.ports import Clock
from engine.registers.attempts import Attempts
from engine.registers.campaigns import Campaigns
from engine.registers.leads import Leads
from engine.registers.list_samples import ListSamples
from history.forms import optional_time_form, time_form

_SIMULATED: dict[Mode, Literal["progressive", "predictive"]] = {
    Mode.PROGRESSIVE: "progressive",
    Mode.PREDICTIVE: "predictive",
}

# So few still tell how much days differ.
FEWEST_DAYS = 3

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CampaignForecast:
    """`forecast` None: it is not simulated; `notes` say why. `midnight`: before the planned day, in UTC."""

    campaign: str
    made_at: datetime
    midnight: datetime
    agents: int
    calls_known: int
    talks_known: int
    eligibility: Eligibility
    forecast: Forecast | None
    variants: tuple[Variant, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Times as RFC 3339; shares are 0..1."""
        found = self.eligibility
        return {
            "campaign": self.campaign,
            "made_at": time_form(self.made_at),
            "agents": self.agents,
            "calls_known": self.calls_known,
            "talks_known": self.talks_known,
            "eligibility": {
                "standing": found.standing,
                "judged": found.judged,
                "sampled": found.sampled,
                "callable": asdict(found.callable),
                "never": asdict(found.never),
                "elsewhere": asdict(found.elsewhere),
                "over": found.over,
                "merged": found.merged,
                "hours": [
                    {
                        "starts": time_form(hour.starts),
                        "callable": asdict(hour.callable),
                        "refused": {rule: asdict(share) for rule, share in hour.refused.items()},
                    }
                    for hour in found.hours
                ],
                "rules": [asdict(rule) for rule in found.rules],
            },
            "forecast": None if self.forecast is None else self._told(self.forecast),
            "what_if": [
                {"agents": max(1, self.agents + one.change), **self._told(one.forecast)}
                for one in self.variants
            ],
            "notes": list(self.notes),
        }

    def _told(self, forecast: Forecast) -> dict[str, Any]:
        told = forecast.as_json()
        told["finish"] = self._finish(forecast.finish)
        for hour in told["hours"]:
            hour["starts"] = time_form(self.midnight + timedelta(seconds=hour["starts"]))
        for point in told["curve"]:
            point["ends"] = time_form(self.midnight + timedelta(seconds=point["ends"]))
        return told

    def _finish(self, finish: Finish) -> dict[str, Any]:
        return {
            "expected": optional_time_form(self._at(finish.expected)),
            "low80": optional_time_form(self._at(finish.low80)),
            "high80": optional_time_form(self._at(finish.high80)),
            "on_the_day": finish.on_the_day,
        }

    def _at(self, moment: Moment | None) -> datetime | None:
        if moment is None:
            return None
        return self.midnight + timedelta(days=moment.day, seconds=moment.second)


async def make_forecast(
    campaign: Campaign,
    *,
    agents: int,
    days: int,
    changes: Sequence[int] = (),
    samples: ListSamples,
    campaigns: Campaigns,
    leads: Leads,
    attempts: Attempts,
    rules: CampaignRules,
    gate: Judges,
    clock: Clock,
    most_judged: int = MOST_JUDGED,
    most_seconds: float = math.inf,
    progress: Progress = lambda stage, done, of: None,
) -> CampaignForecast:
    """`agents` in each hour; `changes`: other numbers of them, as 5 or -2; `days` are simulated for each.

    After `most_seconds` of simulating no further day is begun, once there are FEWEST_DAYS.
    `progress`: "leads" or "days", how many are done, of how many. Raises StoreUnavailable, Missing.
    """
    now = clock.now()
    zone = zone_named(campaign.time_zone) or UTC
    hours = hours_of_plan(campaign, rules, now)
    found = await eligibility(
        campaign,
        hours,
        samples=samples,
        leads=leads,
        gate=gate,
        clock=clock,
        most=most_judged,
        progress=lambda done, of: progress("leads", done, of),
    )
    notes = list(_not_simulated(campaign, hours, found))
    forecast: Forecast | None = None
    variants: list[Variant] = []
    known = NOTHING_KNOWN
    midnight = _midnight(hours[0] if hours else now, zone)
    if not notes:
        calls = await newest_calls(attempts, campaign.id)
        known = learned_from(calls, _span(hours), zone, detects=campaign.machine.detect is not Detect.OFF)
        notes += known.notes
        limits = rules.limits(campaign)
        settings = settings_of(campaign, limits, Dialling(True, None), now, await rules.heard(campaign))
        counted = await campaigns.counters(campaign.id, _window(campaign, limits.abandon_window_days, now))
        plan = _plan(
            campaign,
            hours,
            midnight,
            agents,
            known,
            world_of(campaign, settings, known),
            Counted(counted.attempts, counted.live, counted.abandoned),
            await campaigns.knowledge(campaign.id),
        )
        plans = [plan, *(plan.with_agents(change) for change in changes)]
        made: list[list[Day]] = [[] for _ in plans]
        began = clock.monotonic()
        for seed in range(days):
            if seed >= FEWEST_DAYS and clock.monotonic() - began > most_seconds:
                notes.append(sentence(ForecastNote.FEWER_DAYS, made=seed, asked=days))
                break
            for number, (one, its_days) in enumerate(zip(plans, made, strict=True), 1):
                its_days.append(simulate_day(one, found.callable.expected, settings, seed))
                progress("days", seed * len(plans) + number, days * len(plans))
                await asyncio.sleep(0)
        forecast, *others = (summarise(one, settings, its) for one, its in zip(plans, made, strict=True))
        variants = [Variant(change, other) for change, other in zip(changes, others, strict=True)]
        notes.append(sentence(ForecastNote.WHOLE_LIST))
        notes += notes_of(campaign, settings, known)
    return CampaignForecast(
        campaign.id,
        now,
        midnight,
        agents,
        known.calls,
        known.talks,
        found,
        forecast,
        tuple(variants),
        tuple(notes),
    )


def _not_simulated(campaign: Campaign, hours: Sequence[datetime], found: Eligibility) -> list[str]:
    if not hours:
        return [sentence(ForecastNote.NO_HOUR)]
    if not found.standing:
        return [sentence(ForecastNote.NO_LEADS)]
    if not found.callable.expected:
        return [sentence(ForecastNote.NOBODY)]
    if campaign.mode not in _SIMULATED:
        return [sentence(ForecastNote.MODE, mode=campaign.mode)]
    return []


def _plan(
    campaign: Campaign,
    hours: Sequence[datetime],
    midnight: datetime,
    agents: int,
    known: Learned,
    world: World,
    counted: Counted,
    knowledge: Any,
) -> Plan:
    """Hours between those of the plan have no agents."""
    open_hours = set(hours)
    again = campaign.retry.recycling.get(AttemptResult.NO_ANSWER)
    tries = 1 if again is None else min(campaign.retry.caps.lead, again.most + 1)
    return Plan(
        starts=(hours[0] - midnight).total_seconds() % 86_400,
        agents=tuple(agents if starts in open_hours else 0 for starts in _span(hours)),
        answer=known.answer,
        world=world,
        tries=max(1, tries),
        retry_seconds=float(again.after_seconds) if again else 0.0,
        answer_spread=known.spread,
        mode=_SIMULATED[campaign.mode],
        knowledge=knowledge,
        counted=counted,
    )


def _span(hours: Sequence[datetime]) -> list[datetime]:
    """Every hour from the first to the last."""
    count = round((hours[-1] - hours[0]).total_seconds() / 3600) + 1
    return [hours[0] + timedelta(hours=number) for number in range(count)]


def _midnight(moment: datetime, zone: tzinfo) -> datetime:
    local = moment.astimezone(zone)
    return datetime.combine(local.date(), time(), zone).astimezone(UTC)


def _window(campaign: Campaign, days: int | None, now: datetime) -> datetime:
    return campaign.created_at if days is None else max(campaign.created_at, now - timedelta(days=days))
