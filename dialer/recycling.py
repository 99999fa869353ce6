"""Recycling: after which ends of a call a lead is tried again, when, how often; and the caps above that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dialer.results import AttemptResult
from schedules.spans import Span


@dataclass(frozen=True, slots=True)
class Recycling:
    """After this result: again `after_seconds` later, at most `most` times; 0: never.

    `next_number`: another number of the person goes first, when there is one.
    """

    after_seconds: int
    most: int
    next_number: bool = False


@dataclass(frozen=True, slots=True)
class AttemptCaps:
    """The most calls that count to one lead, to one of its numbers, and to the lead in its local day.

    Between two calls to one person are at least `gap_seconds`. Callbacks count and are held back as others.
    """

    lead: int = 6
    number: int = 6
    day: int = 3
    gap_seconds: int = 900


@dataclass(frozen=True, slots=True)
class BestTime:
    """Parts of the callee's local day: who did not answer in one is tried in another. Empty: any time."""

    parts: tuple[Span, ...] = ()


# What an operator decides on. The others are the network's (no try) or make a number bad.
RECYCLED = (
    AttemptResult.NO_ANSWER,
    AttemptResult.BUSY,
    AttemptResult.MACHINE,
    AttemptResult.REFUSED,
    AttemptResult.ABANDONED,
    AttemptResult.CANCELLED,
    AttemptResult.ANSWERED,
)

_HOUR, _DAY = 3600, 86_400

DEFAULT_RECYCLING: Mapping[AttemptResult, Recycling] = MappingProxyType(
    {
        AttemptResult.NO_ANSWER: Recycling(4 * _HOUR, 5, next_number=True),
        AttemptResult.BUSY: Recycling(_HOUR // 2, 2),
        AttemptResult.MACHINE: Recycling(4 * _HOUR, 3, next_number=True),
        AttemptResult.REFUSED: Recycling(_DAY, 1),
        AttemptResult.ABANDONED: Recycling(3 * _DAY, 1),
        AttemptResult.CANCELLED: Recycling(4 * _HOUR, 3),
        AttemptResult.ANSWERED: Recycling(_DAY, 2),
    }
)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Everything that decides on the next try. A result of RECYCLED without a rule is not tried again."""

    recycling: Mapping[AttemptResult, Recycling] = field(default_factory=lambda: DEFAULT_RECYCLING)
    caps: AttemptCaps = field(default=AttemptCaps())
    best_time: BestTime = field(default=BestTime())
