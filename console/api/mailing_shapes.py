"""Mailings and cascades on their way as the API takes and shows them."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import Field, model_validator

from compliance.facts import Channel, Purpose
from console.api.callback_shapes import CampaignId, Language, Name
from console.api.message_shapes import TemplateName, Values, Written
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import Id
from console.api.shapes import Reason, Time
from engine.registers.mailings import MOST_CONTACTS
from messaging.cascade import Ending
from messaging.mailing import MailingState
from messaging.states import MessageState

Hour = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="As 09:00, in the hotline's zone.")
]


class NewMailing(Shape):
    """A template with its channel, or a cascade; to a segment, or to a list of contacts."""

    name: Name
    template: TemplateName | None = None
    channel: Written | None = None
    cascade: TemplateName | None = None
    segment_id: Id | None = None
    contact_ids: Annotated[tuple[Id, ...], Field(max_length=MOST_CONTACTS)] = ()
    values: Values = Field(default_factory=dict)
    language: Annotated[Language | None, Field(description="For people whose own is not known.")] = None
    campaign: Annotated[CampaignId | None, Field(description="Packs of rules may be asked by its name.")] = (
        None
    )
    per_second: Annotated[
        float | None, Field(gt=0, le=10_000, description="Left out: as fast as providers take.")
    ] = None
    opens: Hour | None = None
    closes: Annotated[Hour | None, Field(description="Messages are written between opens and closes.")] = None
    ends_at: Annotated[Time | None, Field(description="Whoever has no message by then gets none.")] = None

    @model_validator(mode="after")
    def _whole(self) -> NewMailing:
        if (self.opens is None) != (self.closes is None):
            raise ValueError("Give both opens and closes, or neither.")
        return self

    def settings(self) -> dict[str, object]:
        """As engine.registers.mailings.Mailing has them."""
        known = self.model_dump()
        return known | {
            "channel": None if self.channel is None else Channel(self.channel),
            "opens": None if self.opens is None else time.fromisoformat(self.opens),
            "closes": None if self.closes is None else time.fromisoformat(self.closes),
        }


class MailingShape(Shape):
    id: str
    version: int
    name: str
    state: MailingState
    note: Annotated[str, Field(description="Why it was stopped or paused.")]
    template: str | None
    channel: Channel | None
    cascade: str | None
    segment_id: str | None
    contact_ids: list[str]
    values: dict[str, str]
    purpose: Annotated[Purpose | None, Field(description="Its template's, from the start on.")]
    language: str | None
    campaign: str | None
    per_second: float | None
    opens: str | None
    closes: str | None
    ends_at: Time | None
    created_at: Time
    started_at: Time | None
    over_at: Annotated[Time | None, Field(description="When its last message had its final state.")]
    recipients: Annotated[int, Field(description="Frozen at its start.")]
    prepared: Annotated[int, Field(description="Of them, written down; it runs when all are.")]
    left_out: Annotated[dict[str, int], Field(description="Who is not among them, by the reason.")]


class MailingPage(Shape):
    items: list[MailingShape]
    next: str | None


class MailingsQuery(PageQuery):
    state: MailingState | None = None


class MailingOrder(Shape):
    reason: Reason | None = None


class PreviewMessageShape(Shape):
    """To one of the first ten. `rule`: forbids it now. `why`: no words can be made for this person."""

    contact_id: str
    channel: Channel | None
    language: str | None
    text: str
    subject: str
    parts: int | None
    rule: str | None
    refused: str
    why: str


class MailingPreview(Shape):
    """What it would do now. Figures are of `sampled` people, evenly over all; `cost` is of all."""

    mistakes: Annotated[list[str], Field(description="It does not start with any.")]
    recipients: int
    left_out: dict[str, int]
    sampled: int
    allowed: int
    later: Annotated[dict[str, int], Field(description="To wait for a rule's hour, by rule.")]
    refused: Annotated[dict[str, int], Field(description="For good, by rule.")]
    unwritten: Annotated[dict[str, int], Field(description="Without words, by the reason.")]
    parts: Annotated[int, Field(description="Of SMS.")]
    cost: Annotated[int | None, Field(description="In minor units; null: there is no table of prices.")]
    currency: str | None
    unpriced: Annotated[int, Field(description="Numbers that no prefix of the table fits.")]
    first: list[PreviewMessageShape]


class MailingFiguresShape(Shape):
    """`states`: of its messages. `endings`: of its cascades that are over; `running`: of those that go on."""

    recipients: int
    begun: int
    to_come: int
    under_way: int
    final: int
    reached: int
    states: dict[MessageState, int]
    unwritten: dict[str, int]
    endings: dict[Ending, int]
    running: int
    silent: Annotated[int, Field(description="Nobody told what became of them, and no more is waited for.")]
    replied: int
    opted_out: int
    cost: int


class RecipientShape(Shape):
    """`message_id`: of its message, or of its cascade on its way; null: not yet, or none and `why`."""

    n: int
    contact_id: str
    written_at: Time | None
    message_id: str | None
    why: str


class RecipientPage(Shape):
    items: list[RecipientShape]
    next: str | None


class RecipientsQuery(PageQuery):
    unwritten: Annotated[bool, Field(description="Only those who get no message.")] = False
