"""Campaigns as the API takes and shows them. Members are those of dialer.campaign.Campaign."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from compliance.facts import Mode, Purpose
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import Day, Reason, Time, WholeNumber, no_default
from dialer.campaign import CampaignKind, CampaignState, Cause
from dialer.checking import (
    LONGEST_SKIP_REASON,
    MOST_CALLS_PER_SECOND,
    MOST_LINES,
    MOST_PRIORITY,
    MOST_SHARE,
    MOST_SKIP_REASONS,
)
from dialer.lead import LeadState
from dialer.machine import Detect, MachinePolicy, OnMachine
from dialer.mistakes import MistakeCode
from dialer.preview import PreviewEnd
from dialer.reasons import ReasonCode
from dialer.recycling import AttemptCaps, RetryRules
from dialer.results import AttemptResult
from history.profile_fields import time_zone_of

CampaignId = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]{0,63}$", description="Small letters, digits and -: spring-2027."),
]
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
Words = Annotated[tuple[Word, ...], Field(max_length=100)]
Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]
Times = Annotated[int, Field(ge=0, le=1_000)]
_NUMBER = Annotated[str, Field(max_length=16, pattern=r"^\+[1-9][0-9]{6,14}$")]
_BEGIN = Annotated[str, Field(max_length=16, pattern=r"^(\+[0-9]{1,15})?$")]

_CAPS, _MACHINE = AttemptCaps(), MachinePolicy()


class RecyclingShape(Shape):
    """After this result: again so much later, at most so many times; 0: never."""

    after_seconds: Seconds
    most: Times
    next_number: Annotated[bool, Field(description="Another number of the person goes first.")] = False


class CapsShape(Shape):
    """The most calls that count to a lead, to one of its numbers, and to a lead in its local day."""

    lead: Times = _CAPS.lead
    number: Times = _CAPS.number
    day: Times = _CAPS.day
    gap_seconds: Annotated[Seconds, Field(description="Between two calls to one person.")] = _CAPS.gap_seconds


class DayPartShape(Shape):
    """Minutes since midnight by the callee's clock."""

    begins: Annotated[int, Field(ge=0, le=1440)]
    ends: Annotated[int, Field(ge=0, le=1440)]


class BestTimeShape(Shape):
    parts: Annotated[tuple[DayPartShape, ...], Field(max_length=12)] = ()


_RECYCLING: Mapping[AttemptResult, RecyclingShape] = {
    result: RecyclingShape(after_seconds=rule.after_seconds, most=rule.most, next_number=rule.next_number)
    for result, rule in RetryRules().recycling.items()
}


class RetryShape(Shape):
    """When a lead is tried again. A result without a rule is not."""

    recycling: Mapping[AttemptResult, RecyclingShape] = _RECYCLING
    caps: CapsShape = CapsShape()
    best_time: Annotated[
        BestTimeShape, Field(description="Who did not answer in one part of the day is tried in another.")
    ] = BestTimeShape()


class MachineShape(Shape):
    """How answering machines are told from people, and what they get."""

    detect: Detect = _MACHINE.detect
    on_machine: OnMachine = _MACHINE.on_machine
    flow: Word | None = None
    seconds: Annotated[float, Field(ge=0.2, le=10, description="The longest that detection takes.")] = (
        _MACHINE.seconds
    )
    audit_share: Annotated[
        float, Field(ge=0, le=1, description="Of machines' verdicts this share is listened to by people.")
    ] = _MACHINE.audit_share


class AbandonShape(Shape):
    """For a person who answered and whom no agent is free for: the flow that is the message."""

    flow: Word | None = None
    opt_out_key: Annotated[str, Field(pattern=r"^[0-9*#]$")] = "9"


class PreviewShape(Shape):
    """What an agent may do with a lead that they look at before it is called."""

    end: Annotated[
        PreviewEnd,
        Field(description="Their time is over: it is skipped and the agent pauses, or it is called."),
    ] = PreviewEnd.SKIP
    skip_reasons: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_SKIP_REASON)], ...],
        Field(max_length=MOST_SKIP_REASONS, description="Offered beside the agent's own words."),
    ] = ()
    skip_seconds: Annotated[
        int, Field(ge=60, le=2_592_000, description="How long a skipped lead waits for its next turn.")
    ] = 3600


class GoalShape(Shape):
    """So many leads closed with one of these dispositions; none: that were reached."""

    count: Annotated[int, Field(ge=1, le=10**9)]
    dispositions: Words = ()


class StopShape(Shape):
    """By what it stops itself. Null: not a rule."""

    list_ended: Annotated[bool, Field(description="False: it waits for new leads.")] = True
    attempts: Annotated[int | None, Field(ge=1, le=10**9, description="At most so many calls in all.")] = None
    refused_in_row: Annotated[
        int | None,
        Field(ge=1, le=10**9, description="It pauses after so many leads on end refused for ever."),
    ] = 1000


