"""Leads inside a transaction: read, written as they have become, gathered and parted by merges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from dialer.lead import BUSY, OVER, Lead, LeadState
from dialer.reasons import IN_TURN, Reason, ReasonCode
from engine.registers.refusals import Missing
from store.lead_rows import lead_of, progress_columns
from store.tables import lead_numbers, lead_progress, leads

_COLD = leads.c
_HOT = lead_progress.c

# Both tables, every column once.
_PROGRESS = [column for column in _HOT if column.name not in ("lead", "campaign")]
LEADS: Select[Any] = select(*_COLD, *_PROGRESS).join(lead_progress, _HOT.lead == _COLD.id)


def read_leads(connection: Connection, wanted: Select[Any]) -> list[Lead]:
    """`wanted` is made of LEADS."""
    return [lead_of(row) for row in connection.execute(wanted).mappings()]


def locked_leads(connection: Connection, ids: Collection[str]) -> dict[str, Lead]:
    """Those that are there, locked in one lasting order until the transaction ends."""
    asked = select(_HOT.lead).where(_HOT.lead.in_(ids)).order_by(_HOT.lead).with_for_update()
    there = connection.execute(asked).scalars().all()
    return {lead.id: lead for lead in read_leads(connection, LEADS.where(_COLD.id.in_(there)))}


def locked_lead(connection: Connection, id: str) -> Lead:
    """Raises Missing."""
    found = locked_leads(connection, [id])
    if id not in found:
        raise missing_lead(id)
    return found[id]


def missing_lead(id: str) -> Missing:
    return Missing(f"There is no lead {id}.")


def put_lead(connection: Connection, lead: Lead) -> Lead | None:
    """As it is given, if it is still at its version, and one version on; None: it is not."""
    if lead.state is LeadState.WAITING:
        # It was being called while its person became another lead's.
        folded = select(_COLD.folded_into).where(_COLD.id == lead.id)
        if (standing := connection.execute(folded).scalar_one_or_none()) is not None:
            lead = replace(lead, state=LeadState.STOPPED, reason=merged_into(standing))
    after = replace(
        lead,
        version=lead.version + 1,
        reserved_by=lead.reserved_by if lead.state is LeadState.RESERVED else None,
        reserved_until=lead.reserved_until if lead.state is LeadState.RESERVED else None,
    )
    this = update(lead_progress).where(_HOT.lead == lead.id, _HOT.version == lead.version)
    return after if connection.execute(this.values(**progress_columns(after))).rowcount else None


def delete_leads(connection: Connection, ids: Collection[str]) -> None:
    """With all that hangs on them but their attempts."""
    connection.execute(delete(lead_numbers).where(lead_numbers.c.lead.in_(ids)))
    connection.execute(delete(lead_progress).where(_HOT.lead.in_(ids)))
    connection.execute(delete(leads).where(_COLD.id.in_(ids)))


# --- merges -----------------------------------------------------------------------------------------------


def gather_leads(connection: Connection, survivor_id: str, people: Collection[str]) -> None:
    """After a merge: the leads of all these contacts are the survivor's, one of each campaign standing.

    The one that is being called stands, else the one that was called more often, else the older one. The
    other is stopped; one that is being called too comes to its own end first.
    """
    theirs = select(_COLD.id).where(_COLD.person.in_([*people, survivor_id]), _COLD.folded_into.is_(None))
    by_campaign: dict[str, list[Lead]] = {}
    for lead in locked_leads(connection, connection.execute(theirs).scalars().all()).values():
        by_campaign.setdefault(lead.campaign, []).append(lead)
    for same in by_campaign.values():
        standing, *others = sorted(same, key=_weight)
        for other in others:
            this = update(leads).where(_COLD.id == other.id)
            connection.execute(this.values(folded_into=standing.id))
            if other.state not in BUSY | OVER:
                reason = merged_into(standing.id)
                put_lead(connection, replace(other, state=LeadState.STOPPED, reason=reason))
    moved = update(leads).where(_COLD.contact_id.in_([*people, survivor_id]), _COLD.person != survivor_id)
    connection.execute(moved.values(person=survivor_id))


def part_leads(connection: Connection, contact_id: str, people: Collection[str]) -> None:
    """After a merge was undone: leads of these contacts are that contact's again, and stand alone."""
    theirs = select(_COLD.id).where(_COLD.contact_id.in_(people)).order_by(_COLD.id)
    ids = connection.execute(theirs).scalars().all()
    connection.execute(update(leads).where(_COLD.id.in_(ids)).values(person=contact_id))
    for lead in locked_leads(connection, _folded_apart(connection, ids)).values():
        connection.execute(update(leads).where(_COLD.id == lead.id).values(folded_into=None))
        if lead.state is LeadState.STOPPED and lead.reason.code is ReasonCode.MERGED:
            put_lead(connection, replace(lead, state=LeadState.WAITING, reason=IN_TURN))


def _folded_apart(connection: Connection, ids: Iterable[str]) -> Sequence[str]:
    """Leads that were folded into one of another person by now, on either side of the merge."""
    other = leads.alias("other")
    parted = (
        select(_COLD.id)
        .join(other, other.c.id == _COLD.folded_into)
        .where(_COLD.id.in_(ids) | other.c.id.in_(ids), _COLD.person != other.c.person)
    )
    return connection.execute(parted).scalars().all()


def merged_into(lead: str) -> Reason:
    return Reason(ReasonCode.MERGED, {"lead": lead})


def _weight(lead: Lead) -> tuple[bool, int, datetime, str]:
    return lead.state not in BUSY, -lead.attempts, lead.added_at, lead.id
