"""What a running campaign says of itself, in the reader's language: why so many are called, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from console import display
from console.campaigns.telling import told
from console.words import Words
from dialer.campaign import Campaign, CampaignState
from dialer.reasons import Reason, ReasonCode
from engine.campaign_live import PERIOD, CampaignLive

# What the pacer believes: its name there, and how it is written.
_BELIEFS = (
    ("answer_probability", "percent"),
    ("answer_seconds", "seconds"),
    ("talk_seconds", "seconds"),
    ("wrap_seconds", "seconds"),
)

# Of the pacers' `why`: what they have none left of, and what comes from their agents.
_NO_MORE = ("lines", "leads", "calls_per_second")
_BY_AGENTS = ("one_each", "risk", "no_agents")


@dataclass(frozen=True, slots=True)
class Stop:
    """A time of the day in which nothing was dialled."""

    begins: datetime
    ends: datetime
    why: str


def held_told(campaign: Campaign, run: Mapping[str, Any] | None, words: Words, zone: tzinfo) -> str:
    """Its times are of `zone`."""
    if run is None:
        if campaign.state is CampaignState.RUNNING:
            return words("live_held_other_engine")
        return _state(campaign.state, words)
    if run["held"]["code"] == "idle":
        return words(_idle(run))
    return _held(run["held"]["code"], run["held"]["data"], words, zone)


def pacer_told(run: Mapping[str, Any] | None, words: Words) -> dict[str, Any]:
    """`why`: a sentence; `facts`: what it believes, as (name, value)."""
    explained = None if run is None else run.get("pacer")
    if not explained:
        return {"why": "", "facts": []}
    seen = [name for name in ("idle", "in_flight", "expected_answers") if name in explained]
    facts = [(words(f"live_pacer_{name}"), f"{explained[name]:g}") for name in seen]
    beliefs = explained.get("beliefs", {})
    for name, unit in _BELIEFS:
        if (value := beliefs.get(name)) is not None:
            shown = (
                f"{100 * value:.0f}%"
                if unit == "percent"
                else words("campaign_seconds", None, seconds=round(value))
            )
            facts.append((words(f"live_pacer_{name}"), shown))
    budget = explained.get("budget", {})
    if (left := budget.get("left")) is not None:
        facts.append((words("live_pacer_left"), f"{left:.1f}"))
    return {"why": words.get(f"live_pacer_why_{explained.get('why')}", ""), "facts": facts}


def held_today(live: CampaignLive, words: Words) -> list[Stop]:
    """Periods on end that ended held by the same cause are one stop."""
    stops: list[tuple[datetime, datetime, str]] = []
    for point in live.points:
        if not point.held:
            continue
        ends = min(point.starts + PERIOD, max(live.at, point.starts))
        if stops and stops[-1][2] == point.held and stops[-1][1] >= point.starts:
            stops[-1] = stops[-1][0], ends, point.held
        else:
            stops.append((point.starts, ends, point.held))
    return [Stop(begins, ends, words.get(f"live_stop_{code}", code)) for begins, ends, code in stops]


def not_called_told(run: Mapping[str, Any] | None, words: Words) -> list[tuple[str, str, int]]:
    """(rule or "", why, how many leads) since the run began, the most first."""
    found = []
    for name, count in ({} if run is None else run["not_called"]).items():
        code, _, rule = name.partition(" by ")
        found.append((rule, cause_told(code, rule, words), count))
    return found


def cause_told(code: str, rule: str, words: Words) -> str:
    """What holds a lead back, in a few words; `rule`: whose, or ""."""
    why = words.get(f"live_refused_{code}", "")
    if not why:
        known = code in set(ReasonCode)
        why = told(Reason(ReasonCode(code), {"rule": rule}), words) if known else code
    return why


def _idle(run: Mapping[str, Any]) -> str:
    """The key of why no call is placed just now, from what the pacer told of its last decision."""
    pacer, agents = run.get("pacer") or {}, run.get("agent_states") or {}
    why, left = pacer.get("why"), pacer.get("budget", {}).get("left")
    if why in _NO_MORE:
        return f"live_idle_{why}"
    if why is None or why not in _BY_AGENTS:
        return "live_held_idle"
    if not sum(agents.values()):
        return "live_idle_no_agents"
    if why == "risk" and left is not None and left <= 0:
        return "live_idle_cap"
    return "live_idle_under_way" if agents.get("idle") else "live_idle_busy"


def _held(code: str, data: Mapping[str, Any], words: Words, zone: tzinfo) -> str:
    if code == "state":
        return _state(CampaignState(data["state"]), words)
    until = data.get("until")
    when = display.short_date_time(datetime.fromisoformat(until), zone) if until else ""
    if code == "trunk" and not when:
        return words("live_held_trunk_now", None, trunk=data["trunk"])
    if code == "dials":
        return words("live_held_dials", count=data["calls"])
    gaps = {"until": when, "trunk": data.get("trunk", "")}
    return words(f"live_held_{code}", None, **gaps)


def _state(state: CampaignState, words: Words) -> str:
    return words("live_held_state", None, state=words(f"campaign_state_{state}").lower())
