"""SqlCampaigns: campaigns and who runs them, one transaction a method."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.attempt import Verdict
from dialer.campaign import Campaign, CampaignMove, CampaignState, Cause, Change, WrongChange, changed
from dialer.news import campaign_published
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.campaigns import CampaignCounters, Lease
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing, Refused
from store.audit import note as noted
from store.campaign_rows import campaign_columns, campaign_of, json_of
from store.publishing import publish
from store.registers.transactions import reading, written
from store.tables import attempts, campaign_runs, campaigns

_columns = campaigns.c


class SqlCampaigns:
    """Implements engine.registers.campaigns.Campaigns."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def create(self, actor: Actor, campaign: Campaign) -> Campaign:
        now = self._clock.now()
        fresh = replace(
            campaign,
            created_at=now,
            updated_at=now,
            state=CampaignState.DRAFT,
            state_since=now,
            state_by=_by(actor),
            state_cause=Cause.PERSON,
            state_note="",
            started_at=None,
            finished_at=None,
            version=1,
        )

        def work(connection: Connection) -> Campaign:
            _check_free(connection, fresh, new=True)
            connection.execute(insert(campaigns).values(**campaign_columns(fresh)))
            connection.execute(insert(campaign_runs).values(campaign=fresh.id, fence=0))
            about = {"name": fresh.name, "kind": fresh.kind.value, "mode": fresh.mode.value}
            noted(connection, actor, "campaign.created", _subject(fresh.id), about, now)
            publish(connection, [campaign_published(fresh, now)])
            return fresh

        try:
            return await written(self._engine, work)
        except IntegrityError:  # somebody else took the id or the name at the same moment
            told = f"There is a campaign {fresh.id} or {fresh.name!r} already."
            raise Refused(told, "id", "campaign_there", id=fresh.id, name=fresh.name) from None

    async def get(self, id: str) -> Campaign:
        async with reading(self._engine) as connection:
            return campaign_of(await connection.run_sync(campaign_row, id))

    async def list(
        self,
        states: Collection[CampaignState] = (),
        *,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Campaign]:
        asked = select(campaigns).order_by(_columns.created_at.desc(), _columns.id.desc()).limit(limit + 1)
        if states:
            asked = asked.where(_columns.state.in_([state.value for state in states]))
        if after is not None:
            last = datetime.fromisoformat(after[0]), after[1]
            asked = asked.where(tuple_(_columns.created_at, _columns.id) < tuple_(*last))
        async with reading(self._engine) as connection:
            rows = (await connection.execute(asked)).all()
        items = tuple(campaign_of(row) for row in rows[:limit])
        more = (items[-1].created_at.isoformat(), items[-1].id) if len(rows) > limit else None
        return Page(items, more)

    async def change(self, actor: Actor, campaign: Campaign) -> Campaign:
        now = self._clock.now()

        def work(connection: Connection) -> Campaign:
            known = campaign_of(campaign_row(connection, campaign.id, lock=True))
            _check_version(known, campaign.version)
            if known.state is CampaignState.FINISHED:
                told = "The campaign is finished: reopen it first, then change it."
                raise Refused(told, "state", "campaign_finished")
            _check_free(connection, campaign, new=False)
            after = replace(
                campaign,
                created_at=known.created_at,
                updated_at=now,
                state=known.state,
                state_since=known.state_since,
                state_by=known.state_by,
                state_cause=known.state_cause,
                state_note=known.state_note,
                started_at=known.started_at,
                finished_at=known.finished_at,
                version=known.version + 1,
            )
            fields = sorted(_differing(known, after))
            if not fields:
                return known
            _put(connection, after)
            noted(connection, actor, "campaign.changed", _subject(after.id), {"fields": fields}, now)
            publish(connection, [campaign_published(after, now)])
            return after

        try:
            return await written(self._engine, work)
        except IntegrityError:
            raise _taken(campaign.name) from None

    async def set_state(
        self,
        actor: Actor,
        id: str,
        move: CampaignMove,
        *,
        cause: Cause = Cause.PERSON,
        note: str = "",
        version: int | None = None,
    ) -> Campaign:
        now = self._clock.now()
        by = _by(actor) if cause is Cause.PERSON else "system"

        def work(connection: Connection) -> Campaign:
            known = campaign_of(campaign_row(connection, id, lock=True))
            _check_version(known, version)
            try:
                after = changed(known, Change(move, now, by, cause, note))
            except WrongChange as wrong:
                state, possible = known.state, wrong.possible
                raise Refused(str(wrong), "state", "campaign_move", state=state, possible=possible) from None
            _put(connection, after)
            about = {"state": after.state.value, "cause": cause.value, "note": note}
            noted(connection, actor, f"campaign.{move.value}", _subject(id), about, now)
            publish(connection, [campaign_published(after, now)])
            return after

        return await written(self._engine, work)

    async def counters(self, id: str, since: datetime) -> CampaignCounters:
        tried = attempts.c
        machine = tried.verdict == Verdict.MACHINE.value
        wanted = select(
            func.count(),
            _number(tried.live),
            _number(tried.abandoned),
            _number(machine),
            _number(machine & tried.audited.is_not(None)),
            _number(machine & (tried.audited == Verdict.HUMAN.value)),
        ).where(tried.campaign == id, tried.at >= since)
        async with reading(self._engine) as connection:
            return CampaignCounters(*(await connection.execute(wanted)).one())

    async def knowledge(self, id: str) -> Mapping[str, object] | None:
        wanted = select(campaign_runs.c.knowledge).where(campaign_runs.c.campaign == id)
        async with reading(self._engine) as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            raise _missing(id)
        found: Mapping[str, object] | None = row.knowledge
        return found

    async def keep_knowledge(self, lease: Lease, knowledge: Mapping[str, object]) -> None:
        kept, now = json_of(knowledge), self._clock.now()
        mine = update(campaign_runs).where(
            campaign_runs.c.campaign == lease.campaign, campaign_runs.c.fence == lease.fence
        )

        def work(connection: Connection) -> None:
            if not connection.execute(mine.values(knowledge=kept, known_at=now)).rowcount:
                row = _run_row(connection, lease.campaign)
                raise Changed("Another engine runs this campaign by now: leave it.", row.fence)

        await written(self._engine, work)

    async def lease(self, id: str, owner: str, seconds: float) -> Lease | None:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)

        def work(connection: Connection) -> Lease | None:
            row = _run_row(connection, id, lock=True)
            if row.owner not in (None, owner) and row.until > now:
                return None
            # Whoever let it run out may be behind: its earlier fence is not good for the new time.
            goes_on = row.owner == owner and row.until > now
            fence = row.fence if goes_on else row.fence + 1
            this = update(campaign_runs).where(campaign_runs.c.campaign == id)
            connection.execute(this.values(owner=owner, until=until, fence=fence))
            return Lease(id, owner, fence, until)

        return await written(self._engine, work)

    async def end_lease(self, lease: Lease) -> None:
        mine = update(campaign_runs).where(
            campaign_runs.c.campaign == lease.campaign, campaign_runs.c.fence == lease.fence
        )
        await written(
            self._engine, lambda connection: connection.execute(mine.values(owner=None, until=None)) and None
        )


