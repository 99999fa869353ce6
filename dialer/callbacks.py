"""Callbacks of a campaign's leads: what may be promised, and what a promise makes of a lead.

A callback that is due goes first, and its calls count as all others; no cap is bypassed. A person has one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from dialer.campaign import Campaign
from dialer.caps import capped, held_back
from dialer.lead import BUSY, Lead, LeadCallback, LeadMove, LeadState, moved
from dialer.lead_plan import CallbackGivenUp, LeadEvent, LeadPlan
from dialer.reasons import Reason, ReasonCode, waits
from history.callbacks import STANDING, CallbackRequest

# How long a personal callback waits for its agent before anybody may take it.
AGENT_WAIT = timedelta(minutes=30)


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
    )


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
