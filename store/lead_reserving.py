"""The statements that reserve leads: the same order in both databases, each in its own way.

On PostgreSQL one statement does it all, and skips what others are reserving. On SQLite the transaction holds
the write lock, and looks through the turns one after another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, or_, select, update

from dialer.campaign import CampaignState
from dialer.lead import LeadState
from engine.registers.campaigns import Lease
from store.lead_keeping import LEADS
from store.tables import campaign_runs, campaigns, lead_progress, leads

_HOT = lead_progress.c

# $1 campaign, $2 now, $3 limit, $4 worker, $5 until, $6 agents, $7 fence or null, $8 turn, $9 due at.
_MAY = (
    "EXISTS (SELECT 1 FROM campaigns WHERE id = $1 AND state = 'running') AND ($7::bigint IS NULL OR "
    "EXISTS (SELECT 1 FROM campaign_runs WHERE campaign = $1 AND fence = $7))"
)
# The turns that there are, each found by one look into the index.
_TURNS = f"""
WITH RECURSIVE turns (turn) AS (
  (SELECT min(turn) FROM lead_progress WHERE campaign = $1 AND turn IS NOT NULL AND {_MAY})
  UNION ALL
  SELECT (SELECT min(p.turn) FROM lead_progress p WHERE p.campaign = $1 AND p.turn > turns.turn)
  FROM turns WHERE turns.turn IS NOT NULL
), picked AS (
  SELECT mine.lead, mine.due_at FROM turns CROSS JOIN LATERAL (
    SELECT p.lead, p.due_at FROM lead_progress p
    WHERE p.campaign = $1 AND p.turn = turns.turn AND p.due_at <= $2
      AND (p.agent IS NULL OR p.agent = ANY($6::text[]) OR p.agent_until <= $2)
    ORDER BY p.due_at LIMIT $3 FOR UPDATE SKIP LOCKED
  ) mine LIMIT $3
)"""  # noqa: S608 - our own names
# From where the last search of the same turn ended: what was taken before it needs not be passed again.
_GOING_ON = f"""
WITH picked AS (
  SELECT p.lead, p.due_at FROM lead_progress p
  WHERE p.campaign = $1 AND p.turn = $8::integer AND p.due_at >= $9::timestamptz AND p.due_at <= $2
    AND (p.agent IS NULL OR p.agent = ANY($6::text[]) OR p.agent_until <= $2) AND {_MAY}
  ORDER BY p.due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)"""  # noqa: S608 - our own names
_TAKE = """, taken AS (
  UPDATE lead_progress p
  SET state = 'reserved', reserved_by = $4, reserved_until = $5, due_at = $5, version = p.version + 1
  FROM picked WHERE p.lead = picked.lead
  RETURNING p.*, picked.due_at AS was_due
)
SELECT {columns}, taken.was_due FROM taken JOIN leads ON leads.id = taken.lead"""


def _columns() -> str:
    """Those of LEADS."""
    return ", ".join(
        f"{'leads' if column.table is leads else 'taken'}.{column.name}" for column in LEADS.selected_columns
    )


_TAKEN = _TAKE.format(columns=_columns())
_FROM_THE_FIRST = _TURNS + _TAKEN
_FROM_THE_LAST = _GOING_ON + _TAKEN


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be reserved, as in engine.registers.leads."""

    campaign: str
    worker: str
    limit: int
    now: datetime
    until: datetime
    agents: Collection[str]
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the order the last search ended."""

    turn: int
    due_at: datetime


Taken = Sequence[Mapping[str, Any] | RowMapping]


def statement_of(wish: Wish, place: Place | None) -> tuple[str, tuple[object, ...]]:
    """PostgreSQL's, and its values; needs no transaction around it. Rows have `was_due` with the lead's."""
    given: tuple[object, ...] = (
        wish.campaign,
        wish.now,
        wish.limit,
        wish.worker,
        wish.until,
        list(wish.agents),
        None if wish.lease is None else wish.lease.fence,
    )
    if place is None:
        return _FROM_THE_FIRST, given
    return _FROM_THE_LAST, (*given, place.turn, place.due_at)


def taken_in_steps(connection: Connection, wish: Wish) -> Taken:
    """SQLite, inside a transaction that writes."""
    if connection.execute(select(exists().where(_may(wish)))).scalar_one() == 0:
        return ()
    free = and_(
        _HOT.campaign == wish.campaign,
        _HOT.due_at <= wish.now,
        or_(_HOT.agent.is_(None), _HOT.agent.in_(wish.agents), _HOT.agent_until <= wish.now),
    )
    found: dict[str, datetime] = {}
    turn = _first_turn(connection, wish.campaign, None)
    while turn is not None and len(found) < wish.limit:
        asked = select(_HOT.lead, _HOT.due_at).where(free, _HOT.turn == turn).order_by(_HOT.due_at)
        found |= {row.lead: row.due_at for row in connection.execute(asked.limit(wish.limit - len(found)))}
        turn = _first_turn(connection, wish.campaign, turn)
    if not found:
        return ()
    connection.execute(
        update(lead_progress)
        .where(_HOT.lead.in_(found))
        .values(
            state=LeadState.RESERVED.value,
            reserved_by=wish.worker,
            reserved_until=wish.until,
            due_at=wish.until,
            version=_HOT.version + 1,
        )
    )
    rows = connection.execute(LEADS.where(leads.c.id.in_(found))).mappings()
    return [{**row, "was_due": found[row["id"]]} for row in rows]


def _may(wish: Wish) -> ColumnElement[bool]:
    running = (campaigns.c.id == wish.campaign) & (campaigns.c.state == CampaignState.RUNNING.value)
    if wish.lease is None:
        return running
    runs = campaign_runs.c
    return running & exists().where(runs.campaign == wish.campaign, runs.fence == wish.lease.fence)


def _first_turn(connection: Connection, campaign: str, after: int | None) -> int | None:
    behind = _HOT.turn.is_not(None) if after is None else _HOT.turn > after
    asked = select(func.min(_HOT.turn)).where(_HOT.campaign == campaign, behind)
    found: int | None = connection.execute(asked).scalar_one()
    return found
