"""Messages and templates as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from compliance.facts import Channel, Purpose
from console.api.callback_shapes import Language
from console.api.contact_shapes import NewPoint
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import Id
from console.api.shapes import PLAIN, PointShape, Reason, Time
from engine.registers.message_news import shown_text
from engine.registers.messages import Message, MessageDirection
from messaging.states import MessageState

Written = Literal["sms", "email", "push", "messenger"]
TemplateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
ValueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Value = Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]
Values = Annotated[
    dict[ValueName, Value],
    Field(max_length=50, description="What the template takes.", examples=[{"order": "A-1"}]),
]
Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=PLAIN)]


class MessageEventShape(Shape):
    at: Time
    state: MessageState
    provider: str | None
    why: str
    code: Annotated[str, Field(description="The provider's or the rule's own word.")]


class MessageShape(Shape):
    id: str
    at: Time
    direction: MessageDirection
    channel: Channel
    state: MessageState
    state_at: Time | None
    contact_id: str | None
    point: Annotated[PointShape | None, Field(description="The person's; null once they are erased.")]
    ours: str | None
    text: Annotated[str, Field(description="Without a code that was in it.")]
    subject: str
    template: str | None
    language: str | None
    parts: Annotated[int | None, Field(description="Of an SMS, once it was handed over.")]
    purpose: Purpose
    mailing: str | None
    cascade: Annotated[str | None, Field(description="The id of the cascade on its way.")]
    cascade_step: int | None
    campaign: str | None
    call_id: str | None
    in_reply_to: str | None
    provider: str | None
    why: str
    code: str
    attempts: int
    cost: Annotated[int | None, Field(description="In minor units of the currency.")]
    currency: str | None
    not_before: Time | None
    expires_at: Time | None
    sent_at: Time | None
    delivered_at: Time | None
    read_at: Time | None
    checked_at: Time | None


class MessageAndEvents(MessageShape):
    events: Annotated[
        list[MessageEventShape], Field(description="Every state it was in, the first one first.")
    ]


class MessagePage(Shape):
    items: list[MessageShape]
    next: str | None


class MessagesQuery(PageQuery):
    state: Annotated[tuple[MessageState, ...], Field(max_length=11, description="Left out: all.")] = ()
    direction: MessageDirection | None = None
    channel: Written | None = None
    contact_id: Id | None = None
    provider: Annotated[str | None, Field(max_length=40, pattern=PLAIN)] = None
    template: TemplateName | None = None
    mailing: Id | None = None
    cascade: Id | None = None
    call_id: Id | None = None
    since: Time | None = None
    until: Annotated[Time | None, Field(description="Not included.")] = None


class NewMessage(Shape):
    """`text`, or a `template` with its `values`."""

    to: Annotated[NewPoint | None, Field(description="Left out: the contact's first of the channel.")] = None
    contact_id: Id | None = None
    channel: Written = "sms"
    text: Text | None = None
    subject: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    purpose: Annotated[
        Purpose | None, Field(description="Of a text, by it the rules decide; a template has its own.")
    ] = None
    template: TemplateName | None = None
    values: Values = Field(default_factory=dict)
    language: Annotated[Language | None, Field(description="Where the person's is not known.")] = None
    debt: Id | None = None
    call_id: Id | None = None
    not_before: Time | None = None
    expires_at: Annotated[Time | None, Field(description="It is not sent later than this.")] = None

    @model_validator(mode="after")
    def _whole(self) -> NewMessage:
        if self.to is None and self.contact_id is None:
            raise ValueError("Give to, a contact_id or both.")
        if (self.text is None) == (self.template is None):
            raise ValueError("Give a text, or a template, and not both.")
        if self.template is not None and (self.purpose is not None or self.subject):
            raise ValueError("A template has its own purpose and subject: leave them out.")
        if self.text is not None and self.purpose is None:
            raise ValueError("A text needs a purpose.")
        return self


class StopOrder(Shape):
    reason: Reason


def message_shape(message: Message) -> MessageShape:
    return MessageShape.model_validate(members_of(message))


def members_of(message: Message) -> dict[str, object]:
    known = {
        name: getattr(message, name) for name in MessageShape.model_fields if name not in ("text", "point")
    }
    point = message.point
    return known | {
        "text": shown_text(message),
        "point": None if point is None else PointShape(kind=point.kind, value=point.value),
    }
