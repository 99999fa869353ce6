"""What becomes of a lead when its call is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from datetime import datetime, timedelta

import structlog

from calls.events import CallEvent, CallEventKind
from compliance.local_time import day_start
from dialer.attempt import Attempt
from dialer.before_dialling import OF_DEBT, never_dialled
from dialer.callbacks import lead_callback, settled
from dialer.campaign import Campaign
from dialer.debts.debt import DebtMove
from dialer.debts.promise import PromiseState, check
from dialer.lead import BUSY, TRANSITIONS, Lead, LeadCallback, LeadMove, LeadState
from dialer.lead_plan import LeadPlan
from dialer.local_day import zone_of
from dialer.promised_leads import after_debt
from dialer.retry import plan
from engine.changes import AttemptStored
from engine.dialling.callback_telling import callback_settled
from engine.dialling.means import DiallingMeans
from engine.registers.actor import Actor, ActorKind
from engine.registers.callbacks import CallbackFilter
from engine.registers.refusals import Missing, Refused
from history.callbacks import STANDING
from history.dispositions import Disposition, Next

# A lead that a person changes in the same moment is read again so often.
TRIES = 5
# Until so long behind the day agreed a payment may still come in.
PROMISE_GRACE = timedelta(days=1)
# Dispositions that say something of the debt.
_MOVES = {"disputed": DebtMove.DISPUTE}

log = structlog.get_logger(__name__)


class AfterCalls:
    """Every method raises StoreUnavailable and LedgerUnavailable; then it is to be tried again."""

    def __init__(self, means: DiallingMeans) -> None:
        self._means = means

    async def over(
        self, campaign: Campaign, attempt: Attempt, step: int, events: Sequence[CallEvent]
    ) -> bool:
        """The attempt has ended, and whoever had a word to say has said it.

        Its callback request, the lead, then the attempt: an engine that dies in between leaves it open,
        and the next one settles it again, to the same end. False: somebody changes the lead all the time.
        """
        means, ledger = self._means, self._means.exchange.ledger
        disposition = self._disposition(attempt)
        callback = await self._callback(attempt, disposition)
        await self._said_of_debt(attempt, disposition)
        for _ in range(TRIES):
            try:
                lead = await means.leads.get(attempt.lead)
            except Missing:
                lead = None
            if lead is None or lead.state not in BUSY or lead.state is LeadState.RESERVED:
                await callback_settled(means, attempt, None)
                break
            planned = self._planned(campaign, lead, attempt, disposition, callback, events)
            planned = await self._as_its_debt_wants(planned)
            # Before the lead is free: it is its request, standing still, that would have it called again.
            await callback_settled(means, attempt, planned)
            if not await means.leads.keep([planned.lead]):
                break
        else:
            log.warning("a lead changes all the time; it is planned at the next look", lead=attempt.lead)
            return False
        await ledger.commit([AttemptStored(attempt, step)], durable=True)
        return True

    async def moved(self, attempt: Attempt, move: LeadMove) -> None:
        """The lead talks, or its agent wraps up. That it changed meanwhile does not matter."""
        try:
            lead = await self._means.leads.get(attempt.lead)
        except Missing:
            return
        after = TRANSITIONS.get((lead.state, move))
        if after is not None:
            await self._means.leads.keep([replace(lead, state=after)])

    # --- debts --------------------------------------------------------------------------------------------

    async def _said_of_debt(self, attempt: Attempt, disposition: Disposition | None) -> None:
        """What the agent closed the call as stops all calls about the debt, in whatever campaign."""
        move = None if disposition is None else _MOVES.get(disposition.name)
        if disposition is not None and disposition.next is Next.STOP:
            move = DebtMove.STOP
        if move is None or attempt.debt is None:
            return
        actor = Actor(ActorKind.PERSON, attempt.agent or "")
        try:
            await self._means.debts.move(actor, attempt.debt, move, f"said in call {attempt.id}")
        except (Missing, Refused) as left:  # it is paid, stopped or erased by now
            log.info("a debt stays as it is", call=attempt.id, why=str(left))

    async def _as_its_debt_wants(self, planned: LeadPlan) -> LeadPlan:
        """What was promised, paid or disputed while it was being called."""
        debts, lead, now = self._means.debts, planned.lead, self._means.exchange.clock.now()
        if lead.debt is None:
            return planned
        try:
            debt = await debts.get(lead.debt)
        except Missing:
            return planned
        newest = next(iter(await debts.promises(debt.id)), None)
        told = None if newest is None else check(newest, await debts.payments(debt.id), now)
        stands = newest is not None and newest.state is PromiseState.OPEN
        after = after_debt(lead, debt, now, newest, told) if stands or debt.state in OF_DEBT else None
        return planned if after is None else LeadPlan(after.lead, (*planned.events, *after.events))

    # --- inside -------------------------------------------------------------------------------------------

    def _planned(
        self,
        campaign: Campaign,
        lead: Lead,
        attempt: Attempt,
        disposition: Disposition | None,
        callback: LeadCallback | None,
        events: Sequence[CallEvent],
    ) -> LeadPlan:
        if attempt.dialled_at is None:
            return never_dialled(lead)
        planned = plan(
            campaign,
            lead,
            attempt,
            disposition,
            self._means.exchange.clock.now(),
            limits=self._means.limits(campaign),
            callback=callback,
            promised=_promised(campaign, lead, events),
            opted_out=any(event.kind is CallEventKind.CONTACT_STOPPED for event in events),
        )
        return settled(campaign, planned, said=disposition is not None)

    def _disposition(self, attempt: Attempt) -> Disposition | None:
        name = attempt.disposition
        return None if name is None else self._means.dispositions().get(name)

    async def _callback(self, attempt: Attempt, disposition: Disposition | None) -> LeadCallback | None:
        """What the agent arranged in this call."""
        if disposition is None or disposition.next is not Next.CALLBACK:
            return None
        wanted = CallbackFilter(STANDING, contact_id=attempt.contact_id)
        for request in (await self._means.callbacks.list(wanted)).items:
            if request.call_id == attempt.id:
                return lead_callback(request, request.agent, self._means.callback_rules.personal.wait)
        return None


def _promised(campaign: Campaign, lead: Lead, events: Sequence[CallEvent]) -> tuple[str, datetime] | None:
    """By when the person promised to pay in this call, and until when that is waited for."""
    made = [event for event in events if event.kind is CallEventKind.PROMISE_MADE]
    if not made:
        return None
    due = str(made[-1].data["due"])
    try:
        ends = day_start(zone_of(lead, campaign), Date.fromisoformat(due) + timedelta(days=1))
    except ValueError:
        return None
    return due, ends + PROMISE_GRACE
