"""CallbackLeads: callback requests become leads of the campaigns that keep them, and hear what comes of it.

Which requests stand is looked at every moment by a figure that changes with them; they are read when it has
changed. Nothing is lost when an engine dies: a request that stands and is no lead is found by the next one,
and a lead whose request stands no more is given up before it is dialled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from dialer.callbacks import (
    keeper,
    lead_callback,
    not_asked_any_more,
    settled,
    taken,
)
from dialer.campaign import Campaign
from dialer.lead import BUSY, Lead, LeadCallback
from dialer.lead_plan import LeadPlan
from engine.dialling.callback_telling import tell_callbacks
from engine.dialling.means import DiallingMeans
from engine.registers.actor import ENGINE
from engine.registers.callbacks import CallbackFilter, Standing
from engine.registers.leads import LeftOutCode, NewLead
from engine.registers.refusals import Missing, Refused
from history.callbacks import STANDING, CallbackRequest
from history.interaction import PointKind

# What stands is read anew so often, also when nothing seems to have changed: agents come and go.
READ_SECONDS = 15.0
PAGE = 200
# Left out by another writer who has just added the same person: they are a lead at the next look.
_OVERTAKEN = frozenset({LeftOutCode.SAME_PERSON})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A request as its lead has it. `agent` None: the team may take it."""

    campaign: str
    version: int
    agent: str | None
    lead: str | None


