"""Callbacks of a campaign's leads: what may be promised, and what a promise makes of a lead.

A callback that is due goes first, and its calls count as all others; no cap is bypassed. A person has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from compliance.facts import Requested
from dialer.campaign import Campaign, CampaignKind, CampaignState
from dialer.caps import capped, held_back
from dialer.lead import (
    BUSY,
    OVER,
    Lead,
    LeadCallback,
    LeadMove,
    LeadNumber,
    LeadState,
    NumberState,
    moved,
)
from dialer.lead_plan import CallbackGivenUp, CallbackKept, LeadEvent, LeadPlan
from dialer.reasons import IN_TURN, Reason, ReasonCode, waits
from history.callbacks import STANDING, CallbackRequest, only_missed

# How long a personal callback waits for its agent before anybody may take it.
AGENT_WAIT = timedelta(minutes=30)

# What keeps requests: a draft does not yet, a finished campaign no more; one that is paused will.
KEEPING = frozenset({CampaignState.RUNNING, CampaignState.PAUSED})
# A person who asks again is called again, but for these.
_FOR_GOOD = frozenset(
    {
        ReasonCode.STOP_CONTACT,
        ReasonCode.DISPUTED,
        ReasonCode.REMOVED,
        ReasonCode.ERASED,
        ReasonCode.MERGED,
    }
)


@dataclass(frozen=True, slots=True)
class PersonalRule:
    """How long a personal callback waits for its agent, and whether it does while they are not at work."""

    wait: timedelta = AGENT_WAIT
    away_waits: bool = True


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """`campaign`: the id of the callback campaign that keeps what no other one does; None: nobody does."""

    campaign: str | None = None
    personal: PersonalRule = field(default=PersonalRule())


def keeper(
    campaigns: Iterable[Campaign], request: CallbackRequest, otherwise: str | None = None
) -> Campaign | None:
    """The one campaign that keeps the request.

    The campaign that it names; else a callback campaign of its topic, of its queue, or the one that takes all
    others (`otherwise`, an id). Of several the most important one, then the oldest. None: nobody does.
    """
    if request.state not in STANDING:
        return None

    def rank(campaign: Campaign) -> int | None:
        if request.campaign == campaign.id:
            return 0
        if campaign.kind is not CampaignKind.CALLBACK:
            return None
        if request.topic in campaign.topics:
            return 1
        if request.queue is not None and request.queue in (campaign.queue, *campaign.topics):
            return 2
        return 3 if campaign.id == otherwise else None

    ranked = [
        ((place, -one.priority, one.created_at, one.id), one)
        for one in campaigns
        if one.state in KEEPING and (place := rank(one)) is not None
    ]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def lead_callback(
    request: CallbackRequest, agent: str | None = None, wait: timedelta = AGENT_WAIT
) -> LeadCallback:
    """The request as its lead knows it. `agent`: theirs alone until `wait` after the window begins."""
    begins = request.window_from or request.requested_at
    until = None if agent is None else begins + wait
    if until is not None and request.window_to is not None:
        # Half of the window is left to the others, or it would be broken with everybody looking on.
        until = min(until, begins + (request.window_to - begins) / 2)
    return LeadCallback(
        request=request.id,
        requested_at=request.requested_at,
        window_from=request.window_from,
        window_to=request.window_to,
        person_chose=request.person_chose,
        agent=agent,
        agent_until=until,
        missed=only_missed(request),
    )


def requested_by(lead: Lead) -> Requested | None:
    """What the gate is told of the person's own wish; a missed call is none."""
    callback = lead.callback
    if callback is None or callback.missed:
        return None
    if not callback.person_chose:
        return Requested(callback.requested_at)
    return Requested(callback.requested_at, callback.window_from, callback.window_to)


def keeps(campaign: Campaign, request: CallbackRequest) -> bool:
    """Whether the request is this campaign's to keep: made in it, or of a topic that it keeps."""
    if request.state not in STANDING:
        return False
    return (
        request.campaign == campaign.id if request.campaign is not None else request.topic in campaign.topics
    )


def may_promise(campaign: Campaign, lead: Lead, begins: datetime, ends: datetime | None) -> Reason | None:
    """Why a callback between those moments cannot be promised; None: it can, as far as caps go.

    `lead` as it is after the call in which it is asked. The gate is asked beside this, and again when
    it is dialled.
    """
    ended = capped(campaign, lead)
    if ended is not None:
        return ended
    held = held_back(campaign, lead, begins)
    if held is not None and ends is not None and held[0] >= ends:
        return held[1]
    return None