def campaign_row(connection: Connection, id: str, *, lock: bool = False) -> Row[Any]:
    """Raises Missing."""
    asked = select(campaigns).where(_columns.id == id)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise _missing(id)
    return row


def _run_row(connection: Connection, id: str, *, lock: bool = False) -> Row[Any]:
    asked = select(campaign_runs).where(campaign_runs.c.campaign == id)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise _missing(id)
    return row


def _missing(id: str) -> Missing:
    return Missing(f"There is no campaign {id}.")


def _subject(id: str) -> str:
    return f"campaign:{id}"


def _by(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id}"


def _number(holds: Any) -> Any:
    return func.coalesce(func.sum(case((holds, 1), else_=0)), 0)


def _check_version(known: Campaign, version: int | None) -> None:
    if version is not None and version != known.version:
        raise Changed(f"The campaign is of version {known.version} now: read it again.", known.version)


def _check_free(connection: Connection, campaign: Campaign, *, new: bool) -> None:
    """Raises Refused."""
    named = select(_columns.id, _columns.name).where(
        or_(_columns.name == campaign.name, _columns.id == campaign.id)
    )
    for row in connection.execute(named):
        if row.id == campaign.id and new:
            told = f"There is a campaign {campaign.id} already: choose another id."
            raise Refused(told, "id", "campaign_id_taken", id=campaign.id)
        if row.id != campaign.id:
            raise _taken(campaign.name)


def _taken(name: str) -> Refused:
    told = f"There is a campaign named {name!r} already: choose another name."
    return Refused(told, "name", "campaign_name_taken", name=name)


def _put(connection: Connection, campaign: Campaign) -> None:
    this = update(campaigns).where(_columns.id == campaign.id)
    connection.execute(this.values(**campaign_columns(campaign)))


def _differing(before: Campaign, after: Campaign) -> set[str]:
    old, new = json_of(before), json_of(after)
    return {name for name in new if new[name] != old[name]} - {"version", "updated_at"}
