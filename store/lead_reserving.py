"""The statements that reserve leads: the same order in both databases, each in its own way.

On PostgreSQL one statement does it all, and skips what others are reserving. On SQLite the transaction holds
the write lock, and looks through the turns one after another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, exists, func, or_, select, update

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


# SQLite's, put together once: that costs more than executing them.
_RUNS = (campaigns.c.id == bindparam("campaign")) & (campaigns.c.state == CampaignState.RUNNING.value)
_FENCED = exists().where(
    campaign_runs.c.campaign == bindparam("campaign"), campaign_runs.c.fence == bindparam("fence")
)
_IT_RUNS = select(exists().where(_RUNS))
_IT_RUNS_HERE = select(exists().where(_RUNS, _FENCED))
_MINE = _HOT.campaign == bindparam("campaign")
_FIRST_TURN = select(func.min(_HOT.turn)).where(_MINE, _HOT.turn.is_not(None))
_NEXT_TURN = select(func.min(_HOT.turn)).where(_MINE, _HOT.turn > bindparam("after"))
_FIRST_DUE = select(func.min(_HOT.due_at, type_=_HOT.due_at.type)).where(
    _MINE, _HOT.turn == bindparam("turn_is")
)
_DUE = (
    select(_HOT.lead, _HOT.due_at)
    .where(
        _MINE,
        _HOT.turn == bindparam("turn_is"),
        _HOT.due_at <= bindparam("now"),
        or_(
            _HOT.agent.is_(None),
            _HOT.agent.in_(bindparam("agents", expanding=True)),
            _HOT.agent_until <= bindparam("now"),
        ),
    )
    .order_by(_HOT.due_at)
    .limit(bindparam("most"))
)
_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_RESERVE = (
    update(lead_progress)
    .where(_HOT.lead.in_(_ids))
    .values(
        state=LeadState.RESERVED.value,
        reserved_by=bindparam("worker"),
        reserved_until=bindparam("until"),
        due_at=bindparam("until"),
        version=_HOT.version + 1,
    )
)
_RESERVED = LEADS.where(leads.c.id.in_(_ids))


def taken_in_steps(connection: Connection, wish: Wish) -> Taken:
    """SQLite, inside a transaction that writes."""
    mine: dict[str, object] = {"campaign": wish.campaign}
    if wish.lease is None:
        runs = connection.execute(_IT_RUNS, mine)
    else:
        runs = connection.execute(_IT_RUNS_HERE, {**mine, "fence": wish.lease.fence})
    if not runs.scalar_one():
        return ()
    found: dict[str, datetime] = {}
    for turn in _turns(connection, wish.campaign):
        if len(found) == wish.limit:
            break
        asked = {
            "turn_is": turn,
            "now": wish.now,
            "agents": list(wish.agents),
            "most": wish.limit - len(found),
        }
        found |= {row.lead: row.due_at for row in connection.execute(_DUE, {**mine, **asked})}
    if not found:
        return ()
    ids = {"ids": list(found)}
    connection.execute(_RESERVE, {**ids, "worker": wish.worker, "until": wish.until})
    rows = connection.execute(_RESERVED, ids).mappings()
    return [{**row, "was_due": found[row["id"]]} for row in rows]


def first_due(connection: Connection, campaign: str) -> datetime | None:
    """When the first one may be reserved: a look into the index for each turn."""
    found: list[datetime] = []
    for turn in _turns(connection, campaign):
        due = connection.execute(_FIRST_DUE, {"campaign": campaign, "turn_is": turn}).scalar_one()
        if due is not None:  # it was taken meanwhile
            found.append(due)
    return min(found, default=None)


def _turns(connection: Connection, campaign: str) -> Iterator[int]:
    """Those that there are, in their order."""
    turn = connection.execute(_FIRST_TURN, {"campaign": campaign}).scalar_one()
    while turn is not None:
        yield turn
        turn = connection.execute(_NEXT_TURN, {"campaign": campaign, "after": turn}).scalar_one()
