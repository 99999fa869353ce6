"""A callback as a row: whose, when in their time and in ours, how it stands, why it is not called now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console import display
from console.api.parts import ApiParts
from console.campaigns.listing import agents_there
from console.campaigns.telling import told
from console.words import Words
from dialer.callbacks import keeper
from dialer.campaign import Campaign, CampaignState
from dialer.lead import BUSY, OVER, Lead
from dialer.reasons import Reason, ReasonCode
from history.callbacks import CallbackRequest, CallbackState, is_overdue

_KEEPING = (CallbackState.OPEN, CallbackState.DIALLING)
# State -> (class, icon).
SHAPES: Mapping[str, tuple[str, str]] = {
    "open": ("pill-offline", "clock"),
    "due": ("pill-wrap", "calendar-clock"),
    "late": ("pill-breach", "triangle-alert"),
    "dialling": ("pill-talking", "phone-call"),
    "kept": ("pill-ready", "check"),
    "broken": ("pill-breach", "phone-missed"),
    "cancelled": ("pill-break", "ban"),
}
# A campaign that spoke with them says so, and its id.
BY_CAMPAIGN = "campaign "
# Why it ended, where it is one of our own words.
_ENDS = {
    "its window passed": "callback_end_window",
    "they called themselves": "callback_end_themselves",
    "an agent called them": "callback_end_by_hand",
}


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """`window`: by the person's clocks, with their zone; by the company's, without, where theirs agree or
    are not known. `ours`: then "", else the window by the company's clocks. `standing`: it can be changed.
    """

    one: CallbackRequest
    name: str
    number: str
    state: str
    shape: tuple[str, str]
    window: str
    ours: str
    why: str
    lead: str | None
    agent: str
    standing: bool
    at: datetime


async def running_campaigns(parts: ApiParts) -> list[Campaign]:
    found: list[Campaign] = []
    after = None
    while True:
        states = (CampaignState.RUNNING, CampaignState.PAUSED)
        page = await parts.campaigns.list(states, limit=100, after=after)
        found += page.items
        if (after := page.after) is None:
            return found


async def rows_of(
    requests: Sequence[CallbackRequest], parts: ApiParts, words: Words, names: Mapping[str, str]
) -> list[CallbackRow]:
    """`names` of agents. Raises StoreUnavailable."""
    now, campaigns = parts.clock.now(), await running_campaigns(parts)
    return [await _row(one, parts, words, names, campaigns, now) for one in requests]


async def _row(
    one: CallbackRequest,
    parts: ApiParts,
    words: Words,
    names: Mapping[str, str],
    campaigns: Sequence[Campaign],
    now: datetime,
) -> CallbackRow:
    lead = None
    if one.state in _KEEPING:
        owner = keeper(campaigns, one, parts.callback_rules.campaign)
        lead = await _lead_of(one, owner, parts)
        why = _why(one, owner, lead, parts, words, now)
    else:
        why = _end(one.ended_reason or "", words)
    state = state_of(one, now)
    agent = one.ended_by or one.agent
    return CallbackRow(
        one,
        one.name or words("contact_unnamed"),
        display.phone(one.point.value),
        state,
        SHAPES[state],
        *_windows(one, parts.zone, words),
        why,
        lead.id if lead is not None else None,
        words("callback_team") if agent is None else names.get(agent, agent),
        one.state is CallbackState.OPEN,
        one.window_from or one.requested_at,
    )


def _end(reason: str, words: Words) -> str:
    if reason in _ENDS:
        return words(_ENDS[reason])
    kept_by = reason.removeprefix(BY_CAMPAIGN)
    return reason if kept_by == reason else words("callback_end_campaign", campaign=kept_by)


def state_of(one: CallbackRequest, now: datetime) -> str:
    """Open ones are told apart: due is whose window has begun, late whose window is over."""
    if one.state is not CallbackState.OPEN:
        return one.state.value
    if is_overdue(one, now):
        return "late"
    return "due" if one.window_from is None or one.window_from <= now else "open"


async def _lead_of(one: CallbackRequest, owner: Campaign | None, parts: ApiParts) -> Lead | None:
    if owner is None or one.contact_id is None:
        return None
    leads = await parts.leads.of_contact(one.contact_id)
    return next((lead for lead in leads if lead.campaign == owner.id), None)


def _why(
    one: CallbackRequest,
    owner: Campaign | None,
    lead: Lead | None,
    parts: ApiParts,
    words: Words,
    now: datetime,
) -> str:
    """What holds it first: no campaign, its state, its hours; its agents; else the lead's own reason."""
    if one.state is CallbackState.DIALLING or (lead is not None and lead.state in BUSY):
        return words("callback_why_dialling")
    if owner is None:
        return words("callback_why_nobody", topic=one.topic)
    if owner.state is not CampaignState.RUNNING:
        return told(Reason(ReasonCode.CAMPAIGN, {"state": owner.state.value}), words)
    if one.window_from is not None and one.window_from > now:
        at = one.window_from.astimezone(parts.zone)
        return words("callback_why_window", at=f"{at:%d.%m, %H:%M}")
    if lead is None or lead.state in OVER:
        return words("callback_why_soon", campaign=owner.name)
    if lead.not_before is not None and lead.not_before > now:
        return told(lead.reason, words, zone=parts.zone)
    if not parts.campaign_rules.dialling(owner, now).open:
        return words("callback_why_hours", campaign=owner.name)
    if agents_there(parts.queues, owner) == 0:
        return told(Reason(ReasonCode.NO_AGENT), words)
    return words("callback_why_next")


def _windows(one: CallbackRequest, zone: tzinfo, words: Words) -> tuple[str, str]:
    """`window` and `ours` of a CallbackRow."""
    ours, theirs = _span(one, zone, words), _zone_of(one)
    at = one.window_from or one.window_to
    if theirs is None or at is None or at.astimezone(theirs).utcoffset() == at.astimezone(zone).utcoffset():
        return ours, ""
    told = words("callback_their_time", window=_span(one, theirs, words), zone=one.time_zone)
    return told, words("callback_our_time", window=ours)


def _zone_of(one: CallbackRequest) -> tzinfo | None:
    try:
        return None if one.time_zone is None else ZoneInfo(one.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _span(one: CallbackRequest, zone: tzinfo, words: Words) -> str:
    begins = None if one.window_from is None else one.window_from.astimezone(zone)
    ends = None if one.window_to is None else one.window_to.astimezone(zone)
    if ends is None:
        return words("callback_soon") if begins is None else f"{begins:%d.%m, %H:%M} –"
    if begins is None:
        return words("callback_until", at=f"{ends:%d.%m, %H:%M}")
    if begins.date() == ends.date():
        return f"{begins:%d.%m, %H:%M}–{ends:%H:%M}"
    return f"{begins:%d.%m, %H:%M} – {ends:%d.%m, %H:%M}"
