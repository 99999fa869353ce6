"""What became of messages, as the API takes and shows it."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import Annotated

from pydantic import Field

from compliance.facts import Channel
from console.api.message_shapes import TemplateName, Written
from console.api.operation import Shape
from console.api.permission_shapes import Id
from console.api.shapes import PLAIN, Time
from console.number_ranges import NumberRange
from engine.registers.message_statistics import TOOK_EDGES_SECONDS, GroupedBy, MessageStatistics, Narrowed
from messaging.states import MessageState

LONGEST_TIME = timedelta(days=366)
LONGEST_BY_HOURS = timedelta(days=41)


class StatisticsQuery(Shape):
    by: GroupedBy
    since: Time
    until: Annotated[Time, Field(description="Not included; at most 366 days later, 41 by hours.")]
    template: TemplateName | None = None
    mailing: Id | None = None
    campaign: Id | None = None
    provider: Annotated[str | None, Field(max_length=40, pattern=PLAIN)] = None
    channel: Written | None = None
    prefix: Annotated[str | None, Field(pattern=r"^\+[0-9]{1,15}$", description="Of the number.")] = None
    prefix_digits: Annotated[int, Field(ge=1, le=12, description="Of numbers, when by prefix.")] = 4
    limit: Annotated[int, Field(ge=1, le=1000, description="The largest groups.")] = 200


class StateReasonShape(Shape):
    state: MessageState
    code: Annotated[str, Field(description="The provider's or the rule's own word.")]
    messages: int


class TookShape(Shape):
    """Messages that took less than so many seconds, and not less than the one before it."""

    less_than_seconds: Annotated[int | None, Field(description="null: those that took longest.")]
    messages: int


class MessageStatisticsShape(Shape):
    """Of outbound messages that were written in the time."""

    key: Annotated[
        str,
        Field(
            description='"" of all; a day as 2026-11-21, an hour as 2026-11-21T16, in the hotline\'s zone.'
        ),
    ]
    country: Annotated[str | None, Field(description="Of a prefix: the country's code, as PL.")]
    operators: Annotated[
        list[str],
        Field(description="Of a prefix: to whom its numbers were first given. A ported number has another."),
    ]
    messages: int
    waiting: Annotated[int, Field(description="To be sent.")]
    sent: Annotated[int, Field(description="A provider took them.")]
    accepted: Annotated[int, Field(description="Taken, and no more is known.")]
    delivered: Annotated[int, Field(description="With those that were read or checked.")]
    read: int
    checked: int
    opened: Annotated[int, Field(description="Read, checked or both.")]
    failed: int
    expired: int
    refused: int
    stopped: int
    in_doubt: int
    replied: int
    opted_out: int
    p50_seconds: Annotated[float | None, Field(description="From sent to delivered, of half of them.")]
    p95_seconds: float | None
    took: Annotated[list[TookShape], Field(description="From sent to delivered.")]
    reasons: Annotated[
        list[StateReasonShape], Field(description="Why messages did not arrive, the most frequent first.")
    ]
    cost: Annotated[dict[str, int], Field(description="By currency, in minor units.")]


class MessageStatisticsList(Shape):
    items: list[MessageStatisticsShape]


def narrowed(query: StatisticsQuery) -> Narrowed:
    return Narrowed(
        template=query.template,
        mailing=query.mailing,
        campaign=query.campaign,
        provider=query.provider,
        channel=None if query.channel is None else Channel(query.channel),
        prefix=query.prefix,
    )


def statistics_shape(one: MessageStatistics, whose: NumberRange) -> MessageStatisticsShape:
    plain = {
        name: getattr(one, name) for name in MessageStatisticsShape.model_fields if name not in _MADE_HERE
    }
    took = [
        TookShape(less_than_seconds=edge, messages=count)
        for edge, count in zip(chain(TOOK_EDGES_SECONDS, (None,)), one.took, strict=True)
    ]
    reasons = [StateReasonShape(state=why.state, code=why.code, messages=why.messages) for why in one.reasons]
    return MessageStatisticsShape(
        **plain, country=whose.country, operators=list(whose.operators), took=took, reasons=reasons
    )


_MADE_HERE = frozenset({"country", "operators", "took", "reasons"})
