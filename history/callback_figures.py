"""What became of callbacks, counted by day and agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from history.callbacks import CallbackState


@dataclass(frozen=True, slots=True)
class CallbackEnd:
    """`agent`: who spoke with the person, else in whose name it was promised; None: the team."""

    at: datetime
    state: CallbackState
    agent: str | None


@dataclass(frozen=True, slots=True)
class CallbackFigure:
    """Requests that ended on that day. `agent` None: nobody spoke, and it was promised in nobody's name."""

    day: date
    agent: str | None
    kept: int
    broken: int
    cancelled: int

    @property
    def kept_share(self) -> float | None:
        """Of those that were not cancelled; None: there are none."""
        due = self.kept + self.broken
        return self.kept / due if due else None


def figures(ends: Iterable[CallbackEnd], zone: tzinfo) -> Sequence[CallbackFigure]:
    """The newest day first, on each the team, then agents by name. Days are of `zone`."""
    counts: Counter[tuple[date, str, CallbackState]] = Counter()
    for end in ends:
        counts[end.at.astimezone(zone).date(), end.agent or "", end.state] += 1
    keys = sorted({(-day.toordinal(), agent) for day, agent, _ in counts})
    days = [(date.fromordinal(-ordinal), agent) for ordinal, agent in keys]
    return [
        CallbackFigure(
            day,
            agent or None,
            counts[day, agent, CallbackState.KEPT],
            counts[day, agent, CallbackState.BROKEN],
            counts[day, agent, CallbackState.CANCELLED],
        )
        for day, agent in days
    ]


def total(figures: Iterable[CallbackFigure], day: date) -> CallbackFigure:
    """Of all of them together, told under `day`."""
    found = list(figures)
    return CallbackFigure(
        day,
        None,
        sum(one.kept for one in found),
        sum(one.broken for one in found),
        sum(one.cancelled for one in found),
    )
