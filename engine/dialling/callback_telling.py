"""What comes of leads is told to the callback requests that they keep, and to leads of the same number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from compliance.do_not_contact import RULE as DO_NOT_CONTACT
from compliance.facts import Reached
from dialer.attempt import Attempt, furthest
from dialer.lead_plan import (
    CallbackGivenUp,
    CallbackKept,
    CallbackPutBack,
    LeadEvent,
    LeadPlan,
    NumberWentBad,
)
from dialer.reasons import Reason, ReasonCode, sentence
from engine.dialling.means import DiallingMeans
from engine.registers.refusals import Changed, Missing

# A call with wrap-up lasts no longer; after it the request is anybody's again.
CLAIM = timedelta(hours=3)
_OF_A_CALLBACK = (CallbackKept, CallbackPutBack, CallbackGivenUp)
_UNWANTED = frozenset({ReasonCode.STOP_CONTACT, ReasonCode.ERASED})

log = structlog.get_logger(__name__)


def worker_of(campaign: str) -> str:
    """By what name a campaign's requests are dialled, whichever engine runs it."""
    return f"campaign:{campaign}"


async def callback_begun(means: DiallingMeans, attempt: Attempt) -> None:
    """Its lead is being called: the request is dialled, and not broken before that is over."""
    if attempt.callback is None:
        return
    try:
        if await means.callbacks.claim(worker_of(attempt.campaign), attempt.callback, CLAIM) is None:
            log.info("a callback is called that has just ended", callback=attempt.callback)
    except Missing:
        pass  # a list's own, or erased


async def callback_settled(means: DiallingMeans, attempt: Attempt, plan: LeadPlan | None) -> None:
    """The attempt is over; no plan: its lead is not called any more."""
    events = () if plan is None else plan.events
    await tell_callbacks(means, attempt.campaign, events, agent=attempt.agent)
    told = {event.request for event in events if isinstance(event, _OF_A_CALLBACK)}
    if attempt.callback is not None and attempt.callback not in told:
        # Nothing was dialled, or the lead was taken away meanwhile; or its plan was kept and no more: an
        # engine died, or the database went away. Whoever was talked with then is not called again for it.
        if plan is None and furthest(attempt) is Reached.CONVERSATION:
            kept = CallbackKept(attempt.callback)
            await tell_callbacks(means, attempt.campaign, [kept], agent=attempt.agent)
            return
        not_before = plan.lead.not_before if plan is not None else None
        back = CallbackPutBack(attempt.callback, not_before or means.exchange.clock.now())
        await tell_callbacks(means, attempt.campaign, [back])


def _unwanted(reason: Reason) -> bool:
    """The person has the last word: then nothing was broken."""
    return reason.code in _UNWANTED or reason.data.get("rule") == DO_NOT_CONTACT


async def tell_callbacks(
    means: DiallingMeans, campaign: str, events: Sequence[LeadEvent], *, agent: str | None = None
) -> None:
    """Raises StoreUnavailable."""
    for event in events:
        try:
            await _tell(means, campaign, event, agent)
        except Missing:
            pass  # a list's own, or erased
        except Changed as changed:
            log.info("a callback was ended by others", campaign=campaign, why=str(changed))


async def _tell(means: DiallingMeans, campaign: str, event: LeadEvent, agent: str | None) -> None:
    match event:
        case CallbackKept(request):
            await means.callbacks.reached(request, f"campaign {campaign}", agent)
        case CallbackPutBack(request, not_before):
            await means.callbacks.put_back(worker_of(campaign), request, not_before)
        case CallbackGivenUp(request, reason):
            await means.callbacks.give_up(request, sentence(reason), unwanted=_unwanted(reason))
        case NumberWentBad(e164, why):
            marked = await means.leads.number_went_bad(e164)
            if marked:
                log.info("a number is called by no campaign any more", leads=marked, why=why)
        case _:
            pass
