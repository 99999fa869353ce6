"""Who of a list may be called, hour by hour, and which rule forbids the others: counted, bounded, pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.machine import wilson

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a lead is not called in an hour. `rule`: "us-tsr/hours", or "list/day_cap" of the list's own."""

    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Share:
    """Leads of the whole list. Of a sample the true number is in `low`..`high` 95 times of 100."""

    expected: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class HourCount:
    """`refused`: by the rule that decides."""

    starts: datetime
    callable: Share
    refused: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """`refused`: leads that it refuses in an hour of the plan or more; `never`: those that no hour suits.

    `sentence` and `examples` (ids of leads) are of the first that were met.
    """

    rule: str
    sentence: str
    refused: Share
    never: Share
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`standing`: leads that are not over; of these `judged` were looked at. `callable`: in some hour.

    `over`: leads that are done or stopped; `merged` of them are another lead's person. `elsewhere`: those
    whose person waits on another campaign's list too.
    """

    standing: int
    judged: int
    callable: Share
    never: Share
    elsewhere: Share
    over: int
    merged: int
    hours: tuple[HourCount, ...]
    rules: tuple[RuleCount, ...]

    @property
    def sampled(self) -> bool:
        return self.judged < self.standing


class EligibilityTally:
    """Adds up one lead after the other; it holds counts and a few examples, however long the list is."""

    def __init__(self, hours: Sequence[datetime]) -> None:
        self._hours = tuple(hours)
        self._callable = [0] * len(self._hours)
        self._refused: list[Counter[str]] = [Counter() for _ in self._hours]
        self._somewhere: Counter[str] = Counter()
        self._never: Counter[str] = Counter()
        self._sentences: dict[str, str] = {}
        self._examples: dict[str, list[str]] = {}
        self.judged = 0
        self._in_some_hour = 0
        self._elsewhere = 0

    def add(self, lead: str, verdicts: Sequence[Refusal | None], *, elsewhere: bool = False) -> None:
        """`verdicts`: one for each hour; None: it may be called."""
        self.judged += 1
        self._elsewhere += elsewhere
        rules: set[str] = set()
        for place, refusal in enumerate(verdicts):
            if refusal is None:
                self._callable[place] += 1
                continue
            self._refused[place][refusal.rule] += 1
            rules.add(refusal.rule)
            self._sentences.setdefault(refusal.rule, refusal.sentence)
        self._somewhere.update(rules)
        for rule in sorted(rules):
            shown = self._examples.setdefault(rule, [])
            if len(shown) < EXAMPLES:
                shown.append(lead)
        if any(refusal is None for refusal in verdicts):
            self._in_some_hour += 1
        elif verdicts and verdicts[-1] is not None:
            self._never[verdicts[-1].rule] += 1

    def result(self, standing: int, *, over: int = 0, merged: int = 0) -> Eligibility:
        def share(count: int) -> Share:
            return _share(count, self.judged, standing)

        hours = tuple(
            HourCount(
                starts,
                share(self._callable[place]),
                {rule: share(count) for rule, count in self._refused[place].most_common()},
            )
            for place, starts in enumerate(self._hours)
        )
        rules = tuple(
            RuleCount(
                rule,
                self._sentences[rule],
                share(count),
                share(self._never[rule]),
                tuple(self._examples[rule]),
            )
            for rule, count in self._somewhere.most_common()
        )
        return Eligibility(
            standing,
            self.judged,
            share(self._in_some_hour),
            share(self.judged - self._in_some_hour),
            share(self._elsewhere),
            over,
            merged,
            hours,
            rules,
        )


def _share(count: int, judged: int, standing: int) -> Share:
    if judged >= standing or not judged:
        return Share(count, count, count)
    low, high = wilson(count, judged)
    return Share(round(count / judged * standing), int(low * standing), -int(-high * standing // 1))