class CampaignSettings(Shape):
    """All that can be chosen. What contradicts itself or the rules is told by `check`."""

    name: Name
    kind: CampaignKind
    mode: Mode
    purpose: Purpose
    packs: Annotated[Words, Field(description="Asked beside those that apply anyway.")] = ()
    queue: Annotated[Word | None, Field(description="Its members are the agents.")] = None
    flow: Annotated[
        Word | None, Field(description="What is said without agents; else what goes before the agent.")
    ] = None
    topics: Annotated[Words, Field(description="Whose callbacks a callback campaign keeps.")] = ()
    language: Annotated[str | None, Field(min_length=2, max_length=20, pattern=r"^[a-zA-Z-]+$")] = None
    script: Word | None = None
    dispositions: Annotated[Words, Field(description="Empty: those of its queue.")] = ()
    hours: Annotated[
        Word | None, Field(description="A name of the configuration's hours; null: at any lawful time.")
    ] = None
    first_day: Annotated[Day | None, Field(description="In time_zone.")] = None
    last_day: Day | None = None
    time_zone: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(time_zone_of)] = "UTC"
    lines: Annotated[int, Field(ge=1, le=MOST_LINES, description="Most calls at once.")] = 30
    share: Annotated[
        int, Field(ge=1, le=MOST_SHARE, description="Its weight among campaigns of the same agents or lines.")
    ] = 1
    priority: Annotated[
        int,
        Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY, description="Higher takes agents and lines first."),
    ] = 0
    calls_per_second: Annotated[float, Field(gt=0, le=MOST_CALLS_PER_SECOND)] = 2.0
    ring_seconds: Annotated[int, Field(ge=1, le=600)] = 25
    caller_ids: Annotated[
        Mapping[_BEGIN, _NUMBER],
        Field(
            max_length=500,
            description="Begin of the callee's number -> the number of ours that is shown; the longest begin "
            'counts, "" is for all others.',
            examples=[{"+48": "+48220000010", "": "+12025550100"}],
        ),
    ] = {}
    retry: RetryShape = RetryShape()
    machine: MachineShape = MachineShape()
    abandon: AbandonShape = AbandonShape()
    preview_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    preview: PreviewShape = PreviewShape()
    question_flow: Annotated[Word | None, Field(description="Asked when the agent is done.")] = None
    goal: GoalShape | None = None
    stop: StopShape = StopShape()


class NewCampaign(CampaignSettings):
    id: CampaignId


def _patch() -> Any:
    """Every setting may be left out, and then stays as it is."""
    members: dict[str, Any] = {}
    for name, field in CampaignSettings.model_fields.items():
        changed = copy(field)
        changed.default, changed.default_factory = None, None
        changed.json_schema_extra = no_default
        members[name] = (changed.annotation, changed)
    return create_model(
        "CampaignPatch",
        __base__=Shape,
        __doc__="What is left out stays. `retry`, `machine`, `abandon`, `preview`, `goal`, `stop` and "
        "`caller_ids` are replaced as a whole.",
        **members,
    )


CampaignPatch = _patch()


class CampaignShape(CampaignSettings):
    id: str
    version: int
    state: CampaignState
    state_since: Time | None
    state_by: Annotated[str, Field(description="person:ID, token:ID or system.")]
    state_cause: Cause
    state_note: str
    created_at: Time
    updated_at: Time
    started_at: Time | None
    finished_at: Time | None


class CampaignPage(Shape):
    items: list[CampaignShape]
    next: str | None


class CampaignsQuery(PageQuery):
    state: Annotated[tuple[CampaignState, ...], Field(max_length=4, description="Left out: all.")] = ()


class CampaignOrder(Shape):
    reason: Annotated[Reason | None, Field(description="Kept with its state.")] = None


class MistakeShape(Shape):
    """`blocks` false: a note; it may be meant."""

    field: str
    code: Annotated[MistakeCode, Field(description="What is wrong; the sentence tells it in English.")]
    sentence: str
    blocks: bool


class LimitsShape(Shape):
    """The strictest of what its packs ask of the whole campaign. Null, empty or false: nothing is asked."""

    packs: list[str]
    abandon_cap: float | None
    abandon_window_days: int | None
    ring_seconds: int | None
    agent_within_seconds: float | None
    agent_from_speech_start: bool
    redial_lock_hours: int | None
    message: list[str]
    caller_id_always: bool
    modes: list[Mode]


class CampaignCheck(Shape):
    """It starts when no mistake blocks it."""

    may_start: bool
    mistakes: list[MistakeShape]
    limits: LimitsShape


class LeadCountShape(Shape):
    state: LeadState
    reason: ReasonCode
    sentence: Annotated[str, Field(description="The reason in English; ? is what differs from lead to lead.")]
    count: WholeNumber


class CampaignCountersShape(Shape):
    """Of the calls of the abandon cap's window, or of all."""

    since: Time
    attempts: WholeNumber
    live: Annotated[WholeNumber, Field(description="A person answered.")]
    abandoned: Annotated[WholeNumber, Field(description="And no agent came.")]
    abandon_rate: Annotated[float | None, Field(description="Of live; null while nobody answered.")]
    machines: WholeNumber
    audited: WholeNumber
    mistaken: Annotated[WholeNumber, Field(description="People among the machines that were listened to.")]


class CampaignExplanation(Shape):
    """What it does now and why."""

    state: CampaignState
    state_cause: Cause
    state_note: str
    dialling: Annotated[bool, Field(description="It is running, and within its hours and days.")]
    changes_at: Annotated[Time | None, Field(description="When its hours begin or end next.")]
    next_due: Annotated[Time | None, Field(description="When the first lead is; null: none is left.")]
    leads: list[LeadCountShape]
    counters: CampaignCountersShape
    limits: LimitsShape
    pacer: Annotated[
        dict[str, Any] | None, Field(description="What its pacer has learned; null: nothing yet.")
    ]
    run: Annotated[
        dict[str, Any] | None,
        Field(description="What is believed and why so many are dialled; null: another engine runs it."),
    ]
