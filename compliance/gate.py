"""The gate: may this person be contacted now, by which rule not, and from when on.

Every rule of every pack must pass in every zone in which the callee may be. A refusal is followed from moment
to moment: a refusing rule names the first moment at which it can pass, and that one is tried next, so that
nothing earlier is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TypeVar

from compliance.decision import Checked, Decision, Verdict
from compliance.do_not_contact import RULE as DO_NOT_CONTACT
from compliance.do_not_contact import objections
from compliance.facts import Facts, Mode, Request
from compliance.finding import NOT_IN_FORCE, Finding, Rule
from compliance.local_time import LocalTime
from compliance.pack import CampaignLimits, Pack
from compliance.packs import PACKS
from compliance.refusal_reasons import looser_note
from compliance.rules.mode_ban import ModeBan
from compliance.rules.redial_locks import LockAfterAbandoned
from compliance.zones import candidate_zones

__all__ = ["PACKS", "CampaignLimits", "Decision", "decide", "limits"]

# Longer than any rule of counting lasts: what is refused for so long, after all that refuses now may have
# passed, is refused as things are.
LOOK_AHEAD = timedelta(days=35)

_REFUSE, _PASS = Verdict.REFUSE, Verdict.PASS

_Number = TypeVar("_Number", int, float)
_Found = list[tuple[str, Finding]]


def decide(request: Request, facts: Facts, packs: Sequence[Pack], now: datetime) -> Decision:
    """Pure: the same input has the same answer. Facts later than `now` are left out of account.

    The deciding rule is the first refusal without an end, else the first. A naive `now` raises ValueError.
    """
    if now.tzinfo is None:
        raise ValueError("now is a time without a zone: give it one, such as UTC")
    now = now.astimezone(UTC)
    request, facts = _known(request, facts, now)
    zones = candidate_zones(request.contact, now)
    found = _findings(request, facts, packs, zones, now)
    forbidden = [
        (rule, Finding(_REFUSE, reason)) for rule, reason in objections(request, facts.do_not_contact, now)
    ]
    refusals = [*forbidden, *(each for each in found if each[1].verdict is _REFUSE)]
    checked = (
        *(Checked(rule, finding.verdict, finding.reason) for rule, finding in forbidden),
        *(() if forbidden else (_NOT_FORBIDDEN,)),
        *(_checked(rule, finding.verdict, finding.reason) for rule, finding in found),
    )
    if not refusals:
        return Decision(True, None, None, None, checked)
    rule, finding = next((each for each in refusals if each[1].next is None), refusals[0])
    ends = [each for _, each in refusals]
    next_allowed_at = _next_allowed(request, facts, packs, ends)
    return Decision(False, rule, finding.reason, next_allowed_at, checked)


def limits(packs: Iterable[Pack]) -> CampaignLimits:
    """The strictest of what the packs ask of a campaign."""
    together = CampaignLimits()
    for pack in packs:
        own = pack.limits
        locks = [rule.hours for rule in pack.rules if isinstance(rule, LockAfterAbandoned)]
        banned = {mode for rule in pack.rules if isinstance(rule, ModeBan) for mode in rule.modes}
        together = CampaignLimits(
            abandon_cap=_least(together.abandon_cap, own.abandon_cap),
            abandon_window_days=_least(together.abandon_window_days, own.abandon_window_days),
            ring_seconds=_most(together.ring_seconds, own.ring_seconds),
            agent_within_seconds=_least(together.agent_within_seconds, own.agent_within_seconds),
            agent_from_speech_start=together.agent_from_speech_start or own.agent_from_speech_start,
            redial_lock_hours=_most(together.redial_lock_hours, own.redial_lock_hours, *locks),
            message=tuple(dict.fromkeys((*together.message, *own.message))),
            caller_id_always=together.caller_id_always or own.caller_id_always,
            labelled=together.labelled or own.labelled,
            modes=tuple(
                mode for mode in Mode if mode in together.modes and mode in own.modes and mode not in banned
            ),
        )
    return together


def _known(request: Request, facts: Facts, now: datetime) -> tuple[Request, Facts]:
    """Without what has not happened yet. A consent's end is kept: it is known already."""
    if request.requested is not None and request.requested.at > now:
        request = replace(request, requested=None)
    for row in facts.history:
        if row.at > now:
            facts = replace(facts, history=tuple(row for row in facts.history if row.at <= now))
            break
    for consent in facts.consents:
        if consent.given_at > now:
            facts = replace(facts, consents=tuple(each for each in facts.consents if each.given_at <= now))
            break
    return request, facts


