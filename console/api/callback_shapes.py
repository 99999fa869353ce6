"""Callback requests as the API takes and shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import DecisionShape, Id
from console.api.shapes import PLAIN, Day, PointShape, Reason, Time, WholeNumber, no_default
from history.callback_news import callback_form
from history.callbacks import CallbackRequest, CallbackSource, CallbackState
from history.profile_fields import language_of, time_zone_of

_SEEN = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
SHORTEST_WITHIN_SECONDS, LONGEST_WITHIN_SECONDS = 300, 30 * 86_400

Topic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="What it is about: orders.")]
CampaignId = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", description="Whose leads it is to be one of.")
]
Language = Annotated[
    str, Field(min_length=2, max_length=20, description="As pl or pt-BR."), AfterValidator(language_of)
]
Zone = Annotated[
    str,
    Field(min_length=1, max_length=60, description="Whose clocks the person goes by: Europe/Warsaw."),
    AfterValidator(time_zone_of),
]
Agent = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="To whom alone it is given while they are waited for."
    ),
]
Note = Annotated[str, Field(min_length=1, max_length=2000, pattern=PLAIN)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_SEEN)]


class CallbackShape(Shape):
    """One standing request of a person and topic: asked again, it is renewed and `requests` counts."""

    id: str
    version: int
    state: CallbackState
    contact_id: str | None
    point: PointShape
    topic: str
    source: Annotated[CallbackSource, Field(description="Where it was asked for first.")]
    sources: list[CallbackSource]
    requests: int
    requested_at: Annotated[Time, Field(description="The first time.")]
    window_from: Annotated[Time | None, Field(description="Null: as soon as it may be.")]
    window_to: Annotated[Time | None, Field(description="When it has not been kept by then, it is broken.")]
    person_chose: Annotated[bool, Field(description="The window is the person's own word.")]
    time_zone: str | None
    campaign: str | None
    queue: Annotated[str | None, Field(description="The queue that they left for it.")]
    place_kept_at: Annotated[Time | None, Field(description="When they had joined that queue.")]
    name: str | None
    language: str | None
    note: str | None
    call_id: str | None
    attempts: int
    not_before: Annotated[Time | None, Field(description="It is not tried again before.")]
    ended_at: Time | None
    ended_reason: str | None
    agent: Annotated[str | None, Field(description="In whose name it was promised; null: the team.")]
    ended_by: Annotated[str | None, Field(description="The agent who spoke with the person.")]


class CallbackPage(Shape):
    items: list[CallbackShape]
    next: str | None


class CallbackQuery(PageQuery):
    state: Annotated[tuple[CallbackState, ...], Field(max_length=5, description="Left out: all.")] = ()
    topic: Topic | None = None
    contact_id: Id | None = None
    due_from: Annotated[Time | None, Field(description="Windows that are not over by then.")] = None
    due_to: Annotated[Time | None, Field(description="Windows that have begun by then.")] = None
    agent: Agent | None = None
    queue: Topic | None = None


class NewCallback(Shape):
    """Without a window it is as soon as it may be, and within the time that the hotline promises."""

    number: Annotated[
        str | None, Field(min_length=1, max_length=40, description="Left out: the contact's first.")
    ] = None
    contact_id: Id | None = None
    topic: Topic
    campaign: CampaignId | None = None
    agent: Agent | None = None
    queue: Topic | None = None
    window_from: Time | None = None
    window_to: Time | None = None
    within_seconds: Annotated[int | None, Field(ge=SHORTEST_WITHIN_SECONDS, le=LONGEST_WITHIN_SECONDS)] = None
    time_zone: Zone | None = None
    name: Name | None = None
    language: Language | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _of_somebody(self) -> NewCallback:
        if self.number is None and self.contact_id is None:
            raise ValueError("Give a number, a contact_id or both.")
        return self


class CallbackPatch(Shape):
    """Null takes a member away. A window that is given is one that the person chose."""

    campaign: CampaignId | None = Field(default=None, json_schema_extra=no_default)
    agent: Agent | None = Field(default=None, json_schema_extra=no_default)
    window_from: Time | None = Field(default=None, json_schema_extra=no_default)
    window_to: Time | None = Field(default=None, json_schema_extra=no_default)
    time_zone: Zone | None = Field(default=None, json_schema_extra=no_default)
    name: Name | None = Field(default=None, json_schema_extra=no_default)
    language: Language | None = Field(default=None, json_schema_extra=no_default)
    note: Note | None = Field(default=None, json_schema_extra=no_default)


class Cancellation(Shape):
    reason: Reason


class CallbackWhy(DecisionShape):
    """What the gate would say if the person were called now. Nothing is logged as a decision."""

    callback: CallbackShape
    at: Time


class FigureQuery(Shape):
    """Days are those of the installation's `time_zone`."""

    first_day: Annotated[Day | None, Field(description="Left out: six days before the last.")] = None
    last_day: Annotated[Day | None, Field(description="Included. Left out: today.")] = None


class CallbackCounts(Shape):
    kept: WholeNumber
    broken: WholeNumber
    cancelled: WholeNumber
    kept_share: Annotated[
        float | None, Field(description="Of those that were not cancelled, 0 to 1; null: there are none.")
    ]


class DayCounts(CallbackCounts):
    day: date
    agent: Annotated[
        str | None, Field(description="Who spoke with the person, else in whose name it was; null: the team.")
    ]


class CallbackFigures(Shape):
    """What became of requests that ended in these days, the newest day first."""

    first_day: date
    last_day: date
    time_zone: str
    all: CallbackCounts
    items: Annotated[list[DayCounts], Field(description="By day and agent; days without any are left out.")]


def callback_shape(request: CallbackRequest) -> CallbackShape:
    return CallbackShape.model_validate(callback_form(request))
