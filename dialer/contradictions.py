"""Where caps, recycling, rules and dispositions contradict each other, so that one of them never counts.

What could never happen as it is written blocks the campaign. What is merely cut short by a cap is a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from compliance.pack import CampaignLimits, Pack
from compliance.rules.calls_in_days import CallsInDays
from compliance.rules.redial_locks import AGENT_GUARANTEED, SameDayAfterMachine
from dialer.campaign import Campaign
from dialer.mistakes import Mistake
from dialer.reasons import times
from dialer.recycling import RECYCLED, Recycling
from dialer.results import AttemptResult
from schedules.spans import DAY_MINUTES

_DAY_SECONDS = 86_400
_LONGEST_WAIT_SECONDS = 60 * _DAY_SECONDS
_MOST_CALLS = 100


def contradictions(
    campaign: Campaign, limits: CampaignLimits, dispositions: Collection[str] = ()
) -> Iterator[Mistake]:
    yield from _caps(campaign)
    for result, rule in campaign.retry.recycling.items():
        yield from _rule(campaign, limits, result, rule)
    yield from _abandoned(campaign, limits)
    yield from _parts(campaign)
    goal = campaign.goal
    if goal is not None:
        offered = campaign.dispositions or dispositions
        for name in goal.dispositions:
            if name not in offered:
                yield Mistake(
                    "goal.dispositions",
                    f"The goal counts {name!r}, which agents of the campaign cannot choose: add it to them.",
                )


def _caps(campaign: Campaign) -> Iterator[Mistake]:
    caps = campaign.retry.caps
    for field in ("lead", "number", "day"):
        value = getattr(caps, field)
        if not 1 <= value <= _MOST_CALLS:
            yield Mistake(f"retry.caps.{field}", f"It is {value}; set 1 to {_MOST_CALLS} calls.")
    if not 0 <= caps.gap_seconds <= 7 * _DAY_SECONDS:
        yield Mistake("retry.caps.gap_seconds", "Keep calls to one person 0 s to 7 days apart.")
    for field in ("number", "day"):
        value = getattr(caps, field)
        if value > caps.lead:
            what = "to one number" if field == "number" else "a day"
            yield Mistake(
                f"retry.caps.{field}",
                f"{value} calls {what} can never come about with {caps.lead} to a lead: set "
                f"{caps.lead} at most.",
            )
    if caps.day > 1 and caps.gap_seconds * (caps.day - 1) >= _DAY_SECONDS:
        fits = 1 + (_DAY_SECONDS - 1) // caps.gap_seconds
        yield Mistake(
            "retry.caps.day",
            f"{caps.day} calls a day can never come about {_long(caps.gap_seconds)} apart: set {fits} at "
            "most, or a shorter gap.",
        )


def _rule(
    campaign: Campaign, limits: CampaignLimits, result: AttemptResult, rule: Recycling
) -> Iterator[Mistake]:
    caps, field = campaign.retry.caps, f"retry.recycling.{result}"
    if result not in RECYCLED:
        possible = ", ".join(RECYCLED)
        yield Mistake(field, f"What follows {result} is not a campaign's to decide; what is: {possible}.")
        return
    if not 0 <= rule.most <= _MOST_CALLS:
        yield Mistake(f"{field}.most", f"It is {rule.most}; set 0 to {_MOST_CALLS} times.")
    if not 0 <= rule.after_seconds <= _LONGEST_WAIT_SECONDS:
        yield Mistake(f"{field}.after_seconds", "Wait 0 s to 60 days.")
    if rule.most == 0:
        return
    # The first call and `most` repetitions.
    if rule.most + 1 > caps.lead:
        yield Mistake(
            f"{field}.most",
            f"After {result} {times(rule.most)} more would be {rule.most + 1} calls, and a lead gets "
            f"{caps.lead}: set {caps.lead - 1} at most, or allow more calls to a lead.",
        )
    elif rule.most + 1 > caps.number:
        if not rule.next_number:
            yield Mistake(
                f"{field}.most",
                f"After {result} the same number is called {times(rule.most)} more, and a number gets "
                f"{caps.number} calls: set {caps.number - 1} at most, or have the next number called.",
            )
        else:
            yield Mistake(
                f"{field}.most",
                f"A lead with one number gets {caps.number} of the {rule.most + 1} calls that "
                f"{result} allows.",
                blocks=False,
            )
    if rule.after_seconds < caps.gap_seconds:
        yield Mistake(
            f"{field}.after_seconds",
            f"{_long(rule.after_seconds)} after {result} is within the gap of {_long(caps.gap_seconds)} "
            "between calls to one person: set it to the gap at least.",
        )
    elif rule.most >= caps.day and rule.after_seconds * caps.day < _DAY_SECONDS / 2:
        yield Mistake(
            f"{field}.most",
            f"Calls after {result} come {_long(rule.after_seconds)} apart, but only {caps.day} in a day: the "
            "others wait for the next day.",
            blocks=False,
        )


def _abandoned(campaign: Campaign, limits: CampaignLimits) -> Iterator[Mistake]:
    rule = campaign.retry.recycling.get(AttemptResult.ABANDONED)
    hours = limits.redial_lock_hours
    if rule is None or rule.most == 0 or hours is None or rule.after_seconds >= hours * 3600:
        return
    yield Mistake(
        "retry.recycling.abandoned.after_seconds",
        f"{_long(rule.after_seconds)} after an abandoned call is too early: the rules lock the number for "
        f"{hours} hours; set that at least.",
    )


def _parts(campaign: Campaign) -> Iterator[Mistake]:
    parts = sorted(campaign.retry.best_time.parts, key=lambda part: part.begins)
    if len(parts) == 1:
        yield Mistake("retry.best_time", "One part of the day leaves nothing to choose: name two, or none.")
    for part in parts:
        if not 0 <= part.begins < part.ends <= DAY_MINUTES:
            yield Mistake(
                "retry.best_time", "A part of the day lies within one day: end it at 24:00 at most."
            )
    for first, second in pairwise(parts):
        if second.begins < first.ends:
            yield Mistake("retry.best_time", "Two parts of the day overlap: write them one after another.")


def cut_short_by_rules(campaign: Campaign, packs: Sequence[Pack]) -> Iterator[Mistake]:
    """Notes: what the packs' rules will hold back of what the campaign would do."""
    most = campaign.retry.caps.lead
    machine = campaign.retry.recycling.get(AttemptResult.MACHINE)
    same_day = (
        campaign.mode not in AGENT_GUARANTEED
        and machine is not None
        and machine.most > 0
        and machine.after_seconds < _DAY_SECONDS
    )
    for pack in packs:
        for rule in pack.rules:
            name = f"{pack.name}/{rule.name}"
            if isinstance(rule, CallsInDays) and most > rule.calls:
                sentence = f"Rule {name} allows {rule.calls} calls in {rule.days} days: {most} take longer."
                yield Mistake("retry.caps.lead", sentence, blocks=False)
            if isinstance(rule, SameDayAfterMachine) and same_day:
                sentence = f"Rule {name} puts a try after a machine off to the next day."
                yield Mistake("retry.recycling.machine.after_seconds", sentence, blocks=False)


def _long(seconds: int) -> str:
    for unit, length in (("day", _DAY_SECONDS), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} s"