def _findings(
    request: Request, facts: Facts, packs: Sequence[Pack], zones: tuple[tzinfo, ...], now: datetime
) -> _Found:
    locals_ = [LocalTime(zone, now) for zone in zones]
    found: _Found = []
    for pack in packs:
        begins = pack.in_force_from
        inside = locals_ if begins is None else [local for local in locals_ if local.today >= begins]
        for rule in pack.rules:
            if not inside:
                finding = NOT_IN_FORCE
            elif len(inside) == 1 or not rule.by_zone:
                finding = rule.check(request, facts, inside[0], now)
            else:
                finding = _everywhere(rule, request, facts, inside, now)
            if pack.overrides and finding is not NOT_IN_FORCE:
                finding = _with_overrides(finding, pack)
            found.append((f"{pack.name}/{rule.name}", finding))
    return found


def _everywhere(
    rule: Rule, request: Request, facts: Facts, locals_: Sequence[LocalTime], now: datetime
) -> Finding:
    """One refusing zone is enough; it may pass once the last of them passes."""
    findings = [rule.check(request, facts, local, now) for local in locals_]
    refusals = [finding for finding in findings if finding.verdict is _REFUSE]
    if not refusals:
        return findings[0]
    ends = [finding.next for finding in refusals if finding.next is not None]
    never = len(ends) < len(refusals)
    first = next((each for each in refusals if each.next is None), refusals[0])
    return first._replace(next=None if never else max(ends))


def _with_overrides(finding: Finding, pack: Pack) -> Finding:
    note = looser_note(pack.name, "; ".join(map(str, pack.overrides)))
    return finding._replace(reason=f"{finding.reason} {note}".strip())


def _next_allowed(
    request: Request,
    facts: Facts,
    packs: Sequence[Pack],
    refusals: Sequence[Finding],
) -> datetime | None:
    ends = [refusal.next for refusal in refusals if refusal.next is not None]
    if len(ends) < len(refusals):
        return None
    first = max(ends)  # a time that they chose may be months ahead
    zones = candidate_zones(request.contact, first)
    last = first + LOOK_AHEAD
    moment: datetime | None = first
    while moment is not None and moment <= last:
        refusal = _first_refusal(request, facts, packs, zones, moment)
        if refusal is None:
            return moment
        moment = refusal.next
    return None


def _first_refusal(
    request: Request, facts: Facts, packs: Sequence[Pack], zones: tuple[tzinfo, ...], moment: datetime
) -> Finding | None:
    for zone in zones:
        local = LocalTime(zone, moment)
        for pack in packs:
            if pack.in_force_from is None or local.today >= pack.in_force_from:
                for rule in pack.rules:
                    finding = rule.check(request, facts, local, moment)
                    if finding.verdict is _REFUSE:
                        return finding
    return None


@lru_cache(maxsize=1024)
def _plain(rule: str, verdict: Verdict) -> Checked:
    return Checked(rule, verdict)


def _checked(rule: str, verdict: Verdict, reason: str) -> Checked:
    return Checked(rule, verdict, reason) if reason else _plain(rule, verdict)


_NOT_FORBIDDEN = Checked(DO_NOT_CONTACT, _PASS)


def _least(*numbers: _Number | None) -> _Number | None:
    return min((number for number in numbers if number is not None), default=None)


def _most(*numbers: _Number | None) -> _Number | None:
    return max((number for number in numbers if number is not None), default=None)
