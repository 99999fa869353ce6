"""A lead that was reserved is called: looked at again, the gate asked, written, and only then dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import structlog

from compliance.facts import Channel, Mode
from compliance.pack import CampaignLimits
from dialer.attempt import Attempt
from dialer.before_dialling import ToDial, agent_away, before_dialling, person_busy, refused
from dialer.callbacks import requested_by
from dialer.caller_ids import caller_id_for
from dialer.campaign import Campaign
from dialer.debts.debt import Debt
from dialer.debts.promise import Promise, PromiseState
from dialer.lead import Lead
from dialer.lead_plan import LeadPlan
from dialer.machine import Detect
from engine.call_log import CallLog
from engine.changes import AttemptBegun
from engine.dialling.campaign_dial import CONNECT_SECONDS, CampaignDial, received_of_campaign
from engine.dialling.flights import Flight
from engine.dialling.means import DiallingMeans
from engine.gatekeeper import ContactRequest
from engine.placing.manual_call import ManualDial
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind

_MOST_REMEMBERED = 1000

log = structlog.get_logger(__name__)


class LeadCaller:
    """`trunk` leads out."""

    def __init__(self, means: DiallingMeans, trunk: str) -> None:
        self._means = means
        self._trunk = trunk
        self._placing: set[str] = set()  # numbers, and contacts, between the gate and the call
        self._last_call: dict[str, str] = {}  # with each contact who may be on the line, whatever the number
        # Calls that are not made, though the database may have taken their first event: its answer was lost.
        self.doubtful: set[str] = set()

    async def call(
        self, campaign: Campaign, lead: Lead, limits: CampaignLimits
    ) -> tuple[Flight | None, LeadPlan | None]:
        """The call that is made, or what becomes of the lead instead; neither: it is given back.

        Raises StoreUnavailable, LedgerUnavailable: nothing was dialled.
        """
        means, clock = self._means, self._means.exchange.clock
        debt, promise = await self.debt_of(lead)
        ready = before_dialling(campaign, lead, clock.now(), debt, promise)
        if isinstance(ready, LeadPlan):
            return None, ready
        if self.busy(lead):
            return None, person_busy(lead, clock.now())
        if ready.agent is not None and not means.agents.free(ready.agent):
            return None, agent_away(lead, clock.now())
        with self.placing(ready.number, lead.contact_id):
            return await self._call(campaign, lead, limits, ready)

    @contextmanager
    def placing(self, number: str, contact_id: str) -> Iterator[None]:
        """Nobody else calls this number, or this person, meanwhile."""
        self._placing |= {number, contact_id}
        try:
            yield
        finally:
            self._placing -= {number, contact_id}

    async def _call(
        self, campaign: Campaign, lead: Lead, limits: CampaignLimits, ready: ToDial
    ) -> tuple[Flight | None, LeadPlan | None]:
        means, exchange = self._means, self._means.exchange
        call_id = exchange.ids.new()
        # What an earlier call with this person left behind must be there for the gate to see.
        await exchange.ledger.commit((), durable=True)
        decision = await means.gate.ask(request_of(campaign, lead, ready.number, call_id))
        if not decision.allowed:
            return None, refused(campaign, lead, ready.number, decision, exchange.clock.now())
        if not means.switchboard.connected:
            return None, None
        attempt = self.attempt_of(campaign, lead, ready.number, call_id)
        call_log = exchange.call_log(call_id)
        begun = AttemptBegun(attempt, lead.version)
        dial = self._dial_of(campaign, limits, lead, ready, attempt.caller_id)
        received = received_of_campaign(
            call_id,
            dial,
            purpose=campaign.purpose,
            mode=campaign.mode,
            debt=lead.debt,
            node=exchange.node,
            script=campaign.script,
            dispositions=campaign.dispositions,
        )
        await self.dial(call_log, received, begun, dial)
        return Flight(begun.attempt, call_log, campaign.machine.detect is not Detect.OFF), None

    async def dial(
        self,
        call_log: CallLog,
        received: Mapping[str, object],
        begun: AttemptBegun,
        dial: CampaignDial | ManualDial,
    ) -> None:
        """Written, and then dialled. Raises LedgerUnavailable: then it is not dialled, and in `doubtful`."""
        try:
            await call_log.begin(received, begun)
            self.on_line(begun.attempt)
            self._means.switchboard.dial(call_log, dial)
        except BaseException:
            self.doubtful.add(call_log.id)
            raise

    def _dial_of(
        self, campaign: Campaign, limits: CampaignLimits, lead: Lead, ready: ToDial, caller_id: str
    ) -> CampaignDial:
        """Raises LookupError for a campaign whose flow is not loaded: nobody is called without it."""
        dial = dial_of(campaign, limits, ready, caller_id, self._trunk)
        dial = replace(dial, company=self._means.lines.company)
        agentless = campaign.mode is Mode.AGENTLESS
        if campaign.flow is None and not agentless:
            return dial
        flow = self._means.exchange.flows.by_name(campaign.flow or "")
        if flow is None:
            raise LookupError(f"campaign {campaign.id!r} has no flow that is loaded: {campaign.flow!r}")
        variables = {name: lead.fields.get(name, "") for name in flow.takes}
        return replace(dial, flow=flow.name, variables=variables, before_agent=not agentless)

    def attempt_of(
        self, campaign: Campaign, lead: Lead, number: str, call_id: str, agent: str | None = None
    ) -> Attempt:
        """It is about to be written. `agent`: who looked at the lead before."""
        means, callback = self._means, lead.callback
        return Attempt(
            id=call_id,
            lead=lead.id,
            campaign=campaign.id,
            contact_id=lead.contact_id,
            number=number,
            caller_id=caller_id_for(number, campaign.caller_ids) or means.lines.caller_id,
            mode=campaign.mode,
            reserved_at=means.exchange.clock.now(),
            agent=agent,
            debt=lead.debt,
            callback=None if callback is None else callback.request,
            trunk=self._trunk,
            node=means.exchange.node,
        )

    async def debt_of(self, lead: Lead) -> tuple[Debt | None, Promise | None]:
        if lead.debt is None:
            return None, None
        try:
            debt = await self._means.debts.get(lead.debt)
        except Missing:
            return None, None
        promises = await self._means.debts.promises(lead.debt)
        standing = next((one for one in promises if one.state is PromiseState.OPEN), None)
        return debt, standing

    def busy(self, lead: Lead) -> bool:
        """Whether there is a call with this person: at one of these numbers, or a campaign's at any."""
        numbers, live = {number.e164 for number in lead.numbers}, self._means.exchange.live
        on_line = {call.person for call in live.all()}
        if live.get(self._last_call.get(lead.contact_id, "")) is not None:
            return True
        return bool(numbers & on_line) or bool((numbers | {lead.contact_id}) & self._placing)

    def on_line(self, attempt: Attempt) -> None:
        """There is a call with this person from now on."""
        live = self._means.exchange.live
        if len(self._last_call) > _MOST_REMEMBERED:
            self._last_call = {who: call for who, call in self._last_call.items() if live.get(call)}
        self._last_call[attempt.contact_id] = attempt.id


