"""Leads and their attempts as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from compliance.facts import Mode
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import Id
from console.api.shapes import PLAIN, Reason, Time, WholeNumber
from dialer.attempt import Attempt
from dialer.checking import MOST_PRIORITY
from dialer.lead import Lead, LeadState, NumberState
from dialer.reasons import Reason as WhyReason
from dialer.reasons import ReasonCode, sentence, until_of
from dialer.results import AttemptResult
from engine.registers.leads import LeftOutCode
from history.profile_fields import time_zone_of

MOST_PEOPLE = 1_000
Priority = Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY, description="Higher goes first.")]
Text = Annotated[str, Field(max_length=500, pattern=PLAIN)]
FieldName = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]


class LeadReason(Shape):
    """Why it is in its state, or is not called now."""

    code: ReasonCode
    sentence: str
    data: dict[str, Any]
    until: Time | None


class LeadNumberShape(Shape):
    value: str
    kind: Literal["mobile", "fixed", ""]
    attempts: WholeNumber
    state: NumberState
    last_at: Time | None


class LeadCallbackShape(Shape):
    request: str
    requested_at: Time
    window_from: Time | None
    window_to: Time | None
    person_chose: bool
    agent: str | None
    agent_until: Time | None


class LeadShape(Shape):
    id: str
    version: int
    campaign: str
    contact_id: str
    name: str
    numbers: list[LeadNumberShape]
    time_zone: str | None
    priority: int
    fields: Annotated[dict[str, str], Field(description="The list's own columns.")]
    debt: str | None
    added_at: Time
    state: LeadState
    reason: LeadReason
    attempts: Annotated[WholeNumber, Field(description="Calls that count for the caps.")]
    today: Annotated[date | None, Field(description="The callee's date of attempts_today.")]
    attempts_today: WholeNumber
    skips: WholeNumber
    not_before: Time | None
    callback: LeadCallbackShape | None
    last_at: Time | None
    last_outcome: AttemptResult | None
    last_disposition: str | None
    last_verified: Annotated[
        bool | None, Field(description="In the last call in which a flow asked, it was them; null: none has.")
    ]
    reserved_until: Time | None


class LeadPage(Shape):
    items: list[LeadShape]
    next: str | None


class LeadList(Shape):
    items: list[LeadShape]


class LeadsQuery(PageQuery):
    state: Annotated[tuple[LeadState, ...], Field(max_length=7, description="Left out: all.")] = ()
    reason: Annotated[tuple[ReasonCode, ...], Field(max_length=40, description="Left out: all.")] = ()
    search: Annotated[
        str | None,
        Field(min_length=1, max_length=100, pattern=PLAIN, description="How a name or a number begins."),
    ] = None
    outcome: Annotated[
        tuple[AttemptResult, ...],
        Field(max_length=len(AttemptResult), description="Of the last call; left out: any."),
    ] = ()
    called_since: Annotated[Time | None, Field(description="The last call was then or later.")] = None
    called_before: Annotated[Time | None, Field(description="The last call was earlier.")] = None


class LeadsOfQuery(Shape):
    contact_id: Id


class NewLeadShape(Shape):
    """With a contact_id alone, the contact's own numbers are called."""

    numbers: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40)], ...],
        Field(max_length=10, description="The first goes first; in full, or as written in our country."),
    ] = ()
    contact_id: Annotated[Id | None, Field(description="Left out: whose the numbers are; or a new one.")] = (
        None
    )
    name: Text = ""
    time_zone: Annotated[
        str | None, Field(min_length=1, max_length=60), AfterValidator(lambda v: v and time_zone_of(v))
    ] = None
    priority: Priority = 0
    fields: Annotated[Mapping[FieldName, Text], Field(max_length=50)] = {}
    debt: Id | None = None
    not_before: Time | None = None

    @model_validator(mode="after")
    def _of_somebody(self) -> NewLeadShape:
        if not self.numbers and self.contact_id is None:
            raise ValueError("Give a number, a contact_id or both.")
        return self


class NewLeads(Shape):
    people: Annotated[list[NewLeadShape], Field(min_length=1, max_length=MOST_PEOPLE)]


class SegmentLeads(Shape):
    segment_id: Id
    priority: Priority = 0


class LeftOutShape(Shape):
    place: Annotated[int, Field(description="In the request, from 0; of a segment from 1.")]
    code: LeftOutCode
    sentence: str
    other: Annotated[str | None, Field(description="The lead that is there already.")]


class AddedLeads(Shape):
    """Nobody and no number is twice in a campaign: sent again, it adds nobody twice."""

    added: WholeNumber
    ids: Annotated[dict[str, str], Field(description="Place -> the lead's id; of a segment left empty.")]
    left_out: Annotated[list[LeftOutShape], Field(description="Of a segment the first hundred.")]
    left_out_counts: dict[LeftOutCode, int]


class LeadOrder(Shape):
    reason: Reason


class NewPriority(Shape):
    priority: Priority


class AttemptShape(Shape):
    """One call to one number of a lead. A stage that was not reached is null."""

    id: Annotated[str, Field(description="The call's own.")]
    lead: str
    campaign: str
    contact_id: str
    number: str
    caller_id: str
    mode: Mode
    agent: str | None
    debt: str | None
    reserved_at: Time
    dialled_at: Time | None
    ringing_at: Time | None
    answered_at: Time | None
    verdict_at: Time | None
    connected_at: Time | None
    ended_at: Time | None
    result: Annotated[AttemptResult | None, Field(description="Null: it goes on.")]
    cause: Annotated[int | None, Field(description="Q.850.")]
    verdict: Annotated[Literal["human", "machine", "unsure"] | None, Field(description="Of detection.")]
    audited: Annotated[
        Literal["human", "machine"] | None, Field(description="What somebody who listened says.")
    ]
    abandoned: bool
    message_played: bool
    conversation: bool
    disposition: str | None


class AttemptPage(Shape):
    items: list[AttemptShape]
    next: str | None


class LeadWhy(Shape):
    """Everything that holds it back now; the first reason decides."""

    at: Time
    may_be_called: bool
    reasons: list[LeadReason]
    lead: LeadShape
    attempts: Annotated[list[AttemptShape], Field(description="The newest first.")]


def lead_reason(reason: WhyReason) -> LeadReason:
    return LeadReason(
        code=reason.code, sentence=sentence(reason, UTC), data=dict(reason.data), until=until_of(reason)
    )


def lead_shape(lead: Lead) -> LeadShape:
    shown = _members(LeadShape, lead)
    shown["numbers"] = [
        {**_members(LeadNumberShape, one, "value"), "value": one.e164} for one in lead.numbers
    ]
    shown["callback"] = None if lead.callback is None else _members(LeadCallbackShape, lead.callback)
    shown["reason"] = lead_reason(lead.reason)
    return LeadShape.model_validate(shown)


def attempt_shape(attempt: Attempt) -> AttemptShape:
    return AttemptShape.model_validate(_members(AttemptShape, attempt))


def _members(shape: type[Shape], source: object, *left_out: str) -> dict[str, Any]:
    found: Mapping[str, Any] = {
        name: getattr(source, name) for name in shape.model_fields if name not in left_out
    }
    return dict(found)
