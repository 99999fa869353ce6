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
from dialer.mistakes import Mistake, MistakeCode
from dialer.recycling import RECYCLED, Recycling
from dialer.results import AttemptResult
from schedules.spans import DAY_MINUTES

_DAY_SECONDS = 86_400
_LONGEST_WAIT_SECONDS = 60 * _DAY_SECONDS
_MOST_CALLS = 100
_M = MistakeCode


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
                yield Mistake("goal.dispositions", _M.GOAL_DISPOSITION, {"name": name})


def _caps(campaign: Campaign) -> Iterator[Mistake]:
    caps = campaign.retry.caps
    for field in ("lead", "number", "day"):
        value = getattr(caps, field)
        if not 1 <= value <= _MOST_CALLS:
            yield Mistake(f"retry.caps.{field}", _M.CAP, {"calls": value, "most": _MOST_CALLS})
    if not 0 <= caps.gap_seconds <= 7 * _DAY_SECONDS:
        yield Mistake("retry.caps.gap_seconds", _M.GAP)
    above = {"number": _M.NUMBER_ABOVE_LEAD, "day": _M.DAY_ABOVE_LEAD}
    for field, code in above.items():
        value = getattr(caps, field)
        if value > caps.lead:
            yield Mistake(f"retry.caps.{field}", code, {"calls": value, "most": caps.lead})
    if caps.day > 1 and caps.gap_seconds * (caps.day - 1) >= _DAY_SECONDS:
        fits = 1 + (_DAY_SECONDS - 1) // caps.gap_seconds
        yield Mistake(
            "retry.caps.day", _M.DAY_AND_GAP, {"calls": caps.day, "gap": caps.gap_seconds, "most": fits}
        )


def _rule(
    campaign: Campaign, limits: CampaignLimits, result: AttemptResult, rule: Recycling
) -> Iterator[Mistake]:
    caps, field = campaign.retry.caps, f"retry.recycling.{result}"
    if result not in RECYCLED:
        yield Mistake(field, _M.NOT_RECYCLED, {"result": result, "recycled": tuple(RECYCLED)})
        return
    if not 0 <= rule.most <= _MOST_CALLS:
        yield Mistake(f"{field}.most", _M.RECYCLING_MOST, {"calls": rule.most, "most": _MOST_CALLS})
    if not 0 <= rule.after_seconds <= _LONGEST_WAIT_SECONDS:
        yield Mistake(f"{field}.after_seconds", _M.RECYCLING_WAIT)
    if rule.most == 0:
        return
    # The first call and `most` repetitions.
    again = {"result": result, "again": rule.most, "calls": rule.most + 1}
    if rule.most + 1 > caps.lead:
        data = {**again, "allows": caps.lead, "most": caps.lead - 1}
        yield Mistake(f"{field}.most", _M.AGAIN_ABOVE_LEAD, data)
    elif rule.most + 1 > caps.number:
        data = {**again, "allows": caps.number, "most": caps.number - 1}
        if rule.next_number:
            yield Mistake(f"{field}.most", _M.ONE_NUMBER, data, blocks=False)
        else:
            yield Mistake(f"{field}.most", _M.AGAIN_ABOVE_NUMBER, data)
    wait = {"result": result, "wait": rule.after_seconds}
    if rule.after_seconds < caps.gap_seconds:
        yield Mistake(f"{field}.after_seconds", _M.AGAIN_IN_GAP, {**wait, "gap": caps.gap_seconds})
    elif rule.most >= caps.day and rule.after_seconds * caps.day < _DAY_SECONDS / 2:
        yield Mistake(f"{field}.most", _M.AGAIN_NEXT_DAY, {**wait, "calls": caps.day}, blocks=False)


def _abandoned(campaign: Campaign, limits: CampaignLimits) -> Iterator[Mistake]:
    rule = campaign.retry.recycling.get(AttemptResult.ABANDONED)
    hours = limits.redial_lock_hours
    if rule is None or rule.most == 0 or hours is None or rule.after_seconds >= hours * 3600:
        return
    data = {"wait": rule.after_seconds, "hours": hours}
    yield Mistake("retry.recycling.abandoned.after_seconds", _M.REDIAL_LOCK, data)


def _parts(campaign: Campaign) -> Iterator[Mistake]:
    parts = sorted(campaign.retry.best_time.parts, key=lambda part: part.begins)
    if len(parts) == 1:
        yield Mistake("retry.best_time", _M.ONE_PART)
    for part in parts:
        if not 0 <= part.begins < part.ends <= DAY_MINUTES:
            yield Mistake("retry.best_time", _M.PART_BEYOND_DAY)
    for first, second in pairwise(parts):
        if second.begins < first.ends:
            yield Mistake("retry.best_time", _M.PARTS_OVERLAP)


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
                data = {"rule": name, "calls": rule.calls, "days": rule.days, "most": most}
                yield Mistake("retry.caps.lead", _M.RULE_CALLS, data, blocks=False)
            if isinstance(rule, SameDayAfterMachine) and same_day:
                field = "retry.recycling.machine.after_seconds"
                yield Mistake(field, _M.RULE_NEXT_DAY, {"rule": name}, blocks=False)
