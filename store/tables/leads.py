"""Leads: who is on a campaign's list, and how far it has come with each.

What changes with every call is apart from what stays, so that a reservation writes little: a row of
`lead_progress` and its two indexes.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# `contact_id` is the contact that was put on the list, `person` the surviving one, which merges change. Of
# two leads of one campaign that have become one person, one is folded into the other. `name_key` is the name
# folded for searching.
leads = Table(
    "leads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, ForeignKey("campaigns.id"), nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("folded_into", Text),
    Column("added_at", UtcDateTime, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text),
    Column("time_zone", Text),
    Column("debt", Text, index=True),
    Column("fields", Json, nullable=False),
    sqlite_with_rowid=False,
)
_standing = leads.c.folded_into.is_(None)
Index(
    "ix_leads_person",
    leads.c.person,
    leads.c.campaign,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)
Index("ix_leads_list", leads.c.campaign, leads.c.added_at)
Index(
    "ix_leads_name",
    leads.c.campaign,
    leads.c.name_key,
    postgresql_ops={"name_key": "text_pattern_ops"},
)

# A number is once in a campaign, whoever's it is.
lead_numbers = Table(
    "lead_numbers",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("lead", Text, ForeignKey("leads.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)
Index("ix_lead_numbers_value", lead_numbers.c.value, postgresql_ops={"value": "text_pattern_ops"})

# `turn` and `due_at` are set while it can be reserved: lower turns first (a callback before all, then by
# priority), in a turn whoever is due longest. `due_at` of a reserved one is the end of its reservation, so
# that it comes back by itself. `numbers`, `tries`, `callback` and `reason_data` are parts of
# dialer.lead.Lead; `agent` is whose personal callback it is until `agent_until`.
lead_progress = Table(
    "lead_progress",
    metadata,
    Column("lead", Text, ForeignKey("leads.id"), primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_data", Json, nullable=False),
    Column("turn", Integer),
    Column("due_at", UtcDateTime),
    Column("priority", Integer, nullable=False),
    Column("numbers", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", Json, nullable=False),
    Column("not_before", UtcDateTime),
    Column("next_number", Text),
    Column("callback", Json),
    Column("agent", Text),
    Column("agent_until", UtcDateTime),
    Column("last_at", UtcDateTime),
    Column("last_outcome", Text),
    Column("last_disposition", Text),
    Column("reserved_by", Text),
    Column("reserved_until", UtcDateTime),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)
_in_turn = lead_progress.c.turn.is_not(None)
Index(
    "ix_lead_progress_turn",
    lead_progress.c.campaign,
    lead_progress.c.turn,
    lead_progress.c.due_at,
    sqlite_where=_in_turn,
    postgresql_where=_in_turn,
)
Index("ix_lead_progress_state", lead_progress.c.campaign, lead_progress.c.state, lead_progress.c.reason)
