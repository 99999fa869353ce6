"""SqlLeads: campaigns' lists, one transaction a method."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.choosing import turn
from dialer.lead import OVER, Lead, LeadMove, LeadState, WrongMove, moved
from dialer.reasons import IN_TURN, Reason, ReasonCode
from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.campaigns import Lease
from engine.registers.leads import Added, LeadCount, LeadFacts, LeadFilter, NewLead
from engine.registers.pages import Page
from engine.registers.refusals import Refused
from history.folding import words_of
from store.attempt_rows import attempt_of
from store.audit import note as noted
from store.campaign_rows import campaign_of
from store.lead_keeping import LEADS, locked_lead, missing_lead, put_lead, read_leads
from store.lead_paging import by_name, by_number, first_ids
from store.lead_reserving import Place, Taken, Wish, first_due, statement_of, taken_in_steps
from store.lead_rows import lead_of
from store.registers.campaigns import campaign_row
from store.registers.lead_adding import LeadAdding
from store.registers.lead_numbers_kept import add_number, number_went_bad
from store.registers.prefixes import begins_with
from store.registers.profiles import family, survivor_of
from store.registers.transactions import read, written
from store.reserving_connection import ReservingConnection
from store.tables import attempts as attempts_table
from store.tables import lead_numbers, lead_progress, leads

# So long a search goes on where the last one ended, before it looks at all turns again.
_GOES_ON_SECONDS = 0.5
_HOT = lead_progress.c


@dataclass(frozen=True, slots=True)
class _Ended:
    place: Place
    good_until: float  # monotonic


class SqlLeads:
    """Implements engine.registers.leads.Leads."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._asking = ReservingConnection(engine)
        self._clock = clock
        self._adding = LeadAdding(engine, clock, ids)
        self._ended: dict[str, _Ended] = {}

    async def add(self, actor: Actor, campaign: str, people: Sequence[NewLead]) -> Added:
        return await self._adding.add(actor, campaign, people)

    async def add_segment(self, actor: Actor, campaign: str, segment_id: str, *, priority: int = 0) -> Added:
        return await self._adding.add_segment(actor, campaign, segment_id, priority)

    # --- for those who dial -------------------------------------------------------------------------------

    async def reserve(
        self,
        campaign: str,
        worker: str,
        limit: int,
        now: datetime,
        until: datetime,
        *,
        agents: Collection[str] = (),
        lease: Lease | None = None,
    ) -> Sequence[Lead]:
        wish = Wish(campaign, worker, limit, now, until, agents, lease)
        if self._engine.dialect.name == "sqlite":
            rows = await written(self._engine, lambda connection: taken_in_steps(connection, wish))
        else:
            rows = await self._taken_at_once(wish)
        ordered = sorted(rows, key=lambda row: (row["turn"], row["was_due"], row["id"]))
        return [lead_of(row) for row in ordered]

    async def _taken_at_once(self, wish: Wish) -> Taken:
        ended = self._ended.pop(wish.campaign, None)
        place = None
        if ended is not None and self._clock.monotonic() < ended.good_until:
            place = ended.place
        rows = await self._asking.fetch(*statement_of(wish, place))
        if place is not None and len(rows) < wish.limit:
            ended, place = None, None
            rest = replace(wish, limit=wish.limit - len(rows))
            rows = [*rows, *await self._asking.fetch(*statement_of(rest, None))]
        if len(rows) == wish.limit and len({row["turn"] for row in rows}) == 1:
            until = self._clock.monotonic() + _GOES_ON_SECONDS
            if ended is not None and place is not None:
                until = ended.good_until
            last = Place(rows[0]["turn"], max(row["was_due"] for row in rows))
            self._ended[wish.campaign] = _Ended(last, until)
        return rows

    async def release(self, worker: str, ids: Collection[str]) -> int:
        added_at = select(leads.c.added_at).where(leads.c.id == _HOT.lead).scalar_subquery()
        mine = (
            update(lead_progress)
            .where(
                _HOT.lead.in_(ids),
                _HOT.state == LeadState.RESERVED.value,
                _HOT.reserved_by == worker,
            )
            .values(
                state=LeadState.WAITING.value,
                due_at=func.coalesce(_HOT.not_before, added_at),
                reserved_by=None,
                reserved_until=None,
                version=_HOT.version + 1,
            )
        )
        number = await written(self._engine, lambda connection: connection.execute(mine).rowcount)
        self._ended.clear()  # they are due again, before the place at which a search ended
        return number

    async def keep(self, leads: Sequence[Lead]) -> Sequence[str]:
        # In one lasting order, so that two transactions wait for each other and do not deadlock.
        ordered = sorted(leads, key=lambda lead: lead.id)

        def work(connection: Connection) -> Sequence[str]:
            return [lead.id for lead in ordered if put_lead(connection, lead) is None]

        left = await written(self._engine, work)
        now = self._clock.now()
        for lead in leads:
            if lead.state is LeadState.WAITING and turn(lead).due_at <= now:
                self._ended.pop(lead.campaign, None)
        return left

    # --- read ---------------------------------------------------------------------------------------------

    async def get(self, id: str) -> Lead:
        return await read(self._engine, lambda connection: _lead(connection, id))

    async def of_contact(self, contact_id: str) -> Sequence[Lead]:
        def work(connection: Connection) -> Sequence[Lead]:
            # By the contacts of the person, which have an index.
            mine = leads.c.contact_id.in_(family(connection, [survivor_of(connection, contact_id)]))
            newest = (leads.c.added_at.desc(), leads.c.id.desc())
            return read_leads(connection, LEADS.where(mine).order_by(*newest))

        return await read(self._engine, work)

    async def page(
        self, campaign: str, wanted: LeadFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Lead]:
        order = (leads.c.added_at, leads.c.id)
        asked = LEADS.where(leads.c.campaign == campaign).order_by(*order).limit(limit + 1)
        sqlite = self._engine.dialect.name == "sqlite"
        calls = wanted.outcomes or wanted.called_since is not None or wanted.called_before is not None
        by_index = sqlite and (wanted.states or wanted.reasons) and not calls and wanted.search is None
        if wanted.states:
            states = _HOT.state.in_([state.value for state in wanted.states])
            asked = asked.where(_HOT.campaign == campaign, states)
        if wanted.reasons:
            asked = asked.where(_reasons(wanted.reasons))
        if wanted.outcomes:
            asked = asked.where(_HOT.last_outcome.in_([outcome.value for outcome in wanted.outcomes]))
        if wanted.called_since is not None:
            asked = asked.where(_HOT.last_at >= wanted.called_since)
        if wanted.called_before is not None:
            asked = asked.where(_HOT.last_at < wanted.called_before)
        if after is not None:
            last = datetime.fromisoformat(after[0]), after[1]
            asked = asked.where(tuple_(*order) > tuple_(*last))

        def read_page(connection: Connection) -> Sequence[Lead]:
            if by_index:
                ids = first_ids(connection, campaign, wanted, limit + 1, None if after is None else after[1])
                return read_leads(connection, LEADS.where(leads.c.id.in_(ids)).order_by(leads.c.id))
            if wanted.search is None:
                return read_leads(connection, asked)
            found = _found(connection, campaign, wanted.search, sqlite=sqlite)
            return read_leads(connection, asked.where(found))

        def work(connection: Connection) -> Page[Lead]:
            campaign_row(connection, campaign)
            found = read_page(connection)
            more: tuple[str, ...] | None = None
            if len(found) > limit:
                more = (found[limit - 1].added_at.isoformat(), found[limit - 1].id)
            return Page(tuple(found[:limit]), more)

        return await read(self._engine, work)

    async def counts(self, campaign: str) -> Sequence[LeadCount]:
        asked = (
            select(_HOT.state, _HOT.reason, func.count())
            .where(_HOT.campaign == campaign)
            .group_by(_HOT.state, _HOT.reason)
        )

        def work(connection: Connection) -> Sequence[LeadCount]:
            campaign_row(connection, campaign)
            found: dict[tuple[LeadState, ReasonCode], int] = {}
            for state, reason, count in connection.execute(asked):
                taken = state == LeadState.RESERVED.value
                key = LeadState(state), ReasonCode.RESERVED if taken else ReasonCode(reason)
                found[key] = found.get(key, 0) + count
            return [LeadCount(*key, count) for key, count in sorted(found.items())]

        return await read(self._engine, work)

    async def closed(self, campaign: str) -> Mapping[str, int]:
        asked = (
            select(_HOT.last_disposition, func.count())
            .where(
                _HOT.campaign == campaign, _HOT.state.in_(sorted(OVER)), _HOT.last_disposition.is_not(None)
            )
            .group_by(_HOT.last_disposition)
        )

        def work(connection: Connection) -> Mapping[str, int]:
            return {str(name): int(count) for name, count in connection.execute(asked)}

        return await read(self._engine, work)

    async def next_due(self, campaign: str) -> datetime | None:
        def work(connection: Connection) -> datetime | None:
            campaign_row(connection, campaign)
            return first_due(connection, campaign)

        return await read(self._engine, work)

    async def of_debt(self, debt: str) -> Sequence[Lead]:
        mine = LEADS.where(leads.c.debt == debt).order_by(leads.c.added_at, leads.c.id)
        return await read(self._engine, lambda connection: read_leads(connection, mine))

    async def facts(self, id: str, *, attempts: int = 20) -> LeadFacts:
        mine = attempts_table.c
        tried = select(attempts_table).where(mine.lead == id).order_by(mine.at.desc(), mine.id.desc())

        def work(connection: Connection) -> LeadFacts:
            lead = _lead(connection, id)
            campaign = campaign_of(campaign_row(connection, lead.campaign))
            rows = connection.execute(tried.limit(attempts)).all()
            return LeadFacts(lead, campaign, tuple(attempt_of(row) for row in rows))

        return await read(self._engine, work)

    # --- numbers ------------------------------------------------------------------------------------------

    async def add_number(self, id: str, e164: str) -> None:
        await written(self._engine, lambda connection: add_number(connection, id, e164))

    async def number_went_bad(self, e164: str) -> int:
        return await written(self._engine, lambda connection: number_went_bad(connection, e164))

    # --- by a person's word -------------------------------------------------------------------------------

    async def set_priority(self, actor: Actor, id: str, priority: int) -> Lead:
        def work(connection: Connection) -> Lead:
            lead = locked_lead(connection, id)
            if lead.priority == priority:
                return lead
            return self._put(connection, actor, replace(lead, priority=priority), "lead.changed")

        return await written(self._engine, work)

    async def stop(self, actor: Actor, id: str, note: str) -> Lead:
        data = {"who": f"{actor.kind.value}:{actor.id}", "why": note}

        def work(connection: Connection) -> Lead:
            lead = locked_lead(connection, id)
            if lead.state in (LeadState.DIALLING, LeadState.TALKING, LeadState.WRAP_UP):
                told = "There is a call with this person: stop the lead once that is over."
                raise Refused(told, "state", "lead_on_the_line")
            after = _moved(lead, LeadMove.STOP, Reason(ReasonCode.REMOVED, data))
            return self._put(connection, actor, after, "lead.stopped")

        return await written(self._engine, work)

    async def reopen(self, actor: Actor, id: str, note: str) -> Lead:
        def work(connection: Connection) -> Lead:
            lead = locked_lead(connection, id)
            if lead.state not in OVER:
                told = f"The lead is {lead.state}: only one that is over is opened again."
                raise Refused(told, "state", "lead_not_over", state=lead.state)
            if lead.reason.code is ReasonCode.MERGED:
                other = lead.reason.data.get("lead", "?")
                told = f"The person is called as lead {other}: open that one again."
                raise Refused(told, "state", "lead_merged", lead=other)
            after = _moved(lead, LeadMove.REOPEN, IN_TURN)
            return self._put(connection, actor, replace(after, not_before=None), "lead.reopened", note)

        return await written(self._engine, work)

    def _put(self, connection: Connection, actor: Actor, lead: Lead, action: str, why: str = "") -> Lead:
        """Its row is locked."""
        kept = put_lead(connection, lead)
        assert kept is not None
        about = {"campaign": lead.campaign, **({"note": why} if why else {})}
        noted(connection, actor, action, f"lead:{lead.id}", about, self._clock.now())
        return kept


