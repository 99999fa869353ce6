"""What a campaign's past calls say of the next, and what is a default for want of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from dialer.attempt import Attempt, is_live
from dialer.forecast import World, answer_by_hour, answer_spread, learned_duration
from dialer.forecast.durations import Duration
from dialer.forecast.learned import Counts
from dialer.results import NETWORK_TROUBLE, AttemptResult
from engine.registers.attempts import Attempts

# So many past calls are learned from, the newest ones.
_MOST_CALLS, _CALLS_A_PAGE = 20_000, 1_000
# What `learned_duration` and `answer_by_hour` want before the campaign's own numbers lead.
_ENOUGH_CALLS, _ENOUGH_TALKS = 50, 30


@dataclass(frozen=True, slots=True)
class Learned:
    """By hour of the plan how many answer; `notes` say what is a default for want of calls."""

    answer: tuple[float, ...]
    spread: float
    talk: Duration
    calls: int
    talks: int
    notes: tuple[str, ...]


NOTHING_KNOWN = Learned((), 0.0, World().talk, 0, 0, ())


def learned_from(attempts: Sequence[Attempt], hours: Sequence[datetime], zone: tzinfo) -> Learned:
    """What calls that have ended say of the next. Failures of the network say nothing of people."""
    ended = [
        one
        for one in attempts
        if one.dialled_at is not None
        and one.result is not None
        and one.result not in NETWORK_TROUBLE
        and one.result not in (AttemptResult.CANCELLED, AttemptResult.LOST)
    ]
    by_hour: dict[int, Counts] = {}
    by_day: dict[date, Counts] = {}
    talks: list[float] = []
    for one in ended:
        assert one.dialled_at is not None
        local = one.dialled_at.astimezone(zone)
        by_hour[local.hour] = _and_one(by_hour.get(local.hour), one)
        by_day[local.date()] = _and_one(by_day.get(local.date()), one)
        if one.connected_at is not None and one.ended_at is not None:
            talks.append(max(1.0, (one.ended_at - one.connected_at).total_seconds()))
    world = World()
    notes = []
    if len(ended) < _ENOUGH_CALLS:
        notes.append("How many answer is mostly the trade's experience: few calls of it are known yet.")
    if len(talks) < _ENOUGH_TALKS:
        notes.append("How long talks last is a default of two minutes: few talks of it are known yet.")
    notes.append("How long agents work after a talk is a default of 20 s.")
    return Learned(
        answer_by_hour([starts.astimezone(zone).hour for starts in hours], by_hour),
        answer_spread(list(by_day.values())),
        learned_duration(talks, world.talk),
        len(ended),
        len(talks),
        tuple(notes),
    )


def _and_one(counts: Counts | None, attempt: Attempt) -> Counts:
    placed, answered = counts or (0, 0)
    return placed + 1, answered + is_live(attempt)


async def newest_calls(attempts: Attempts, campaign: str) -> list[Attempt]:
    """As many as are learned from. Raises StoreUnavailable."""
    found: list[Attempt] = []
    after: Sequence[str] | None = None
    while len(found) < _MOST_CALLS:
        page = await attempts.page(campaign, limit=_CALLS_A_PAGE, after=after)
        found += page.items
        after = page.after
        if after is None:
            break
    return found
