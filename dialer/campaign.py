"""Campaign: whom we call, why, by whom, when and how; and the states that it passes through, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from compliance.facts import Mode, Purpose
from dialer.goals import Goal, StopRules
from dialer.machine import MachinePolicy
from dialer.preview import PreviewPolicy
from dialer.recycling import RetryRules


class CampaignKind(StrEnum):
    SALES = "sales"
    INFORMATION = "information"
    COLLECTIONS = "collections"
    CALLBACK = "callback"
    SURVEY = "survey"


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class CampaignMove(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    REOPEN = "reopen"  # there are more leads; it is paused then


TRANSITIONS: Mapping[tuple[CampaignState, CampaignMove], CampaignState] = {
    (CampaignState.DRAFT, CampaignMove.START): CampaignState.RUNNING,
    (CampaignState.DRAFT, CampaignMove.FINISH): CampaignState.FINISHED,
    (CampaignState.RUNNING, CampaignMove.PAUSE): CampaignState.PAUSED,
    (CampaignState.RUNNING, CampaignMove.FINISH): CampaignState.FINISHED,
    (CampaignState.PAUSED, CampaignMove.RESUME): CampaignState.RUNNING,
    (CampaignState.PAUSED, CampaignMove.FINISH): CampaignState.FINISHED,
    (CampaignState.FINISHED, CampaignMove.REOPEN): CampaignState.PAUSED,
}


class Cause(StrEnum):
    """Why its state changed. All but `person` are the system's own doing."""

    PERSON = "person"
    GOAL = "goal"
    LIST_ENDED = "list_ended"
    LAST_DAY = "last_day"
    ATTEMPTS = "attempts"
    ALL_REFUSED = "all_refused"
    DETECTION_ERROR = "detection_error"
    NAMES_GONE = "names_gone"


# What the system may do by itself. It starts nothing again that it or a person stopped.
OF_THE_SYSTEM = frozenset({CampaignMove.PAUSE, CampaignMove.FINISH})


@dataclass(frozen=True, slots=True)
class Change:
    """`by`: "person:ID", "token:ID" or "system". `note`: a person's words, or the cause's numbers."""

    move: CampaignMove
    at: datetime
    by: str
    cause: Cause = Cause.PERSON
    note: str = ""


class WrongChange(ValueError):
    """The message is one sentence with the remedy. `possible`: the moves that can be made now."""

    def __init__(self, message: str, possible: tuple[CampaignMove, ...] = ()) -> None:
        super().__init__(message)
        self.possible = possible


@dataclass(frozen=True, slots=True)
class AbandonPolicy:
    """For a person who answered and whom no agent is free for.

    `flow`: the message that they are led through. None: the built-in one, in which `opt_out_key` ends all
    calls to that number at once; a flow of one's own does that with a `stop_contact` step.
    """

    flow: str | None = None
    opt_out_key: str = "9"


@dataclass(frozen=True, slots=True)
class Campaign:
    """`id` is [a-z][a-z0-9-]{0,63}; `name` is for people.

    `packs` are asked beside those that apply anyway. `queue`: its members are the agents. `flow`: what an
    agentless call is led through; in other modes it goes before the agent, if there is one. `topics`: a
    callback campaign keeps the requests of these. `hours` is a name of the configuration's `hours`, None: at
    any time (the callee's hours are the gate's). `first_day` and `last_day` are dates in `time_zone`.
    `lines`: most calls at once. `share`: its weight among campaigns of the same agents or lines;
    `priority`: those of a higher one take agents and lines first. `caller_ids`: begin of the callee's number
    -> the number of ours that is shown, the longest begin counts, "" is for all others.
    `preview_seconds`: how long an agent may look at a lead; `preview`: what they may do with it.
    `question_flow`: asked when an agent is done.
    `state_*`: since when and by whose word it is in its state.
    """

    id: str
    name: str
    kind: CampaignKind
    mode: Mode
    purpose: Purpose
    created_at: datetime
    updated_at: datetime
    packs: tuple[str, ...] = ()
    queue: str | None = None
    flow: str | None = None
    topics: tuple[str, ...] = ()
    language: str | None = None
    script: str | None = None
    dispositions: tuple[str, ...] = ()
    hours: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    time_zone: str = "UTC"
    lines: int = 30
    share: int = 1
    priority: int = 0
    calls_per_second: float = 2.0
    ring_seconds: int = 25
    caller_ids: Mapping[str, str] = field(default_factory=dict)
    retry: RetryRules = field(default=RetryRules())
    machine: MachinePolicy = field(default=MachinePolicy())
    abandon: AbandonPolicy = field(default=AbandonPolicy())
    preview_seconds: int = 60
    preview: PreviewPolicy = field(default=PreviewPolicy())
    question_flow: str | None = None
    goal: Goal | None = None
    stop: StopRules = field(default=StopRules())
    state: CampaignState = CampaignState.DRAFT
    state_since: datetime | None = None
    state_by: str = ""
    state_cause: Cause = Cause.PERSON
    state_note: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    version: int = 1


def changed(campaign: Campaign, change: Change) -> Campaign:
    """The campaign in its next state, one version on. Raises WrongChange."""
    after = TRANSITIONS.get((campaign.state, change.move))
    if after is None:
        possible = tuple(move for state, move in TRANSITIONS if state is campaign.state)
        raise WrongChange(
            f"Campaign {campaign.id!r} is {campaign.state}; what it can is {' or '.join(possible)}.", possible
        )
    if change.cause is not Cause.PERSON and change.move not in OF_THE_SYSTEM:
        raise WrongChange(f"Only a person can {change.move} a campaign.")
    return replace(
        campaign,
        state=after,
        state_since=change.at,
        state_by=change.by,
        state_cause=change.cause,
        state_note=change.note,
        started_at=campaign.started_at or (change.at if change.move is CampaignMove.START else None),
        finished_at=change.at if after is CampaignState.FINISHED else None,
        updated_at=change.at,
        version=campaign.version + 1,
    )
