"""SqlAgents: people at desks by their agents' names, and the log of what agents did."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from anyascii import anyascii
from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from calls.talk_control import NOT_FOR_PHONES, SUPERVISORS
from engine.agent_days import day_of, standing_of
from engine.ports import Clock, Ids
from engine.registers.access import Role
from engine.registers.accounts import name_key
from engine.registers.actor import ENGINE, Actor
from engine.registers.agents import (
    AgentDay,
    AgentEvent,
    AgentEventKind,
    AgentProfile,
    AgentStanding,
)
from engine.registers.refusals import Changed, Missing, Refused
from store.audit import note
from store.registers.transactions import read, reading, written
from store.tables import agent_events, agents, people

LONGEST_NAME = 32
MOST_SKILLS = 50
_SKILL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_WORK = {"call": 10, "chat": 50, "task": 50}
# Written out, for SQLite takes a partial index only for the very words of its condition.
_STANDING = text("kind IN ('signed_in', 'signed_out', 'status_changed')")
_LAST = (AgentEventKind.SIGNED_IN, AgentEventKind.SIGNED_OUT, AgentEventKind.STATUS_CHANGED)
_IN_ONE_QUERY = 500


def agent_name(person: str, taken: Collection[str]) -> str:
    """The name of a person's agent: "Anna Łąka" is `anna-laka`, or `anna-laka-2` when that is taken."""
    made = re.sub(r"[^a-z0-9]+", "-", anyascii(person).lower()).strip("-")
    if not made or not made[0].isalpha() or made.startswith(SUPERVISORS):
        made = f"agent-{made}".strip("-")
    made = made[:LONGEST_NAME].rstrip("-")
    name, number = made, 1
    while name in taken:
        number += 1
        ending = f"-{number}"
        name = made[: LONGEST_NAME - len(ending)].rstrip("-") + ending
    return name