class CallbackLeads:
    """Every method raises StoreUnavailable."""

    def __init__(self, means: DiallingMeans) -> None:
        self._means = means
        self._clock = means.exchange.clock
        self._kept: dict[str, _Kept] = {}
        self._seen: tuple[Standing, frozenset[tuple[str, int]], frozenset[str]] | None = None
        self._read_at = -1e9
        self._changed: set[str] = set()

    async def look(self, campaigns: Sequence[Campaign], mine: Collection[str]) -> frozenset[str]:
        """`campaigns`: all that run or are paused; `mine`: those that this engine dials for.

        Returns those whose lists have changed.
        """
        means, now = self._means, self._clock.monotonic()
        versions = frozenset((one.id, one.version) for one in campaigns)
        seen = await means.callbacks.standing(), versions, frozenset(mine)
        if seen == self._seen and now - self._read_at < READ_SECONDS:
            return frozenset()
        self._read_at = now
        by_id = {one.id: one for one in campaigns}
        requests = {one.id: one for one in await self._all_standing()}
        otherwise = means.callback_rules.campaign
        owners = {name: keeper(campaigns, one, otherwise) for name, one in requests.items()}
        complete = True
        for name, kept in list(self._kept.items()):
            owner = owners.get(name)
            if kept.campaign in mine and (owner is None or owner.id != kept.campaign):
                complete &= await self._withdraw(by_id[kept.campaign], kept, name)
        for name, request in sorted(requests.items(), key=lambda pair: _order(pair[1])):
            owner = owners[name]
            if owner is not None and owner.id in mine:
                complete &= await self._keep(owner, request, requests)
        self._kept = {name: kept for name, kept in self._kept.items() if kept.campaign in by_id}
        # What could not be done now is looked at again in a moment.
        self._seen = seen if complete else None
        changed, self._changed = frozenset(self._changed), set()
        return changed

    async def not_wanted(self, campaign: Campaign, leads: Sequence[Lead]) -> Mapping[str, LeadPlan]:
        """Of leads that are about to be called, those whose request stands no more, by their ids."""
        found: dict[str, LeadPlan] = {}
        for lead in leads:
            if lead.callback is None:
                continue
            try:
                request = await self._means.callbacks.get(lead.callback.request)
            except Missing:
                continue  # a list's own, or one that was erased: the gate decides
            if request.state not in STANDING:
                plan = not_asked_any_more(campaign, lead, self._clock.now())
                if plan is not None:
                    found[lead.id] = plan
        return found

    # --- inside -------------------------------------------------------------------------------------------

    async def _all_standing(self) -> list[CallbackRequest]:
        found: list[CallbackRequest] = []
        after = None
        while True:
            page = await self._means.callbacks.list(CallbackFilter(STANDING), limit=PAGE, after=after)
            found += page.items
            if (after := page.after) is None:
                return found

    async def _keep(
        self, campaign: Campaign, request: CallbackRequest, standing: Mapping[str, CallbackRequest]
    ) -> bool:
        """False: it is to be looked at again soon."""
        agent = self._agent_of(campaign, request)
        known = self._kept.get(request.id)
        if known is not None and (known.campaign, known.version, known.agent) == (
            campaign.id,
            request.version,
            agent,
        ):
            return True
        rule = self._means.callback_rules.personal
        callback = lead_callback(request, agent, rule.wait)
        lead = await self._lead_of(campaign, request)
        if lead is None:
            added = await self._add(campaign, request, callback)
            if added is None:
                return False
        else:
            other = request.id if lead.callback is None else lead.callback.request
            if lead.state in BUSY or (other != request.id and other in standing):
                return False  # one matter after the other
            plan = taken(campaign, lead, callback, request.point.value, self._clock.now())
            if plan is not None:
                plan = settled(campaign, plan)
                if await self._means.leads.keep([plan.lead]):
                    return False  # somebody has just changed it
                if lead.number(request.point.value) is None:
                    await self._means.leads.add_number(lead.id, request.point.value)
                await tell_callbacks(self._means, campaign.id, plan.events)
        self._changed.add(campaign.id)
        self._kept[request.id] = _Kept(campaign.id, request.version, agent, lead.id if lead else added)
        return True

    def _agent_of(self, campaign: Campaign, request: CallbackRequest) -> str | None:
        """For whom it is; None for the team, to which it falls while its agent is not at work."""
        agent, rule = request.agent, self._means.callback_rules.personal
        begun = request.window_from is None or request.window_from <= self._clock.now()
        if agent is None or rule.away_waits or not begun:
            return agent
        return agent if agent in self._means.agents.members(campaign.queue or "") else None

    async def _lead_of(self, campaign: Campaign, request: CallbackRequest) -> Lead | None:
        if request.contact_id is None:
            return None
        for lead in await self._means.leads.of_contact(request.contact_id):
            if lead.campaign == campaign.id:
                return lead
        return None

    async def _add(self, campaign: Campaign, request: CallbackRequest, callback: LeadCallback) -> str | None:
        """The new lead's id, "" for one that cannot be made; None: somebody is making it."""
        if request.point.kind is not PointKind.PHONE:
            return ""
        fields = {"topic": request.topic, "note": request.note or "", "queue": request.queue or ""}
        person = NewLead(
            place=1,
            numbers=((request.point.value, ""),),
            contact_id=request.contact_id,
            name=request.name or "",
            time_zone=request.time_zone,
            fields={name: value for name, value in fields.items() if value},
            not_before=request.window_from,
            callback=callback,
        )
        try:
            added = await self._means.leads.add(ENGINE, campaign.id, [person])
        except (Missing, Refused) as refused:
            log.warning("a callback is no lead", callback=request.id, why=str(refused))
            return ""
        if added.ids:
            return added.ids[1]
        left_out = added.left_out[0]
        if left_out.code in _OVERTAKEN:
            return None
        log.warning("a callback is no lead", callback=request.id, why=left_out.sentence)
        return ""

    async def _withdraw(self, campaign: Campaign, kept: _Kept, request: str) -> bool:
        """It has ended, or is another campaign's by now. False: to be looked at again soon."""
        if kept.lead:
            try:
                lead = await self._means.leads.get(kept.lead)
            except Missing:
                lead = None
            if lead is not None and lead.callback is not None and lead.callback.request == request:
                if lead.state in BUSY:
                    return False
                plan = not_asked_any_more(campaign, lead, self._clock.now())
                if plan is not None and await self._means.leads.keep([plan.lead]):
                    return False
        del self._kept[request]
        return True


def _order(request: CallbackRequest) -> tuple[object, ...]:
    """Whoever has waited longest first."""
    return (request.window_from or request.place_kept_at or request.requested_at, request.id)
