"""A campaign's day as the API shows it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from console.api.operation import Shape
from console.api.shapes import Day, Time, WholeNumber
from dialer.campaign import CampaignState
from engine.campaign_live import PERIOD, CampaignLive, Figures


class LiveQuery(Shape):
    day: Annotated[Day | None, Field(description="By the campaign's clock; left out: today.")] = None


class LiveFiguresShape(Shape):
    """Shares are 0 to 1, null where there was nothing to share. Seconds are of all agents together."""

    attempts: WholeNumber
    live: Annotated[WholeNumber, Field(description="A person answered.")]
    abandoned: Annotated[WholeNumber, Field(description="And no agent came.")]
    machines: WholeNumber
    ready_seconds: float
    talking_seconds: float
    wrapping_seconds: float
    lines: Annotated[WholeNumber, Field(description="The most calls at once.")]
    utilisation: Annotated[
        float | None, Field(description="Talk and wrap-up over the time of agents who worked for it.")
    ]
    answered: Annotated[float | None, Field(description="live of attempts.")]
    abandon_rate: Annotated[float | None, Field(description="abandoned of live.")]


class LivePointShape(LiveFiguresShape):
    """A period; one in which nothing happened is left out."""

    starts: Time
    abandoned_so_far: Annotated[
        float | None, Field(description="Of the cap's window until the end of the period.")
    ]
    abandoned_lately: Annotated[float | None, Field(description="Of 15 minutes.")]
    held: Annotated[str, Field(description="Why nothing was dialled when it ended; empty: it was.")]


class LegalWindowShape(Shape):
    """What the abandon cap is held against."""

    since: Time
    days: Annotated[int | None, Field(description="Its length; null: the whole run of the campaign.")]
    attempts: WholeNumber
    live: WholeNumber
    abandoned: WholeNumber
    abandon_rate: float | None
    cap: Annotated[float | None, Field(description="Of the rules, else the house's; null: none is kept.")]
    over: Annotated[bool, Field(description="More were abandoned than the cap allows.")]


class CampaignLiveShape(Shape):
    """A day of a campaign, counted anew at each request, and what it does at the moment."""

    campaign: str
    state: CampaignState
    at: Time
    since: Time
    until: Annotated[Time, Field(description="The end of the day.")]
    period_seconds: int
    calls_a_minute: float
    today: LiveFiguresShape
    window: LegalWindowShape
    points: list[LivePointShape]
    run: Annotated[
        dict[str, Any] | None,
        Field(description="What is believed and why so many are dialled; null: another engine runs it."),
    ]


def live_shape(live: CampaignLive) -> CampaignLiveShape:
    window = live.window
    return CampaignLiveShape(
        campaign=live.campaign.id,
        state=live.campaign.state,
        at=live.at,
        since=live.since,
        until=live.until,
        period_seconds=int(PERIOD.total_seconds()),
        calls_a_minute=round(live.calls_a_minute, 2),
        today=LiveFiguresShape(**_figures(live.today)),
        window=LegalWindowShape(
            since=window.since,
            days=window.days,
            attempts=window.counters.attempts,
            live=window.counters.live,
            abandoned=window.counters.abandoned,
            abandon_rate=window.rate,
            cap=window.cap,
            over=window.over,
        ),
        points=[
            LivePointShape(
                **_figures(point.figures),
                starts=point.starts,
                abandoned_so_far=point.abandoned_so_far,
                abandoned_lately=point.abandoned_lately,
                held=point.held,
            )
            for point in live.points
        ],
        run=None if live.run is None else dict(live.run),
    )


def _figures(figures: Figures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in LiveFiguresShape.model_fields}
