"""Calls as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from calls.call import Direction
from calls.outcome import Outcome
from compliance.facts import Purpose
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import Time, WholeNumber
from engine.placing.outbound import LONGEST_RING_SECONDS, SHORTEST_RING_SECONDS

Number = Annotated[
    str, Field(min_length=1, max_length=40, description="In full, or as written in our country.")
]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(max_length=1000)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Whole = Annotated[WholeNumber, Field(strict=True)]


class CallShape(Shape):
    """One call. Of an outbound call `caller` is our number and `dialled` the person's."""

    id: str
    direction: Direction
    caller: str
    dialled: str
    trunk: Annotated[str, Field(description='The line it came or went by; "visitor" is a browser.')]
    node: str
    started_at: Time
    ringing_at: Annotated[Time | None, Field(description="Of an outbound call: since when it rang.")]
    answered_at: Time | None
    ended_at: Annotated[Time | None, Field(description="Null while it goes on.")]
    duration_seconds: float
    flow: str | None
    flow_version: str | None
    language: str | None
    path: Annotated[list[str], Field(description="The steps that were walked, in order.")]
    heard: Annotated[list[str], Field(description="The person's words and keys, as understood.")]
    outcome: Outcome | None
    ended_by: Annotated[
        str | None,
        Field(description="caller (the person), flow, agent, network, fault, engine, supervisor or api."),
    ]
    cause: Annotated[int | None, Field(description="Q.850.")]
    recording: Annotated[str | None, Field(description="Its name; GET /calls/{call_id}/recording gives it.")]
    agent: str | None
    purpose: Purpose | None
    campaign: str | None
    debt: str | None


class CallPage(Shape):
    items: list[CallShape]
    next: str | None


class CallEventShape(Shape):
    seq: int
    at: Time
    kind: str
    data: dict[str, Any]


class CallEvents(Shape):
    items: list[CallEventShape]


class CallsQuery(PageQuery):
    direction: Direction | None = None
    since: Annotated[Time | None, Field(description="Calls that began then or later.")] = None
    until: Annotated[Time | None, Field(description="Calls that began before then.")] = None
    flow: Name | None = None
    number: Annotated[Number | None, Field(description="The person's: who called, or whom we called.")] = None
    outcome: Outcome | None = None
    campaign: Name | None = None
    live: Annotated[bool | None, Field(description="Whether the call goes on.")] = None


class RequestedShape(Shape):
    """The person asked for this call, and may have chosen a time."""

    at: Time
    begins: Time | None = None
    ends: Time | None = None


class NewCall(Shape):
    to: Number
    flow: Annotated[Name, Field(description="What is said to the person who answers.")]
    purpose: Purpose
    caller_id: Annotated[
        str | None,
        Field(pattern=r"^[0-9A-Za-z+*#._-]{1,40}$", description="Our number that they are shown."),
    ] = None
    ring_seconds: Annotated[int, Field(strict=True, ge=SHORTEST_RING_SECONDS, le=LONGEST_RING_SECONDS)] = 30
    campaign: Name | None = None
    debt: Annotated[Name | None, Field(description="Your id of the debt that it is about.")] = None
    contact_id: Annotated[Name | None, Field(description="Whom the number is known to belong to.")] = None
    requested: RequestedShape | None = None
    language: Annotated[str | None, Field(pattern=r"^[a-z]{2}$")] = None
    variables: Annotated[
        dict[VariableName, Text | Whole | float | bool],
        Field(
            default_factory=dict,
            max_length=50,
            description="What the flow `takes`: values by name.",
        ),
    ]
