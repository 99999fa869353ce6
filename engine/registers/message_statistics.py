"""What became of messages, by what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from compliance.facts import Channel
from messaging.states import MessageState

# Times to deliver are counted below each of these, and the last ones from there on.
TOOK_EDGES_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)
MOST_REASONS = 20


class GroupedBy(StrEnum):
    """`all`: one group, of key "". `prefix`: the first digits of telephone numbers, by which ranges of
    operators are told. `day` and `hour` are those of a zone's clock, written as 2026-11-21 and
    2026-11-21T16; an hour that the clock shows twice is one.
    """

    ALL = "all"
    TEMPLATE = "template"
    MAILING = "mailing"
    CAMPAIGN = "campaign"
    PROVIDER = "provider"
    CHANNEL = "channel"
    PREFIX = "prefix"
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Only such messages; None: any. `prefix`: how the number or address begins."""

    template: str | None = None
    mailing: str | None = None
    campaign: str | None = None
    provider: str | None = None
    channel: Channel | None = None
    prefix: str | None = None


ANY_MESSAGE = Narrowed()


@dataclass(frozen=True, slots=True)
class StateReason:
    """`code`: the provider's or the rule's own word, "" where there was none."""

    state: MessageState
    code: str
    messages: int


@dataclass(frozen=True, slots=True)
class MessageStatistics:
    """Of outbound messages that were written in a time.

    `waiting`: to be sent. `sent`: a provider took them; `accepted`: nobody has told more of these.
    `delivered` includes those read or checked; `opened`: read, checked or both. `waiting`, `accepted`,
    `delivered`, `in_doubt`, `failed`, `expired`, `refused` and `stopped` are all messages together.
    `p50_seconds`, `p95_seconds`: from sent to delivered, None: none was; `took`: how many took less than
    each of TOOK_EDGES_SECONDS and not less than the one before, and the last ones. `reasons`: why they did
    not arrive, the most frequent first, MOST_REASONS at most. `cost`: by currency, in minor units.
    """

    key: str
    messages: int = 0
    waiting: int = 0
    sent: int = 0
    accepted: int = 0
    delivered: int = 0
    read: int = 0
    checked: int = 0
    opened: int = 0
    failed: int = 0
    expired: int = 0
    refused: int = 0
    stopped: int = 0
    in_doubt: int = 0
    replied: int = 0
    opted_out: int = 0
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    took: tuple[int, ...] = (0,) * (len(TOOK_EDGES_SECONDS) + 1)
    reasons: tuple[StateReason, ...] = ()
    cost: Mapping[str, int] = field(default_factory=dict)


class MessageFiguresBook(Protocol):
    """Raises StoreUnavailable."""

    async def statistics(
        self,
        by: GroupedBy,
        *,
        since: datetime,
        until: datetime,
        only: Narrowed = ANY_MESSAGE,
        prefix_digits: int = 4,
        zone: tzinfo = UTC,
        limit: int = 200,
        with_times: bool = True,
    ) -> Sequence[MessageStatistics]:
        """The largest groups first, days and hours in their order; `since` is included, `until` is not.

        Hours and days without messages are left out. Without `with_times` p50 and p95 are None, and it is
        quicker.
        """
