"""Why a lead is where it is, in the reader's language, and what its row shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType

from console import display
from console.gate_telling import gate_told
from console.words import Words
from dialer.lead import Lead, LeadState
from dialer.reasons import Reason, ReasonCode, until_of
from dialer.results import AttemptResult

_R, _S = ReasonCode, LeadState
# State of a lead -> (class, icon); a waiting one goes by its reason.
_SHAPES = {
    _S.RESERVED: ("lead-ringing", "hourglass"),
    _S.DIALLING: ("lead-ringing", "bell"),
    _S.TALKING: ("lead-talking", "phone-call"),
    _S.WRAP_UP: ("lead-wrap", "pencil"),
    _S.DONE: ("lead-calm", "check"),
    _S.STOPPED: ("lead-calm", "ban"),
}
_WAITING = {
    _R.CALLBACK: "calendar-clock",
    _R.CALLBACK_DUE: "calendar-clock",
    _R.AGENT_AWAY: "calendar-clock",
    _R.GATE: "ban",
    _R.RETRY: "clock",
    _R.REDIAL_LOCK: "clock",
    _R.BEST_TIME: "clock",
}
NOBODY: Mapping[str, str] = MappingProxyType({})
# Every gap of every sentence; what a reason does not tell is shown as "?".
_GAPS = (
    *("result", "until", "rule", "reason", "calls", "minutes", "agent", "why", "due", "state", "trunk"),
    *("disposition", "numbers", "times", "who", "lead"),
)


@dataclass(frozen=True, slots=True)
class LeadRow:
    lead: Lead
    name: str
    number: str
    shape: str
    icon: str
    state: str
    since: datetime | None
    next: str
    why: str


def told(reason: Reason, words: Words, names: Mapping[str, str] = NOBODY, zone: tzinfo | None = None) -> str:
    """One sentence; its times are of `zone`, None: where the console runs, which is where its reader is.

    `names` of what the reason refers to, as "person:ID" and "disposition:NAME".
    """
    gaps: dict[str, object] = dict.fromkeys(_GAPS, "?")
    gaps |= {name: value for name, value in reason.data.items() if name in gaps}
    until = until_of(reason)
    if until is not None:
        gaps["until"] = f"{until.astimezone(zone):%d.%m, %H:%M}"
    result = reason.data.get("result")
    if isinstance(result, str):
        gaps["result"] = words.get(f"attempt_result_{result}", result)
    gaps["reason"] = gate_told(str(gaps["reason"]), words)
    gaps["disposition"] = names.get(f"disposition:{gaps['disposition']}", gaps["disposition"])
    if isinstance(gaps["who"], str):
        gaps["who"] = names.get(gaps["who"], gaps["who"])
    state = reason.data.get("state")
    if isinstance(state, str):
        key = "lead_state_" if reason.code is _R.ON_THE_LINE else "campaign_state_"
        gaps["state"] = words.get(f"{key}{state}", state)
    return words(f"lead_reason_{reason.code}", None, **gaps)


def row_of(
    lead: Lead, words: Words, now: datetime, zone: tzinfo, names: Mapping[str, str] = NOBODY
) -> LeadRow:
    """Its times are of `zone`."""
    reason = lead.reason
    if reason.code is _R.ON_THE_LINE:
        reason = Reason(reason.code, {**reason.data, "state": lead.state.value})
    shape, icon = _SHAPES.get(lead.state, ("lead-calm", _WAITING.get(reason.code, "hourglass")))
    state = f"lead_state_{lead.state}"
    if lead.state is _S.WAITING and reason.code in (_R.CALLBACK, _R.CALLBACK_DUE, _R.AGENT_AWAY):
        state = "lead_state_callback"
    elif lead.state is _S.WAITING and reason.code is _R.GATE:
        state = "lead_state_refused"
    elif lead.state is _S.WAITING and reason.code is _R.RETRY:
        state = f"attempt_result_{lead.last_outcome or AttemptResult.NO_ANSWER}"
    elif lead.state is _S.DONE and reason.code in (_R.DISPOSITION, _R.LED_THROUGH):
        state = "lead_state_reached"
    number = lead.next_number or (lead.numbers[0].e164 if lead.numbers else "")
    return LeadRow(
        lead,
        lead.name or words("contact_unnamed"),
        display.phone(number),
        shape,
        icon,
        words(state),
        lead.last_at if lead.state is _S.TALKING else None,
        _next(lead, words, now, zone),
        told(reason, words, names, zone),
    )


def _next(lead: Lead, words: Words, now: datetime, zone: tzinfo) -> str:
    if lead.state is not _S.WAITING or lead.not_before is None or lead.not_before <= now:
        return ""
    at = lead.not_before.astimezone(zone)
    if at.date() == now.astimezone(zone).date():
        return words("campaign_today_at", None, time=f"{at:%H:%M}")
    return words("campaign_from_day", None, day=f"{at:%d.%m, %H:%M}")
