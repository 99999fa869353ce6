"""People and their sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.access import Role
from engine.registers.accounts import (
    SESSION_IDLE_SECONDS,
    SESSION_LONGEST_SECONDS,
    USE_NOTED_EACH_SECONDS,
    Accounts,
    KnownPassword,
    Person,
    Session,
    name_key,
)
from engine.registers.actor import Actor
from engine.registers.refusals import Changed, Missing, Refused
from store.audit import note
from store.registers.audit_log import SqlAuditLog
from store.registers.sign_in import SqlSignInAttempts
from store.registers.tokens import SqlTokens
from store.registers.transactions import reading, write_or_leave, written
from store.tables import people, sessions

_PERSON = [
    people.c[name] for name in ("id", "name", "role", "created_at", "updated_at", "disabled_at", "version")
]


def sql_accounts(engine: AsyncEngine) -> Accounts:
    return Accounts(
        people=SqlPeople(engine),
        sessions=SqlSessions(engine),
        attempts=SqlSignInAttempts(engine),
        tokens=SqlTokens(engine),
        audit=SqlAuditLog(engine),
    )


class SqlPeople:
    """Implements engine.registers.accounts.People."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def any(self) -> bool:
        async with reading(self._engine) as connection:
            return (await connection.execute(select(people.c.id).limit(1))).first() is not None

    async def any_admin(self) -> bool:
        wanted = select(people.c.id).where(_is_admin()).limit(1)
        async with reading(self._engine) as connection:
            return (await connection.execute(wanted)).first() is not None

    async def add(self, actor: Actor, person: Person, password_hash: str) -> Person:
        key = name_key(person.name)

        def work(connection: Connection) -> None:
            if connection.execute(select(people.c.id).where(people.c.name_key == key)).first():
                raise Refused(f"There is somebody named {person.name} already: choose another name.", "name")
            connection.execute(
                insert(people).values(
                    id=person.id,
                    name=person.name,
                    name_key=key,
                    role=person.role.value,
                    password_hash=password_hash,
                    created_at=person.created_at,
                    updated_at=person.updated_at,
                    version=1,
                )
            )
            _note(
                connection, actor, "person.added", person.id, {"role": person.role.value}, person.created_at
            )

        await written(self._engine, work)
        return person

    async def get(self, id: str) -> Person:
        async with reading(self._engine) as connection:
            row = (await connection.execute(select(*_PERSON).where(people.c.id == id))).one_or_none()
        return _person(_there(row, id))

    async def named(self, name: str) -> KnownPassword | None:
        wanted = select(people).where(people.c.name_key == name_key(name))
        async with reading(self._engine) as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else KnownPassword(_person(row), row.password_hash)

    async def known(self, id: str) -> KnownPassword:
        async with reading(self._engine) as connection:
            row = (await connection.execute(select(people).where(people.c.id == id))).one_or_none()
        row = _there(row, id)
        return KnownPassword(_person(row), row.password_hash)

    async def list(self, *, limit: int, after: str | None = None) -> Sequence[Person]:
        wanted = select(*_PERSON).order_by(people.c.id).limit(limit)
        if after is not None:
            wanted = wanted.where(people.c.id > after)
        async with reading(self._engine) as connection:
            return [_person(row) for row in await connection.execute(wanted)]

    async def change_role(
        self, actor: Actor, id: str, role: Role, at: datetime, seen_version: int | None = None
    ) -> Person:
        def change(connection: Connection, row: Row[Any]) -> dict[str, object]:
            if role is not Role.ADMIN:
                _keep_an_admin(connection, row, "role")
            _note(connection, actor, "person.role_changed", id, {"from": row.role, "to": role.value}, at)
            return {"role": role.value}

        return await self._change(id, at, seen_version, change)

    async def change_password(
        self, actor: Actor, id: str, password_hash: str, at: datetime, seen_version: int | None = None
    ) -> Person:
        def change(connection: Connection, row: Row[Any]) -> dict[str, object]:
            _note(connection, actor, "person.password_changed", id, {}, at)
            return {"password_hash": password_hash}

        return await self._change(id, at, seen_version, change)

    async def rehash(self, id: str, old_hash: str, new_hash: str) -> None:
        same = (people.c.id == id) & (people.c.password_hash == old_hash)
        await written(
            self._engine,
            lambda connection: (
                connection.execute(update(people).where(same).values(password_hash=new_hash)).rowcount
            ),
        )

    async def disable(self, actor: Actor, id: str, at: datetime, seen_version: int | None = None) -> Person:
        def change(connection: Connection, row: Row[Any]) -> dict[str, object]:
            if row.disabled_at is not None:
                return {}
            _keep_an_admin(connection, row, "disabled")
            _note(connection, actor, "person.disabled", id, {}, at)
            return {"disabled_at": at}

        return await self._change(id, at, seen_version, change)

    async def enable(self, actor: Actor, id: str, at: datetime, seen_version: int | None = None) -> Person:
        def change(connection: Connection, row: Row[Any]) -> dict[str, object]:
            if row.disabled_at is None:
                return {}
            _note(connection, actor, "person.enabled", id, {}, at)
            return {"disabled_at": None}

        return await self._change(id, at, seen_version, change)

    async def _change(
        self,
        id: str,
        at: datetime,
        seen_version: int | None,
        change: Callable[[Connection, Row[Any]], dict[str, object]],
    ) -> Person:
        """Whatever changes a person ends their sessions: nobody goes on with rights of before."""

        def work(connection: Connection) -> Person:
            # In order of id, all admins first: two who disable each other at once do not both succeed.
            connection.execute(select(people.c.id).where(_is_admin()).order_by(people.c.id).with_for_update())
            row = _there(
                connection.execute(select(people).where(people.c.id == id).with_for_update()).one_or_none(),
                id,
            )
            if seen_version is not None and row.version != seen_version:
                raise Changed("Somebody has changed this person: read it again.", row.version)
            values = change(connection, row)
            if not values:
                return _person(row)
            values = {**values, "updated_at": at, "version": row.version + 1}
            connection.execute(update(people).where(people.c.id == id).values(values))
            connection.execute(delete(sessions).where(sessions.c.person_id == id))
            return _person(connection.execute(select(*_PERSON).where(people.c.id == id)).one())

        return await written(self._engine, work)


