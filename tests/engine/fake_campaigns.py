"""Campaigns, leads and attempts in memory, as the registers keep them; written through a MemoryLedger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from calls.events import CallEvent
from dialer.attempt import Attempt, is_live
from dialer.campaign import Campaign, CampaignMove, CampaignState, Cause, changed
from dialer.campaign import Change as StateChange
from dialer.choosing import chosen, turn
from dialer.lead import OVER, Lead, LeadNumber, LeadState
from engine.changes import AttemptBegun, AttemptStored, Change, LeadPlanned
from engine.ports import Clock, LedgerUnavailable
from engine.registers.actor import Actor
from engine.registers.audit import AuditNote
from engine.registers.campaign_minutes import AgentMinute
from engine.registers.campaigns import CampaignCounters, Lease
from engine.registers.leads import Added, LeadCount, NewLead
from engine.registers.pages import Page
from engine.registers.refusals import Missing
from tests.engine.fake_callbacks import MemoryCallbacks
from tests.engine.fake_store import MemoryLedger


class CampaignBooks:
    """Campaigns, Leads, Attempts and Debts in one. `after`: of the engine that died."""

    def __init__(self, ledger: MemoryLedger, clock: Clock, after: CampaignBooks | None = None) -> None:
        self.clock = clock
        self.campaigns: dict[str, Campaign] = {} if after is None else after.campaigns
        self.leads: dict[str, Lead] = {} if after is None else after.leads
        self.attempts: dict[str, Attempt] = {} if after is None else after.attempts
        self.steps: dict[str, int] = {} if after is None else after.steps
        self.leases: dict[str, Lease] = {} if after is None else after.leases
        self.knowledges: dict[str, Mapping[str, object]] = {} if after is None else after.knowledges
        self.minutes: dict[datetime, AgentMinute] = {}
        self.callbacks = MemoryCallbacks(clock) if after is None else after.callbacks
        self.bad_numbers: list[str] = []
        self.notes: list[AuditNote] = []
        self._ledger = ledger
        self._commit = ledger.__class__.commit
        ledger.commit = self.commit  # type: ignore[method-assign]

    # --- the ledger ---------------------------------------------------------------------------------------

    async def commit(self, changes: Sequence[Change], *, durable: bool = False) -> None:
        for change in changes:
            if isinstance(change, AttemptBegun):
                lead = self.leads[change.attempt.lead]
                if lead.state is not LeadState.RESERVED or lead.version != change.lead_version:
                    raise LedgerUnavailable("The lead is not reserved any more.")
        await self._commit(self._ledger, changes, durable=durable)
        for change in changes:
            match change:
                case AttemptBegun(attempt):
                    self.attempts[attempt.id], self.steps[attempt.id] = attempt, 1
                    lead = self.leads[attempt.lead]
                    self.leads[lead.id] = replace(lead, state=LeadState.DIALLING, version=lead.version + 1)
                case AttemptStored(attempt, step) if step > self.steps[attempt.id]:
                    self.attempts[attempt.id], self.steps[attempt.id] = attempt, step
                case LeadPlanned(lead):
                    await self.keep([lead])
                case _:
                    pass

    async def note(self, notes: Sequence[AuditNote]) -> None:
        self.notes += notes

    # --- campaigns ----------------------------------------------------------------------------------------

    async def get_campaign(self, name: str) -> Campaign:
        return self.campaigns[name]

    async def list(
        self, states: Collection[CampaignState], *, limit: int, after: object = None
    ) -> Page[Campaign]:
        return Page(tuple(one for one in self.campaigns.values() if one.state in states), None)

    async def set_state(
        self, actor: Actor, name: str, move: CampaignMove, *, cause: Cause = Cause.PERSON, note: str = ""
    ) -> Campaign:
        change = StateChange(move, self.clock.now(), actor.id, cause, note)
        self.campaigns[name] = changed(self.campaigns[name], change)
        return self.campaigns[name]

    async def counters(self, name: str, since: datetime) -> CampaignCounters:
        mine = [one for one in self.attempts.values() if one.campaign == name and one.reserved_at >= since]
        live = sum(is_live(one) for one in mine)
        return CampaignCounters(len(mine), live, sum(one.abandoned for one in mine))

    async def knowledge(self, name: str) -> Mapping[str, object] | None:
        return self.knowledges.get(name)

    async def keep_knowledge(self, lease: Lease, knowledge: Mapping[str, object]) -> None:
        self.knowledges[lease.campaign] = knowledge

    async def lease(self, name: str, owner: str, seconds: float) -> Lease | None:
        now, held = self.clock.now(), self.leases.get(name)
        if held is not None and held.owner != owner and held.until > now:
            return None
        fence = 1 if held is None else held.fence + (held.owner != owner)
        self.leases[name] = Lease(name, owner, fence, now + timedelta(seconds=seconds))
        return self.leases[name]

    async def keep_minutes(self, lease: Lease, minutes: Sequence[AgentMinute]) -> None:
        self.minutes |= {one.at: one for one in minutes}

    async def end_lease(self, lease: Lease) -> None:
        self.leases.pop(lease.campaign, None)

    # --- leads --------------------------------------------------------------------------------------------

    async def reserve(
        self, name: str, worker: str, limit: int, now: datetime, until: datetime, **more: object
    ) -> Sequence[Lead]:
        found = []
        for lead in chosen((one for one in self.leads.values() if one.campaign == name), now, limit):
            taken = replace(
                lead,
                state=LeadState.RESERVED,
                reserved_by=worker,
                reserved_until=until,
                version=lead.version + 1,
            )
            self.leads[lead.id] = taken
            found.append(taken)
        return found

    async def release(self, worker: str, ids: Collection[str]) -> int:
        for name in ids:
            lead = self.leads[name]
            if lead.state is LeadState.RESERVED and lead.reserved_by == worker:
                self.leads[name] = replace(lead, state=LeadState.WAITING, version=lead.version + 1)
        return len(ids)

    async def add(self, actor: Actor, name: str, people: Sequence[NewLead]) -> Added:
        ids = {}
        for one in people:
            ids[one.place] = f"{name}-{len(self.leads) + 1}"
            self.leads[ids[one.place]] = Lead(
                ids[one.place],
                name,
                one.contact_id or "",
                tuple(LeadNumber(value) for value, _ in one.numbers),
                self.clock.now(),
                fields=one.fields,
                not_before=one.not_before,
                callback=one.callback,
            )
        return Added(ids, (), {})

    async def of_contact(self, contact: str) -> Sequence[Lead]:
        return [one for one in self.leads.values() if one.contact_id == contact]

    async def number_went_bad(self, e164: str) -> int:
        self.bad_numbers.append(e164)
        return 0

    async def keep(self, leads: Sequence[Lead]) -> Sequence[str]:
        left = []
        for lead in leads:
            if self.leads[lead.id].version != lead.version:
                left.append(lead.id)
                continue
            self.leads[lead.id] = replace(lead, version=lead.version + 1)
        return left

    async def get_lead(self, name: str) -> Lead:
        return self.leads[name]

    async def counts(self, name: str) -> Sequence[LeadCount]:
        return [
            LeadCount(one.state, one.reason.code, 1) for one in self.leads.values() if one.campaign == name
        ]

    async def closed(self, name: str) -> Mapping[str, int]:
        over = [one for one in self.leads.values() if one.campaign == name and one.state in OVER]
        return Counter(one.last_disposition for one in over if one.last_disposition is not None)

    async def next_due(self, name: str) -> datetime | None:
        waiting = [one for one in self.leads.values() if one.state is LeadState.WAITING]
        return min((turn(one).due_at for one in waiting), default=None)

    # --- attempts, debts, callbacks -----------------------------------------------------------------------

    async def open(self, node: str) -> Sequence[Attempt]:
        return [one for one in self.attempts.values() if one.ended_at is None and one.node == node]

    async def forgotten(self, node: str, before: datetime, names: Collection[str]) -> Sequence[Attempt]:
        theirs = [one for one in self.attempts.values() if one.ended_at is None and one.node != node]
        return [one for one in theirs if one.reserved_at < before and one.campaign in names]

    async def promises(self, debt: str) -> Sequence[Any]:
        raise Missing(debt)

    async def events(self, call_id: str) -> Sequence[CallEvent]:
        return await self._ledger.events(call_id)


class Register:
    """One register of the books: `get` is what it is there."""

    def __init__(self, books: CampaignBooks, **methods: Any) -> None:
        self._books = books
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._books, name)
