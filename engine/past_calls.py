"""What a campaign's past calls say of the next, and what is a default for want of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import takewhile

from dialer.attempt import Attempt, Verdict, is_live
from dialer.forecast import World, answer_by_hour, answer_spread, learned_duration
from dialer.forecast.durations import Duration
from dialer.forecast.learned import Counts
from dialer.results import NETWORK_TROUBLE, OURS, AttemptResult
from engine.forecast_notes import ForecastNote, sentence
from engine.registers.attempts import Attempts

# So many past calls are learned from, the newest ones.
_MOST_CALLS, _CALLS_A_PAGE = 20_000, 1_000
# What `learned_duration` and `answer_by_hour` want before the campaign's own numbers lead.
_ENOUGH_CALLS, _ENOUGH_TALKS = 50, 30
_ENOUGH_MACHINES = 30
# The agent's word for a call that a machine answered: history.dispositions has it.
_SAID_MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Machines:
    """Voicemails that answered. `share`: of the calls that no person answered; None: too few are known.

    `missed`: the share that detection took for people; None: too few are known. `talks`: seconds for which
    agents had those that they said were machines. `detections`: seconds from the answer to a verdict.
    """

    share: float | None = None
    missed: float | None = None
    talks: tuple[float, ...] = ()
    detections: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    """By hour of the plan how many people answer; `notes` say what is a default for want of calls."""

    answer: tuple[float, ...]
    spread: float
    talk: Duration
    calls: int
    talks: int
    notes: tuple[str, ...]
    machines: Machines = Machines()


NOTHING_KNOWN = Learned((), 0.0, World().talk, 0, 0, ())


def learned_from(
    attempts: Sequence[Attempt], hours: Sequence[datetime], zone: tzinfo, *, detects: bool = False
) -> Learned:
    """What calls that have ended say of the next. Failures of the network say nothing of people.

    `attempts`: newest first. `detects`: whether the campaign tells machines from people now. Calls of before
    that was switched are left out: machines that were not told from people would count as people.
    """
    ended = [
        one
        for one in takewhile(lambda one: not _of_other_mode(one, detects), attempts)
        if one.dialled_at is not None
        and one.result is not None
        and one.result not in NETWORK_TROUBLE
        and one.result not in OURS | {AttemptResult.CANCELLED}
    ]
    by_hour: dict[int, Counts] = {}
    by_day: dict[date, Counts] = {}
    talks: list[float] = []
    machine_talks: list[float] = []
    for one in ended:
        assert one.dialled_at is not None
        local = one.dialled_at.astimezone(zone)
        by_hour[local.hour] = _and_one(by_hour.get(local.hour), one)
        by_day[local.date()] = _and_one(by_day.get(local.date()), one)
        seconds = _talked(one)
        if seconds is not None:
            (machine_talks if is_machine(one) else talks).append(seconds)
    world = World()
    notes = []
    if len(ended) < _ENOUGH_CALLS:
        notes.append(sentence(ForecastNote.FEW_CALLS))
    if len(talks) < _ENOUGH_TALKS:
        notes.append(sentence(ForecastNote.FEW_TALKS))
    notes.append(sentence(ForecastNote.WRAP_UP))
    return Learned(
        answer_by_hour([starts.astimezone(zone).hour for starts in hours], by_hour),
        answer_spread(list(by_day.values())),
        learned_duration(talks, world.talk),
        len(ended),
        len(talks),
        tuple(notes),
        _machines(ended, machine_talks),
    )


def _and_one(counts: Counts | None, attempt: Attempt) -> Counts:
    placed, answered = counts or (0, 0)
    return placed + 1, answered + _is_person(attempt)


def is_machine(attempt: Attempt) -> bool:
    """By who listened to it, else by detection or the agent who had it."""
    if attempt.verdict is Verdict.MACHINE and attempt.audited is not Verdict.HUMAN:
        return True
    return attempt.disposition == _SAID_MACHINE


def _is_person(attempt: Attempt) -> bool:
    return (is_live(attempt) or attempt.audited is Verdict.HUMAN) and not is_machine(attempt)


def _of_other_mode(attempt: Attempt, detects: bool) -> bool:
    if not detects:
        return attempt.verdict is not None
    return attempt.connected_at is not None and attempt.verdict is None


def _talked(attempt: Attempt) -> float | None:
    if attempt.connected_at is None or attempt.ended_at is None:
        return None
    return max(1.0, (attempt.ended_at - attempt.connected_at).total_seconds())


def _machines(ended: Sequence[Attempt], talks: Sequence[float]) -> Machines:
    machines = [one for one in ended if is_machine(one)]
    others = len(ended) - sum(map(_is_person, ended))
    missed = sum(one.verdict in (Verdict.HUMAN, Verdict.UNSURE) for one in machines)
    return Machines(
        share=len(machines) / others if others and len(ended) >= _ENOUGH_CALLS else None,
        missed=missed / len(machines) if len(machines) >= _ENOUGH_MACHINES else None,
        talks=tuple(talks),
        detections=tuple(
            (one.verdict_at - one.answered_at).total_seconds()
            for one in ended
            if one.verdict_at is not None and one.answered_at is not None
        ),
    )


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