def asked(campaign: Campaign, lead: Lead, callback: LeadCallback, now: datetime) -> LeadPlan:
    """The person (or who speaks for them) asked for a callback while nobody talks with them.

    It takes the place of one that stands: a person has one. A lead that is over is called again, unless its
    caps are reached; one that was stopped is not: then it is given up, for people to look at.
    """
    events: tuple[LeadEvent, ...] = ()
    if lead.callback is not None and lead.callback.request != callback.request:
        events = (CallbackGivenUp(lead.callback.request, Reason(ReasonCode.CALLBACK)),)
    if lead.state in BUSY:
        # It is being called: what comes of that decides.
        return LeadPlan(replace(lead, callback=callback), events)
    ended = lead.reason if lead.state is LeadState.STOPPED else capped(campaign, lead)
    if ended is not None:
        return LeadPlan(replace(lead, callback=None), (*events, CallbackGivenUp(callback.request, ended)))
    at = max(callback.window_from or now, now)
    held = held_back(campaign, lead, at)
    at = at if held is None else held[0]
    if callback.window_to is not None and at >= callback.window_to:
        reason = held[1] if held is not None else waits(ReasonCode.CALLBACK, at)
        return LeadPlan(replace(lead, callback=None), (*events, CallbackGivenUp(callback.request, reason)))
    move = LeadMove.REOPEN if lead.state is LeadState.DONE else LeadMove.RETRY
    waiting = replace(
        lead,
        state=moved(lead.state, move),
        not_before=at,
        callback=callback,
        reason=waits(ReasonCode.CALLBACK, at),
    )
    return LeadPlan(waiting, events)


def taken(
    campaign: Campaign, lead: Lead, callback: LeadCallback, number: str, now: datetime
) -> LeadPlan | None:
    """The lead with a request that is this campaign's to keep; None: it has it as it is.

    In a callback campaign each request is a matter of its own: what was tried for an earlier one that is over
    is not counted against it. The gap and the day's cap hold all the same.
    """
    known = lead.callback
    if known == callback:
        return None
    of_anybody = replace(callback, agent=None, agent_until=None)
    if known is not None and replace(known, agent=None, agent_until=None) == of_anybody:
        held_for_agent = lead.reason.code is ReasonCode.AGENT_AWAY and callback.agent is None
        freed = replace(lead, not_before=now, reason=IN_TURN) if held_for_agent else lead
        return LeadPlan(replace(freed, callback=callback))
    if campaign.kind is CampaignKind.CALLBACK and lead.state in OVER and lead.reason.code not in _FOR_GOOD:
        lead = replace(
            lead,
            state=LeadState.DONE,
            attempts=0,
            results={},
            parts_tried=(),
            troubles=0,
            skips=0,
            numbers=tuple(replace(one, attempts=0) for one in lead.numbers),
        )
    return asked(campaign, _with_number(lead, number), callback, now)


def _with_number(lead: Lead, number: str) -> Lead:
    """They are called at the number that they asked for, whatever became of it before."""
    if lead.state in BUSY:
        return lead
    others = tuple(one for one in lead.numbers if one.e164 != number)
    known = lead.number(number)
    this = LeadNumber(number) if known is None else replace(known, state=NumberState.OK)
    if known is None:
        return replace(lead, numbers=(*others, this), next_number=number)
    kept = tuple(this if one.e164 == number else one for one in lead.numbers)
    return replace(lead, numbers=kept, next_number=number)


def settled(campaign: Campaign, plan: LeadPlan, *, said: bool = False) -> LeadPlan:
    """In a callback campaign a lead whose callback was kept or given up is over: nothing else is wanted.

    `said`: an agent said what came of the call, and that holds.
    """
    lead = plan.lead
    ends = CallbackGivenUp if said else (CallbackGivenUp, CallbackKept)
    if (
        campaign.kind is not CampaignKind.CALLBACK
        or not any(isinstance(event, ends) for event in plan.events)
        or lead.callback is not None
        or lead.state is not LeadState.WAITING
    ):
        return plan
    return LeadPlan(_over(lead), plan.events)


def not_asked_any_more(campaign: Campaign, lead: Lead, now: datetime) -> LeadPlan | None:
    """The request was cancelled, or kept elsewhere. In a callback campaign the lead is over, else it goes on.

    None: it is being called, and what comes of that decides.
    """
    if lead.state in BUSY and lead.state is not LeadState.RESERVED:
        return None
    if campaign.kind is CampaignKind.CALLBACK and lead.state not in OVER:
        return LeadPlan(_over(lead))
    if lead.state is not LeadState.RESERVED:
        return withdrawn(lead)
    waiting = moved(lead.state, LeadMove.RETRY)
    back = replace(lead, callback=None, state=waiting, not_before=now, reason=IN_TURN)
    return LeadPlan(replace(back, reserved_by=None, reserved_until=None))


def _over(lead: Lead) -> Lead:
    return replace(
        lead,
        state=moved(lead.state, LeadMove.FINISH),
        reason=Reason(ReasonCode.CALLBACK_OVER),
        not_before=None,
        next_number=None,
        callback=None,
        reserved_by=None,
        reserved_until=None,
    )


def withdrawn(lead: Lead) -> LeadPlan:
    """The request was cancelled, or kept elsewhere: the lead goes on as any other."""
    return LeadPlan(replace(lead, callback=None))


def window_passed(lead: Lead, now: datetime) -> LeadPlan | None:
    """A waiting lead whose callback was not kept in time. None: nothing has passed."""
    callback = lead.callback
    if callback is None or callback.window_to is None or now < callback.window_to or lead.state in BUSY:
        return None
    return LeadPlan(
        replace(lead, callback=None),
        (CallbackGivenUp(callback.request, waits(ReasonCode.CALLBACK, callback.window_to)),),
    )