class SqlSessions:
    """Implements engine.registers.accounts.Sessions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, actor: Actor, digest: str, known: KnownPassword, at: datetime) -> None:
        person = known.person

        def work(connection: Connection) -> None:
            still = select(people.c.password_hash, people.c.disabled_at).where(people.c.id == person.id)
            row = connection.execute(still.with_for_update()).one_or_none()
            if row is None or row.disabled_at is not None or row.password_hash != known.password_hash:
                raise Missing("The password was changed meanwhile: sign in again.")
            connection.execute(delete(sessions).where(_is_over(at)))
            connection.execute(
                insert(sessions).values(
                    digest=digest, person_id=person.id, created_at=at, seen_at=at, address=actor.address
                )
            )
            _note(connection, actor, "session.began", person.id, {}, at)

        await written(self._engine, work)

    async def find(self, digest: str, at: datetime, *, renew: bool) -> Session | None:
        wanted = (
            select(*_PERSON, sessions.c.created_at.label("began_at"), sessions.c.seen_at)
            .join_from(sessions, people)
            .where(sessions.c.digest == digest, ~_is_over(at), people.c.disabled_at.is_(None))
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            return None
        if renew and (at - row.seen_at).total_seconds() >= USE_NOTED_EACH_SECONDS:
            seen = update(sessions).where(sessions.c.digest == digest).values(seen_at=at)
            await write_or_leave(self._engine, seen)
        return Session(_person(row), row.began_at, row.seen_at)

    async def end(self, actor: Actor, digest: str, at: datetime) -> None:
        def work(connection: Connection) -> None:
            ended = delete(sessions).where(sessions.c.digest == digest).returning(sessions.c.person_id)
            person_id = connection.execute(ended).scalar_one_or_none()
            if person_id is not None:
                _note(connection, actor, "session.ended", person_id, {}, at)

        await written(self._engine, work)


def _is_admin() -> Any:
    return (people.c.role == Role.ADMIN.value) & people.c.disabled_at.is_(None)


def _is_over(at: datetime) -> Any:
    idle = at - timedelta(seconds=SESSION_IDLE_SECONDS)
    oldest = at - timedelta(seconds=SESSION_LONGEST_SECONDS)
    return (sessions.c.seen_at <= idle) | (sessions.c.created_at <= oldest)


def _keep_an_admin(connection: Connection, row: Row[Any], field: str) -> None:
    others = select(people.c.id).where(_is_admin(), people.c.id != row.id).limit(1)
    is_one = row.role == Role.ADMIN.value and row.disabled_at is None
    if is_one and connection.execute(others).first() is None:
        raise Refused("This is the last admin who can sign in: make another admin first.", field)


def _there(row: Row[Any] | None, id: str) -> Row[Any]:
    if row is None:
        raise Missing(f"There is no person {id}.")
    return row


def _person(row: Any) -> Person:
    return Person(
        row.id, row.name, Role(row.role), row.created_at, row.updated_at, row.disabled_at, row.version
    )


def _note(
    connection: Connection, actor: Actor, action: str, id: str, data: dict[str, object], at: datetime
) -> None:
    note(connection, actor, action, f"person:{id}", data, at)