async def call_all(
    caller: LeadCaller, campaign: Campaign, leads: list[Lead], limits: CampaignLimits
) -> list[tuple[Lead, Flight | None, LeadPlan | None]]:
    """Each apart: one that fails is given back."""

    async def one(lead: Lead) -> tuple[Lead, Flight | None, LeadPlan | None]:
        try:
            return lead, *await caller.call(campaign, lead, limits)
        except (StoreUnavailable, LedgerUnavailable) as away:
            log.warning("a lead is not called", lead=lead.id, why=str(away))
        except Exception:
            log.exception("a lead could not be called", lead=lead.id, campaign=campaign.id)
        return lead, None, None

    return list(await asyncio.gather(*(one(lead) for lead in leads)))


def dial_of(
    campaign: Campaign, limits: CampaignLimits, ready: ToDial, caller_id: str, trunk: str
) -> CampaignDial:
    within = limits.agent_within_seconds
    return CampaignDial(
        campaign.id,
        ready.number,
        caller_id,
        max(campaign.ring_seconds, limits.ring_seconds or 0),
        campaign.queue or "",
        CONNECT_SECONDS if within is None else within,
        trunk,
        campaign.abandon.flow,
        campaign.language,
        ready.agent,
        campaign.machine,
        opt_out_key=campaign.abandon.opt_out_key,
    )


def request_of(campaign: Campaign, lead: Lead, number: str, call_id: str) -> ContactRequest:
    return ContactRequest(
        subject=f"call:{call_id}",
        channel=Channel.CALL,
        purpose=campaign.purpose,
        mode=campaign.mode,
        point=ContactPoint(PointKind.PHONE, number),
        contact_id=lead.contact_id,
        debt=lead.debt,
        requested=requested_by(lead),
        campaign=campaign.id,
        packs=campaign.packs,
    )
