"""What becomes of a lead after an attempt: over, stopped, or tried again, when and at which number.

In this order: the person's wish to be left in peace, an agent's word on the number, a callback or a promise,
an agent's last word, and then by the result. Whatever asks for another try, caps go before it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from compliance.facts import Mode, Reached
from compliance.pack import CampaignLimits
from dialer.accounting import with_attempt_counted
from dialer.attempt import Attempt, counts, furthest
from dialer.campaign import Campaign
from dialer.lead import Lead, LeadCallback, LeadMove, LeadState
from dialer.lead_plan import CallbackKept, LeadEvent, LeadPlan, NumberWentBad, StopAsked
from dialer.local_day import zone_of
from dialer.next_try import NextTry
from dialer.reasons import Reason, ReasonCode, waits
from dialer.results import NUMBER_IS_BAD, AttemptResult
from history.dispositions import Disposition, Next

NO_LIMITS = CampaignLimits()

# An agent's word on the number, not on the person: their other numbers are still called.
ABOUT_THE_NUMBER = frozenset({"wrong_number", "disconnected"})


def plan(
    campaign: Campaign,
    lead: Lead,
    attempt: Attempt,
    disposition: Disposition | None,
    now: datetime,
    *,
    limits: CampaignLimits = NO_LIMITS,
    callback: LeadCallback | None = None,
    promised: tuple[str, datetime] | None = None,
    opted_out: bool = False,
) -> LeadPlan:
    """What becomes of the lead after `attempt`, which has ended, and whose agent (if any) said `disposition`.

    `callback`: what was agreed with the person when the disposition asks for one. `promised`: by which date
    they promised to pay, and until when that is waited for. `limits`: of the campaign's packs. `opted_out`:
    they ended all calls by a key or their voice.
    Pure and total; `not_before` is never earlier than `now`. A lead that was closed or stopped meanwhile
    stays so, and its attempt counts.
    """
    zone = zone_of(lead, campaign)
    standing = lead.callback
    counted = with_attempt_counted(lead, attempt, campaign.retry.best_time, zone)
    events: list[LeadEvent] = []
    theirs = disposition is None or disposition.counts_as_conversation
    if standing is not None and theirs and furthest(attempt) is Reached.CONVERSATION:
        if callback is None or callback.request != standing.request:
            events.append(CallbackKept(standing.request))
        counted = replace(counted, callback=None)
    stops = opted_out or (disposition is not None and disposition.next is Next.STOP)
    if stops:
        events.append(StopAsked(attempt.number))
    then = NextTry(campaign, counted, attempt, now, limits, events)
    if lead.state is LeadState.STOPPED or (lead.state is LeadState.DONE and not stops):
        return LeadPlan(counted, tuple(events))

    if stops:
        return then.over(LeadMove.STOP, Reason(ReasonCode.STOP_CONTACT))
    if disposition is not None and disposition.name in ABOUT_THE_NUMBER:
        then.number_is_bad(disposition.name)
        return then.next_number_at_once()
    if attempt.result in NUMBER_IS_BAD:
        events.append(NumberWentBad(attempt.number, str(attempt.result)))
        return then.next_number_at_once()
    if callback is not None and disposition is not None and disposition.next is Next.CALLBACK:
        return then.callback_at(callback)
    if promised is not None and (disposition is None or disposition.next is Next.PROMISE):
        due, until = promised
        reason = waits(ReasonCode.PROMISE, until, due=due)
        return then.again(until, reason, keep_callback=False)
    if disposition is not None and disposition.final:
        return then.over(LeadMove.FINISH, Reason(ReasonCode.DISPOSITION, {"disposition": disposition.name}))
    if disposition is not None and disposition.retry_seconds is not None:
        return then.retry(timedelta(seconds=disposition.retry_seconds))
    if disposition is None and campaign.mode is Mode.AGENTLESS and attempt.result is AttemptResult.ANSWERED:
        return then.over(LeadMove.FINISH, Reason(ReasonCode.LED_THROUGH))
    if attempt.result is AttemptResult.ABANDONED or counts(attempt):
        return then.by_result()
    return then.network_trouble()
