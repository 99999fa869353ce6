"""Held: why a campaign dials nothing now, or what it dials: a key for pages, a sentence for all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dialer.campaign import Campaign, CampaignState
from dialer.schedule import Dialling
from dialer.trunk_trouble import Trunk


@dataclass(frozen=True, slots=True)
class Held:
    """`code`: state, preview, other_engine, counters, asterisk, days_over, hours, no_flow, no_trunk,
    trunk or placing.

    Not held: dials, idle, no_agents, nobody_due, nothing_yet. Times in `data` are ISO, UTC.
    """

    code: str
    sentence: str
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def decides(self) -> bool:
        return self.code in ("dials", "idle", "no_agents", "nobody_due", "nothing_yet")


NOTHING_YET = Held("nothing_yet", "It has not decided anything yet.")
PLACING = Held("placing", "The calls decided on last are being placed.")
_OTHER_ENGINE = Held("other_engine", "Another engine dials for it.")
_COUNTERS = Held("counters", "Its counters are being read.")
_ASTERISK = Held("asterisk", "Asterisk is away: the hotline is reconnecting.")
NO_AGENTS = Held("no_agents", "No agent of its queue is ready: they take its calls at their desks.")
PREVIEWED = Held("preview", "Agents call its leads one by one, from their desks.")


def held(
    campaign: Campaign, *, leased: bool, counted: bool, connected: bool, open_now: Dialling
) -> Held | None:
    """By the campaign itself, its lease, its counters, Asterisk and its hours; None: by none of these."""
    if campaign.state is not CampaignState.RUNNING:
        state = campaign.state.value
        return Held("state", f"The campaign is {state}.", {"state": state})
    if not leased:
        return _OTHER_ENGINE
    if not counted:
        return _COUNTERS
    if not connected:
        return _ASTERISK
    if open_now.open:
        return None
    opens = open_now.changes_at
    if opens is None:
        return Held("days_over", "Its days are over.")
    sentence = f"Its hours begin at {opens.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    return Held("hours", sentence, {"until": iso(opens)})


def held_by_flow(name: str | None) -> Held:
    """The flow that people are led through was taken away since the campaign began."""
    sentence = f"Its flow {name!r} is not loaded: put its file back, or name another."
    return Held("no_flow", sentence, {"flow": name})


def held_by_trunk(trunk: Trunk, sentence: str) -> Held:
    """`sentence`: of Trunks.why_not."""
    if not trunk.name:
        return Held("no_trunk", sentence)
    until = None if trunk.until is None else iso(trunk.until)
    return Held("trunk", sentence, {"trunk": trunk.name, "until": until})


def dials(calls: int) -> Held:
    if calls > 0:
        return Held("dials", f"{calls} calls are placed now.", {"calls": calls})
    return Held("idle", "No call is needed now, or none may be placed.")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
