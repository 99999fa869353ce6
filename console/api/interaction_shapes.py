"""Interactions as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import AfterValidator, Field, model_validator

from console.api.contact_shapes import Currency, Language, Line, NewPoint
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import PointShape, Time, WholeNumber
from history.forms import interaction_form
from history.interaction import TRANSCRIPT_MOST, Interaction

NOTE_MOST = 20_000
DATA_MOST_BYTES = 32_000

# Of history.interaction.Channel; the gate has channels of its own.
ChannelName = Literal[
    "call",
    "voicemail",
    "sms",
    "email",
    "chat",
    "form",
    "callback",
    "promise",
    "payment",
    "push",
    "messenger",
    "talk",
]
Direction = Literal["inbound", "outbound"]
_Word = Annotated[str | None, Field(min_length=1, max_length=100)]
_Id = Annotated[str | None, Field(min_length=1, max_length=200)]
_Steps = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=1000)]


def _data(value: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(value)) > DATA_MOST_BYTES:
        raise ValueError(f"This is longer than {DATA_MOST_BYTES:,} bytes.")
    return value


class InteractionShape(Shape):
    id: str
    at: Time
    channel: ChannelName
    direction: str
    subject_id: Annotated[str, Field(description="Of the call, message or form that it was.")]
    contact_id: str | None
    point: PointShape | None
    to: str
    duration_seconds: float
    outcome: str | None
    disposition: str | None
    campaign: str | None
    agent: str | None
    language: str | None
    flow: str | None
    flow_version: str | None
    path: list[str]
    heard: list[str]
    recording: str | None
    subject: str | None
    transcript: str | None
    note: str | None
    cost: Annotated[int | None, Field(description="In minor units of currency.")]
    value: Annotated[int | None, Field(description="What a payment brought, in minor units of currency.")]
    currency: str | None
    source: str | None
    external_id: str | None
    corrects: str | None
    data: dict[str, Any]


class NewInteraction(Shape):
    at: Time
    channel: ChannelName
    direction: Direction
    contact_id: Annotated[_Id, Field(description="Without it, the point tells who it was.")] = None
    point: NewPoint | None = None
    subject_id: Annotated[_Id, Field(description="Joins rows of one matter; without it, its own id.")] = None
    to: Annotated[str, Field(max_length=300, description="What was dialled, or where it went.")] = ""
    duration_seconds: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    outcome: _Word = None
    disposition: _Word = None
    campaign: _Word = None
    agent: _Word = None
    language: Language = None
    flow: _Word = None
    flow_version: _Word = None
    path: _Steps = Field(default_factory=list)
    heard: _Steps = Field(default_factory=list)
    recording: Annotated[str | None, Field(max_length=500, description="Where it can be heard.")] = None
    subject: Annotated[str | None, Field(max_length=500, description="The line above a message.")] = None
    transcript: Annotated[str | None, Field(max_length=TRANSCRIPT_MOST)] = None
    note: Annotated[str | None, Field(max_length=NOTE_MOST)] = None
    cost: Annotated[WholeNumber | None, Field(description="In minor units of currency.")] = None
    value: Annotated[WholeNumber | None, Field(description="Of a payment, in minor units of currency.")] = (
        None
    )
    currency: Currency = None
    source: Annotated[Line | None, Field(description="Your system.", examples=["helpdesk"])] = None
    external_id: Annotated[_Id, Field(description="Your own id of it: it is written once.")] = None
    corrects: Annotated[_Id, Field(description="The interaction whose place this one takes.")] = None
    data: Annotated[
        dict[str, Any], Field(description="What only this channel knows."), AfterValidator(_data)
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.external_id is not None and self.source is None:
            raise ValueError("An external_id needs its source.")
        if (self.cost is not None or self.value is not None) and self.currency is None:
            raise ValueError("A cost or value needs its currency.")
        return self


class InteractionPage(Shape):
    items: list[InteractionShape]
    next: str | None


class TimelineQuery(PageQuery):
    channel: ChannelName | None = None
    direction: Direction | None = None
    outcome: _Word = None
    campaign: _Word = None
    agent: _Word = None
    source: _Word = None
    since: Annotated[Time | None, Field(description="At or after it.")] = None
    until: Annotated[Time | None, Field(description="Before it.")] = None


class SearchQuery(TimelineQuery):
    q: Annotated[str, Field(min_length=1, max_length=500)]
    contact: Annotated[_Id, Field(description="Only of this contact.")] = None


class SnippetShape(Shape):
    field: Literal["subject", "note", "transcript"]
    text: str
    matches: Annotated[
        list[tuple[int, int]],
        Field(description="Each match's first letter in text, counted from 0, and its length."),
    ]


class FoundShape(Shape):
    interaction: InteractionShape
    snippets: list[SnippetShape]


class FoundPage(Shape):
    items: list[FoundShape]
    next: str | None


def interaction_shape(row: Interaction) -> InteractionShape:
    return InteractionShape.model_validate(interaction_form(row))
