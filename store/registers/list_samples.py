"""SqlListSamples: leads evenly over a campaign's list, each with the facts that the gate goes by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from compliance.facts import COUNTED_BACK, Channel
from dialer.lead import OVER, Lead, LeadState
from dialer.numbers import number_to_dial
from dialer.recycling import AttemptCaps
from engine.registers.list_samples import ListSample, SampledLead
from engine.registers.permissions import PersonQuery
from history.interaction import ContactPoint, PointKind
from store.lead_keeping import LEADS, read_leads
from store.registers.campaigns import campaign_row
from store.registers.person_facts import people_facts
from store.registers.transactions import read
from store.tables import lead_progress, leads

_HOT = lead_progress.c
_OVER = tuple(state.value for state in OVER)


class SqlListSamples:
    """Implements engine.registers.list_samples.ListSamples."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def sample(self, campaign: str, most: int) -> ListSample:
        standing = _HOT.campaign == campaign, _HOT.state.not_in(_OVER)

        def work(connection: Connection) -> ListSample:
            campaign_row(connection, campaign)
            count = connection.execute(select(func.count()).where(*standing)).scalar_one()
            step = max(1, -(-count // most))
            # Ids are in the order in which leads were added: every so many is a fair share of each file.
            numbered = (
                select(_HOT.lead, func.row_number().over(order_by=_HOT.lead).label("place"))
                .where(*standing)
                .subquery()
            )
            every = select(numbered.c.lead).where(numbered.c.place % step == 1 % step)
            ids = tuple(connection.execute(every.order_by(numbered.c.lead)).scalars().all())
            return ListSample(count, ids)

        return await read(self._engine, work)

    async def read(self, ids: Sequence[str], caps: AttemptCaps, now: datetime) -> Sequence[SampledLead]:
        def work(connection: Connection) -> Sequence[SampledLead]:
            wanted = LEADS.where(leads.c.id.in_(list(ids)), _HOT.state.not_in(_OVER))
            found = read_leads(connection, wanted.order_by(leads.c.id))
            if not found:
                return []
            both = _elsewhere(connection, found[0].campaign, [lead.contact_id for lead in found])
            asked = {lead.id: query for lead in found if (query := _query(lead, caps, now)) is not None}
            facts = dict(zip(asked, people_facts(connection, list(asked.values()), now), strict=True))
            return [SampledLead(lead, facts.get(lead.id), lead.contact_id in both) for lead in found]

        return await read(self._engine, work)


def _query(lead: Lead, caps: AttemptCaps, now: datetime) -> PersonQuery | None:
    number = number_to_dial(lead, caps)
    if number is None:
        return None
    point = ContactPoint(PointKind.PHONE, number)
    since = now - COUNTED_BACK
    return PersonQuery(Channel.CALL, since, point, lead.contact_id, f"lead:{lead.id}", lead.debt)


def _elsewhere(connection: Connection, campaign: str, people: Collection[str]) -> frozenset[str]:
    """Those of these people who wait on another campaign's list."""
    theirs = (
        select(leads.c.person)
        .join(lead_progress, _HOT.lead == leads.c.id)
        .where(
            leads.c.person.in_(people),
            leads.c.folded_into.is_(None),
            leads.c.campaign != campaign,
            _HOT.state == LeadState.WAITING.value,
        )
    )
    return frozenset(connection.execute(theirs).scalars().all())