class SqlAgents:
    """Implements engine.registers.agents.AgentRegister."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._configured: Mapping[str, str | None] = {}

    def configure(self, names: Mapping[str, str | None]) -> None:
        """The agents of the configuration: name -> the name by which its person signs in, if one does.

        No person is given one of these names but whose it is.
        """
        self._configured = dict(names)

    async def profiles(self) -> Sequence[AgentProfile]:
        async with reading(self._engine) as connection:
            rows = (await connection.execute(_profiles())).all()
        if any(row.agent is None or self._renamed(row) for row in rows):
            rows = await written(self._engine, self._name_all)
        return sorted((_profile(row) for row in rows), key=lambda profile: profile.name)

    async def of_person(self, actor: Actor, person_id: str) -> AgentProfile:
        wanted = _profiles(everybody=True).where(people.c.id == person_id)
        async with reading(self._engine) as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            raise Missing(f"There is no person {person_id}.")
        if row.disabled_at is not None:
            raise Refused(f"{row.shown} may not sign in: enable the person first.")
        if row.agent is None or self._renamed(row):

            def work(connection: Connection) -> Row[Any]:
                _one_at_a_time(connection)
                self._name(connection, connection.execute(wanted).one(), actor)
                return connection.execute(wanted).one()

            row = await written(self._engine, work)
        return _profile(row)

    async def get(self, name: str) -> AgentProfile:
        async with reading(self._engine) as connection:
            row = (await connection.execute(_profiles().where(agents.c.name == name))).one_or_none()
        return _profile(_there(row, name))

    async def set_skills(
        self,
        actor: Actor,
        name: str,
        skills: Mapping[str, int],
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        return await self.change(actor, name, skills, None, reason, at, seen_version)

    async def set_capacity(
        self,
        actor: Actor,
        name: str,
        capacity: Mapping[str, int],
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        return await self.change(actor, name, None, capacity, reason, at, seen_version)

    async def change(
        self,
        actor: Actor,
        name: str,
        skills: Mapping[str, int] | None,
        capacity: Mapping[str, int] | None,
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        values: dict[str, object] = {}
        events: dict[AgentEventKind, Mapping[str, object]] = {}
        if skills is not None:
            _check_skills(skills)
            values["skills"] = dict(skills)
            events[AgentEventKind.SKILLS_CHANGED] = {
                "skills": dict(skills),
                "reason": reason,
                "by": actor.id,
            }
        if capacity is not None:
            _check_capacity(capacity)
            values["capacity"] = dict(capacity)
            events[AgentEventKind.CAPACITY_CHANGED] = {
                "capacity": dict(capacity),
                "reason": reason,
                "by": actor.id,
            }
        return await self._set(actor, name, values, {**values, "reason": reason}, at, seen_version, events)

    async def standings(self) -> Sequence[AgentStanding]:
        def work(connection: Connection) -> list[AgentStanding]:
            of: dict[str, list[AgentEvent]] = {}
            last = [key for row in connection.execute(_last_events()) for key in row[1:] if key is not None]
            for start in range(0, len(last), _IN_ONE_QUERY):
                some = agent_events.c.id.in_(last[start : start + _IN_ONE_QUERY])
                for row in connection.execute(select(agent_events).where(some)):
                    of.setdefault(row.agent, []).append(_event(row))
            found = (standing_of(of[agent]) for agent in sorted(of))
            return [standing for standing in found if standing is not None]

        return await read(self._engine, work)

    async def day(self, name: str, since: datetime, now: datetime) -> AgentDay:
        row = agent_events.c
        of_day = select(agent_events).where(row.agent == name, row.at >= since, row.at < now)
        # In one statement: each page at a desk asks this after each call.
        before = [select(_last_of(name, kind, since).subquery()) for kind in _LAST]
        wanted = union_all(of_day, *before)

        def work(connection: Connection) -> AgentDay:
            found = sorted(map(_event, connection.execute(wanted)), key=lambda event: (event.at, event.id))
            of = [event for event in found if event.at >= since]
            return day_of(of, since, now, [event for event in found if event.at < since])

        return await read(self._engine, work)

    async def events(self, name: str, *, limit: int, before: str | None = None) -> Sequence[AgentEvent]:
        row, key = agent_events.c, tuple_(agent_events.c.at, agent_events.c.id)
        wanted = select(agent_events).where(row.agent == name).order_by(row.at.desc(), row.id.desc())
        if before is not None:
            place = agent_events.alias()
            at = select(place.c.at).where(place.c.id == before).scalar_subquery()
            wanted = wanted.where(key < tuple_(at, literal(before)))
        async with reading(self._engine) as connection:
            return [_event(found) for found in await connection.execute(wanted.limit(limit))]

    # --- names --------------------------------------------------------------------------------------------

    def _own_name(self, person: str) -> str | None:
        """That which the configuration gives this person."""
        key = name_key(person)
        return next((name for name, of in self._configured.items() if of and name_key(of) == key), None)

    def _renamed(self, row: Row[Any]) -> bool:
        own = self._own_name(row.shown)
        return own is not None and own != row.agent

    def _name_all(self, connection: Connection) -> Sequence[Row[Any]]:
        _one_at_a_time(connection)
        for row in connection.execute(_profiles()).all():
            self._name(connection, row, ENGINE)
        return connection.execute(_profiles()).all()

    def _name(self, connection: Connection, row: Row[Any], actor: Actor) -> None:
        """Of one who has it already nothing is changed."""
        if row.agent is not None and not self._renamed(row):
            return
        others = select(agents.c.name).where(agents.c.person_id != row.person_id)
        taken = {*NOT_FOR_PHONES, *self._configured, *connection.scalars(others)}
        name = self._own_name(row.shown) or agent_name(row.shown, taken)
        now = self._clock.now()
        if row.agent is None:
            fresh = insert(agents).values(
                name=name, person_id=row.person_id, skills={}, capacity={}, version=1, created_at=now
            )
            connection.execute(fresh)
        else:
            mine = agents.c.person_id == row.person_id
            connection.execute(update(agents).where(mine).values(name=name, version=row.agent_version + 1))
        note(connection, actor, "agent.named", f"agent:{name}", {"person": row.person_id}, now)

    # --- changes ------------------------------------------------------------------------------------------

    async def _set(
        self,
        actor: Actor,
        name: str,
        values: Mapping[str, object],
        told: Mapping[str, object],
        at: datetime,
        seen_version: int | None,
        events: Mapping[AgentEventKind, Mapping[str, object]],
    ) -> AgentProfile:
        if name in self._configured and self._configured[name] is None:
            raise Refused(
                f"What {name} can do stands in the configuration: change it there, then `infolinia reload`."
            )
        rows = [
            {"id": self._ids.new(), "agent": name, "at": at, "kind": kind.value, "data": dict(data)}
            for kind, data in events.items()
        ]

        def work(connection: Connection) -> AgentProfile:
            locked = select(agents.c.version).where(agents.c.name == name).with_for_update()
            version = connection.execute(locked).scalar_one_or_none()
            row = _there(connection.execute(_profiles().where(agents.c.name == name)).one_or_none(), name)
            if seen_version is not None and seen_version != version:
                raise Changed("Somebody has changed this agent: read it again.", row.agent_version)
            changed = {**values, "version": row.agent_version + 1}
            connection.execute(update(agents).where(agents.c.name == name).values(changed))
            note(connection, actor, "agent.changed", f"agent:{name}", told, at)
            if rows:
                connection.execute(insert(agent_events), rows)
            return _profile(connection.execute(_profiles().where(agents.c.name == name)).one())

        return await written(self._engine, work)


def _one_at_a_time(connection: Connection) -> None:
    """Two names that are made at once are not the same."""
    connection.execute(select(people.c.id).order_by(people.c.id).with_for_update())


def _profiles(*, everybody: bool = False) -> Select[Any]:
    """Every role may sit at a desk. `everybody`: who may not sign in too."""
    wanted = select(
        people.c.id.label("person_id"),
        people.c.name.label("shown"),
        people.c.disabled_at,
        people.c.role,
        agents.c.name.label("agent"),
        agents.c.skills,
        agents.c.capacity,
        agents.c.version.label("agent_version"),
    ).select_from(people.outerjoin(agents, agents.c.person_id == people.c.id))
    return (
        wanted.order_by(people.c.id)
        if everybody
        else wanted.where(people.c.disabled_at.is_(None)).order_by(people.c.id)
    )


def _profile(row: Row[Any]) -> AgentProfile:
    return AgentProfile(
        row.agent, row.person_id, row.shown, row.skills, row.capacity, row.agent_version, Role(row.role)
    )


def _there(row: Row[Any] | None, name: str) -> Row[Any]:
    if row is None:
        raise Missing(f"There is no agent {name} who signs in.")
    return row


def _event(row: Row[Any]) -> AgentEvent:
    return AgentEvent(row.id, row.agent, row.at, AgentEventKind(row.kind), row.data)


def _last_of(name: str, kind: AgentEventKind, before: datetime) -> Select[Any]:
    row = agent_events.c
    mine = and_(_STANDING, row.agent == name, row.kind == kind.value, row.at < before)
    return select(agent_events).where(mine).order_by(row.at.desc(), row.id.desc()).limit(1)


def _last_events() -> Select[Any]:
    """The id of each agent's last event of each kind that tells where they stand.

    Names are found by leaping along the index, so that the log may be long.
    """
    row = agent_events.c
    names = select(func.min(row.agent).label("agent")).where(_STANDING).cte("names", recursive=True)
    following = select(func.min(row.agent)).where(_STANDING, row.agent > names.c.agent).scalar_subquery()
    names = names.union_all(select(following).where(names.c.agent.is_not(None)))

    def last(kind: AgentEventKind) -> Any:
        event = agent_events.alias(f"last_{kind.value}")
        mine = and_(event.c.agent == names.c.agent, event.c.kind == kind.value)
        if kind in _LAST:
            mine = and_(mine, text(f"{event.name}.{_STANDING.text}"))
        newest = select(event.c.id).where(mine).order_by(event.c.at.desc(), event.c.id.desc()).limit(1)
        return newest.correlate(names).scalar_subquery()

    kinds = (*_LAST, AgentEventKind.STATE_CHANGED)
    return select(names.c.agent, *(last(kind) for kind in kinds)).where(names.c.agent.is_not(None))


def _check_skills(skills: Mapping[str, int]) -> None:
    for problem in _skill_problems(skills):
        raise Refused(problem, "skills")


def _skill_problems(skills: Mapping[str, int]) -> Iterator[str]:
    if len(skills) > MOST_SKILLS:
        yield f"An agent has at most {MOST_SKILLS} skills."
    for name, level in skills.items():
        if not _SKILL.fullmatch(name):
            yield (
                f"{name!r} is no name of a skill: a small letter first, then small letters, digits, '-' and "
                "'_', up to 32 in all."
            )
        if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 5:
            yield f"The level of {name!r} is a whole number from 1 to 5."


def _check_capacity(capacity: Mapping[str, int]) -> None:
    for kind, number in capacity.items():
        if kind not in _WORK:
            raise Refused(f"There is no work of kind {kind!r}: call, chat and task.", "capacity")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _WORK[kind]:
            raise Refused(f"So many {kind}s at once: a whole number from 0 to {_WORK[kind]}.", "capacity")
