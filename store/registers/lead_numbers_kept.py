"""Leads' numbers: one more that a person asked to be called at, and those that turned out to be bad."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from dialer.before_dialling import over
from dialer.lead import Lead, LeadMove, LeadState, NumberState
from dialer.numbers import none_left, with_state
from dialer.recycling import AttemptCaps
from store.lead_keeping import locked_leads, put_lead
from store.tables import lead_numbers, leads

_BAD = frozenset({NumberState.BAD, NumberState.REFUSED})


def add_number(connection: Connection, id: str, e164: str) -> None:
    """So that the lead is found by it too. Nothing happens when another lead of the campaign has it."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    campaign = select(leads.c.campaign).where(leads.c.id == id).scalar_subquery()
    row = insert(lead_numbers).values(campaign=campaign, value=e164, lead=id)
    connection.execute(row.on_conflict_do_nothing())


def number_went_bad(connection: Connection, e164: str) -> int:
    """No waiting lead of any campaign is called at it; how many were to be.

    One whose last number it was is over.
    """
    theirs = connection.execute(select(lead_numbers.c.lead).where(lead_numbers.c.value == e164))
    marked = 0
    for lead in locked_leads(connection, theirs.scalars().all()).values():
        number = lead.number(e164)
        if lead.state is LeadState.WAITING and number is not None and number.state is NumberState.OK:
            marked += put_lead(connection, _without(lead, e164)) is not None
    return marked


def _without(lead: Lead, e164: str) -> Lead:
    lead = with_state(lead, e164, NumberState.BAD)
    if all(one.state in _BAD for one in lead.numbers) and lead.callback is None:
        return over(lead, LeadMove.FINISH, none_left(lead, AttemptCaps())).lead
    return replace(lead, next_number=None) if lead.next_number == e164 else lead
