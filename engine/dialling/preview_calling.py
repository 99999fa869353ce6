"""A lead that an agent looks at is called: looked at again, the gate asked, written, then dialled.

The call is then as one that the agent placed, with the campaign's attempt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dialer.attempt import Attempt
from dialer.before_dialling import PERSON_BUSY, before_dialling, person_busy, refused
from dialer.campaign import Campaign
from dialer.lead import Lead, LeadState
from dialer.lead_plan import LeadPlan
from dialer.numbers import usable
from dialer.reasons import sentence
from engine.changes import AttemptBegun
from engine.desk.previews import Preview, no_lead
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.dialling.flights import Flight
from engine.dialling.lead_calling import LeadCaller, request_of
from engine.dialling.means import DiallingMeans
from engine.dialling.preview_board import LeadStays
from engine.dialling.trunks import Trunks
from engine.placing.manual_call import ManualDial, received_of_manual
from engine.placing.manual_placing import person_busy as person_is_busy
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.refusals import Missing

Keep = Callable[[LeadPlan], Awaitable[None]]


class PreviewCaller:
    """Every method raises StoreUnavailable where it says nothing else."""

    def __init__(self, means: DiallingMeans, caller: LeadCaller, trunks: Trunks) -> None:
        self._means = means
        self._trunks = trunks
        self.debt_of = caller.debt_of
        self.busy = caller.busy
        self._caller = caller

    async def call(self, campaign: Campaign, preview: Preview, number: str, keep: Keep) -> Flight:
        """`keep` takes what becomes of the lead when it is not called.

        Raises DeskRefused, ContactForbidden; LeadStays when only the moment is wrong.
        """
        try:
            lead = await self.as_it_is(preview.lead)
            self._make_way(campaign, lead, number)
            await self._look_again(campaign, lead, keep)
            with self._caller.placing(number, lead.contact_id):
                return await self._call(campaign, lead, preview.agent, number, keep)
        except (StoreUnavailable, LedgerUnavailable):
            raise LeadStays("store", "The database is away: nobody is called until it is back.") from None

    async def as_it_is(self, lead: Lead) -> Lead:
        """It may have been changed while the agent looked. Raises DeskRefused when it is not ours now."""
        try:
            found = await self._means.leads.get(lead.id)
        except Missing:
            raise no_lead() from None
        if found.state is not LeadState.RESERVED or found.reserved_by != self._means.worker:
            raise no_lead()
        return found

    def _make_way(self, campaign: Campaign, lead: Lead, number: str) -> None:
        means = self._means
        if number not in {one.e164 for one in usable(lead, campaign.retry.caps)}:
            raise LeadStays("lead_number", "This number of theirs is not called any more: choose another.")
        if not means.switchboard.connected:
            raise LeadStays("asterisk", "Asterisk is away: the hotline is reconnecting, try again soon.")
        if self._trunks.why_not(means.exchange.clock.now()):
            raise LeadStays(
                "trunk_down", "The trunk does not answer or rejects calls: try again in a minute."
            )
        if means.switchboard.placed >= means.lines.most:
            raise LeadStays("no_line", "All lines are in use: try again in a moment.")

    async def _look_again(self, campaign: Campaign, lead: Lead, keep: Keep) -> None:
        """Caps, callbacks and debts may have changed while the agent looked. Raises DeskRefused."""
        now = self._means.exchange.clock.now()
        ready = before_dialling(campaign, lead, now, *await self._caller.debt_of(lead))
        if isinstance(ready, LeadPlan):
            await keep(ready)
            told = sentence(ready.reason)
            raise DeskRefused("lead_held", told, reason=told)
        if self._caller.busy(lead):
            await keep(person_busy(lead, now))
            raise person_is_busy()

    async def _call(self, campaign: Campaign, lead: Lead, agent: str, number: str, keep: Keep) -> Flight:
        means, exchange = self._means, self._means.exchange
        call_id = exchange.ids.new()
        # What an earlier call with this person left behind must be there for the gate to see.
        await exchange.ledger.commit((), durable=True)
        decision = await means.gate.ask(request_of(campaign, lead, number, call_id))
        if not decision.allowed:
            await keep(refused(campaign, lead, number, decision, exchange.clock.now()))
            raise person_is_busy() if decision.rule == PERSON_BUSY else ContactForbidden(decision)
        attempt = self._caller.attempt_of(campaign, lead, number, call_id, agent=agent)
        dial = self._dial_of(campaign, attempt, agent)
        received = received_of_manual(
            call_id,
            dial,
            purpose=campaign.purpose.value,
            node=exchange.node,
            debt=lead.debt,
            script=campaign.script,
            dispositions=campaign.dispositions,
        )
        call_log = exchange.call_log(call_id)
        await self._caller.dial(call_log, received, AttemptBegun(attempt, lead.version), dial)
        self._trunks.dialled(exchange.clock.now())
        return Flight(attempt, call_log)

    def _dial_of(self, campaign: Campaign, attempt: Attempt, agent: str) -> ManualDial:
        limits = self._means.limits(campaign)
        ring_seconds = max(campaign.ring_seconds, limits.ring_seconds or 0)
        return ManualDial(
            agent,
            attempt.number,
            attempt.caller_id,
            ring_seconds,
            attempt.trunk,
            campaign.queue or "",
            campaign=campaign.id,
        )
