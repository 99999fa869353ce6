"""Pages of a campaign's list on SQLite, whose planner does not know which filter is the narrow one.

Ids are in the order of the list, and each index of `lead_progress` ends with them: the first of each state
and reason are found by a look into the index, however many others there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from engine.registers.leads import LeadFilter
from store.registers.prefixes import begins_with
from store.tables import lead_numbers, lead_progress, leads

# Who is found by a name or number is read whole up to so many; of more, the list is walked to the first.
MOST_FOUND = 5_000
_HOT = lead_progress.c


def first_ids(
    connection: Connection, campaign: str, wanted: LeadFilter, limit: int, after: str | None
) -> list[str]:
    """Of leads in these states, for these reasons."""
    found: list[Sequence[str]] = []
    for state, reason in _kinds(connection, campaign, wanted):
        mine = _HOT.campaign == campaign, _HOT.state == state, _HOT.reason == reason
        asked = select(_HOT.lead).where(*mine).order_by(_HOT.lead).limit(limit)
        if after is not None:
            asked = asked.where(_HOT.lead > after)
        found.append(connection.execute(asked).scalars().all())
    return list(islice(heapq.merge(*found), limit))


def _kinds(connection: Connection, campaign: str, wanted: LeadFilter) -> Iterator[tuple[str, str]]:
    """Those that there are. A reserved lead's row still has the reason of before."""
    reasons = {reason.value for reason in wanted.reasons}
    for state in sorted(wanted.states or LeadState):
        last = ""
        while True:
            mine = _HOT.campaign == campaign, _HOT.state == state.value, _HOT.reason > last
            reason = connection.execute(select(func.min(_HOT.reason)).where(*mine)).scalar_one()
            if reason is None:
                break
            last = str(reason)
            shown = ReasonCode.RESERVED.value if state is LeadState.RESERVED else last
            if not reasons or shown in reasons:
                yield state.value, last


def by_number(connection: Connection, campaign: str, prefix: str) -> ColumnElement[bool]:
    columns = lead_numbers.c
    begins = begins_with(columns.value, prefix, "sqlite")
    found = _few(connection, select(columns.lead).where(columns.campaign == campaign, begins).distinct())
    if found is not None:
        return leads.c.id.in_(found)
    return exists().where(columns.lead == leads.c.id, columns.campaign == campaign, begins)


def by_name(connection: Connection, campaign: str, key: str) -> ColumnElement[bool]:
    begins = begins_with(leads.c.name_key, key, "sqlite")
    found = _few(connection, select(leads.c.id).where(leads.c.campaign == campaign, begins))
    if found is not None:
        return leads.c.id.in_(found)
    # Not by the index of names, which is in another order than the list.
    return begins_with(func.coalesce(leads.c.name_key, ""), key, "sqlite")


def _few(connection: Connection, asked: Select[Any]) -> Sequence[str] | None:
    found = [row[0] for row in connection.execute(asked.limit(MOST_FOUND + 1))]
    return found if len(found) <= MOST_FOUND else None
