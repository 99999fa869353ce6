"""What became of messages, by what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class GroupedBy(StrEnum):
    """`prefix`: the first digits of telephone numbers, by which operators are told."""

    TEMPLATE = "template"
    MAILING = "mailing"
    PROVIDER = "provider"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class MessageStatistics:
    """Of outbound messages that were written in a time. `sent`: a provider took them. `delivered` includes
    those read or checked. `p50_seconds`, `p95_seconds`: from sent to delivered; None: none was. `cost`: by
    currency, in minor units.
    """

    key: str
    messages: int
    sent: int
    delivered: int
    read: int
    checked: int
    failed: int
    expired: int
    refused: int
    stopped: int
    in_doubt: int
    replied: int
    opted_out: int
    p50_seconds: float | None
    p95_seconds: float | None
    cost: Mapping[str, int]


class MessageFiguresBook(Protocol):
    """Raises StoreUnavailable."""

    async def statistics(
        self, by: GroupedBy, *, since: datetime, until: datetime, prefix_digits: int = 4, limit: int = 200
    ) -> Sequence[MessageStatistics]:
        """The largest groups first; `since` is included, `until` is not."""
