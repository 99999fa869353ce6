"""Pack: the rules of one law as dated data, with their source and how certain they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from compliance.facts import Mode
from compliance.finding import Rule, Stricter


class Certainty(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    HOUSE = "house rule"


@dataclass(frozen=True, slots=True)
class CampaignLimits:
    """What a whole campaign must keep, beyond each of its contacts. None, empty or False: nothing is asked.

    `abandon_cap`: abandoned calls by those that a live person answered, 0 to 1, of one campaign over each
    `abandon_window_days` (or the campaign, if it is shorter). `agent_within_seconds` from the end of the
    person's greeting, or from its start when `agent_from_speech_start`. `message`: what the message must have
    that they hear when no agent comes. `modes`: those that are allowed.
    """

    abandon_cap: float | None = None
    abandon_window_days: int | None = None
    ring_seconds: int | None = None
    agent_within_seconds: float | None = None
    agent_from_speech_start: bool = False
    redial_lock_hours: int | None = None
    message: tuple[str, ...] = ()
    caller_id_always: bool = False
    labelled: bool = False
    modes: tuple[Mode, ...] = tuple(Mode)


ADJUSTABLE_LIMITS = {
    "abandon_cap": Stricter.LOWER,
    "ring_seconds": Stricter.HIGHER,
    "agent_within_seconds": Stricter.LOWER,
}


@dataclass(frozen=True, slots=True)
class Override:
    """An administrator's word that numbers may be looser than the law's. `changes`: "7-in-7.calls 7 -> 9"."""

    by: str
    reason: str
    at: datetime
    changes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{', '.join(self.changes)} by {self.by} on {self.at:%Y-%m-%d}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Pack:
    """`in_force_from`: the callee's date; before it its rules say nothing. None: always."""

    name: str
    title: str
    version: str
    in_force_from: date | None
    source: str
    certainty: Certainty
    rules: tuple[Rule, ...]
    country: str | None = None
    limits: CampaignLimits = field(default=CampaignLimits())
    overrides: tuple[Override, ...] = ()
