"""Forecasts of campaigns as the API asks for and shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from console.api.operation import Shape
from console.api.shapes import Time
from dialer.campaign import Campaign
from engine.forecasts import ForecastPlace, ForecastState, KeptForecast, changed_since

MOST_AGENTS, MOST_DAYS = 1_000, 100
Count = Annotated[int, Field(ge=0)]


class NewForecast(Shape):
    """Each simulated day takes seconds of a processor; 10 are a fair start, 30 are surer."""

    agents: Annotated[
        int | None, Field(ge=1, le=MOST_AGENTS, description="In each hour; left out: all of its queue.")
    ] = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS, description="Simulated for each number of agents.")] = 10
    what_if: Annotated[
        tuple[Annotated[int, Field(ge=-MOST_AGENTS, le=MOST_AGENTS)], ...],
        Field(max_length=5, description="So many agents more, or fewer: 5, -2."),
    ] = ()


class ShareShape(Shape):
    """Leads. Of a sample: within low..high 95 times of 100."""

    expected: Count
    low: Count
    high: Count


class HourCountShape(Shape):
    starts: Time
    callable: ShareShape
    refused: Annotated[dict[str, ShareShape], Field(description="By the rule that decides.")]


class RuleCountShape(Shape):
    rule: Annotated[str, Field(description="pack/rule of the gate, or list/reason of the list's own.")]
    sentence: str
    refused: Annotated[ShareShape, Field(description="In an hour of the plan or more.")]
    never: Annotated[ShareShape, Field(description="Leads that no hour of the plan suits.")]
    examples: Annotated[list[str], Field(description="Ids of leads.")]


class EligibilityShape(Shape):
    """Each lead as the gate would judge it in each hour of the plan. Nothing is logged as a decision."""

    standing: Annotated[Count, Field(description="Leads that are not over.")]
    judged: Count
    sampled: Annotated[bool, Field(description="The list is long: fewer leads were judged than stand.")]
    callable: Annotated[ShareShape, Field(description="In some hour of the plan.")]
    never: ShareShape
    elsewhere: Annotated[ShareShape, Field(description="Their person waits on another list too.")]
    over: Count
    merged: Count
    hours: list[HourCountShape]
    rules: list[RuleCountShape]


class EstimateShape(Shape):
    """The mean, and where 80 and 95 of 100 such days lie."""

    expected: float
    low80: float
    high80: float
    low95: float
    high95: float


class FinishShape(Shape):
    """When the list is done if the following days are alike; null: not within a year."""

    expected: Time | None
    low80: Time | None
    high80: Time | None
    on_the_day: Annotated[float, Field(description="In this share of the days the list was done on the day.")]


class HourOutlookShape(Shape):
    starts: Time
    agents: int
    calls: EstimateShape
    reached: EstimateShape


class CurvePointShape(Shape):
    """10th, 50th and 90th percentile of the days; null where no day had any."""

    ends: Time
    utilisation: list[float] | None
    abandoned: list[float] | None


class OutlookShape(Shape):
    """Shares are 0 to 1. `holds_cap`: in so many of the `days` the cap was held."""

    days: int
    abandon_cap: float
    utilisation: EstimateShape
    abandoned: EstimateShape
    holds_cap: int
    holds_cap_share: float
    calls: EstimateShape
    reached: EstimateShape
    calls_per_answer: float | None
    finish: FinishShape
    leads_left: float
    hours: list[HourOutlookShape]
    curve: list[CurvePointShape]


class VariantShape(OutlookShape):
    """With another number of agents."""

    agents: int


class ForecastResult(Shape):
    """`notes`: what is a default, what is not simulated and why."""

    campaign: str
    made_at: Time
    agents: int
    calls_known: Annotated[Count, Field(description="Past calls that it has learned from.")]
    talks_known: Count
    eligibility: EligibilityShape
    forecast: OutlookShape | None
    what_if: list[VariantShape]
    notes: list[str]


class ForecastShape(Shape):
    """Kept until the next one; one without a result only until the engine that made it stops."""

    campaign: str
    state: ForecastState
    stage: Annotated[str, Field(description="leads: they are judged; days: they are simulated.")]
    done: Count
    of: Count
    agents: int
    days: int
    what_if: list[int]
    place: Annotated[ForecastPlace, Field(description="Where it was asked for.")]
    by: Annotated[str, Field(description="Who asked for it: person:ID, token:ID or command:NAME.")]
    changed_since: Annotated[
        list[str], Field(description="What was changed in the campaign since: its fields' names.")
    ]
    begun_at: Time
    ended_at: Time | None
    result: ForecastResult | None
    error: str | None


def forecast_shape(kept: KeptForecast, campaign: Campaign) -> ForecastShape:
    return ForecastShape(
        campaign=kept.campaign,
        state=kept.state,
        stage=kept.stage,
        done=kept.done,
        of=kept.of,
        agents=kept.order.agents,
        days=kept.order.days,
        what_if=list(kept.order.changes),
        place=kept.order.place,
        by=kept.order.by,
        changed_since=list(changed_since(kept, campaign)),
        begun_at=kept.begun_at,
        ended_at=kept.ended_at,
        result=None if kept.result is None else ForecastResult.model_validate(dict(kept.result)),
        error=kept.error,
    )