def _lead(connection: Connection, id: str) -> Lead:
    found = read_leads(connection, LEADS.where(leads.c.id == id))
    if not found:
        raise missing_lead(id)
    return found[0]


def _moved(lead: Lead, move: LeadMove, reason: Reason) -> Lead:
    try:
        return replace(lead, state=moved(lead.state, move), reason=reason)
    except WrongMove as wrong:
        raise Refused(str(wrong), "state", "lead_move", state=lead.state) from None


def _reasons(reasons: Collection[ReasonCode]) -> ColumnElement[bool]:
    """A reserved lead's row still has the reason of before."""
    named = _HOT.reason.in_([reason.value for reason in reasons])
    taken = _HOT.state == LeadState.RESERVED.value
    return or_(named & ~taken, taken) if ReasonCode.RESERVED in reasons else named & ~taken


def _found(connection: Connection, campaign: str, search: str, *, sqlite: bool) -> ColumnElement[bool]:
    """By the name's words or the number, whose first signs are given."""
    digits = "".join(sign for sign in search if sign.isdigit())
    if digits and not any(sign.isalpha() for sign in search):
        if sqlite:
            return by_number(connection, campaign, f"+{digits}")
        columns = lead_numbers.c
        begins = begins_with(columns.value, f"+{digits}", "postgresql")
        return leads.c.id.in_(select(columns.lead).where(columns.campaign == campaign, begins))
    key = " ".join(words_of(search))
    if sqlite:
        return by_name(connection, campaign, key)
    return begins_with(leads.c.name_key, key, "postgresql")
