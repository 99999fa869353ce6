"""/people: who may sign in, and as what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from console.accounts.passwords import LONGEST, SHORTEST, Passwords, TooBusy, check_new
from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, cursor_of, parts_of
from console.api.problem import Problem
from console.api.shapes import Time
from engine.ports import Clock, Ids
from engine.registers.accounts import LONGEST_NAME, People, Person, checked_name
from engine.registers.actor import ActorKind

_TAG = "people"
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, description="By which they sign in.")]
_Password = Annotated[
    str,
    Field(min_length=SHORTEST, max_length=LONGEST, description="At least 12 characters; never told again."),
]


class PersonShape(Shape):
    id: str
    name: str
    role: Role
    created_at: Time
    updated_at: Time
    disabled_at: Annotated[Time | None, Field(description="Since when they may not sign in.")] = None


class PersonPage(Shape):
    items: tuple[PersonShape, ...]
    next: str | None = None


class NewPerson(Shape):
    name: _Name
    role: Role
    password: _Password


class PersonPatch(Shape):
    role: Role


class NewPassword(Shape):
    password: _Password


class PeopleApi:
    """What bears a password takes no Idempotency-Key: a digest of the request would be kept with the key."""

    def __init__(self, people: People, passwords: Passwords, clock: Clock, ids: Ids) -> None:
        self._people = people
        self._passwords = passwords
        self._clock = clock
        self._ids = ids

    def operations(self) -> tuple[Operation, ...]:
        one = "/people/{person_id}"
        read, write, admin = Scope.PEOPLE_READ, Scope.PEOPLE_WRITE, Role.ADMIN
        no_tokens = "A token may not do this to an admin, or make one."
        return (
            Operation(
                "GET",
                "/people",
                "list_people",
                self.list,
                "People who sign in",
                _TAG,
                read,
                admin,
                query=PageQuery,
                answer=PersonPage,
            ),
            Operation(
                "POST",
                "/people",
                "add_person",
                self.add,
                "Add a person",
                _TAG,
                write,
                admin,
                description=no_tokens,
                body=NewPerson,
                answer=PersonShape,
                status=201,
            ),
            Operation(
                "GET", one, "get_person", self.get, "One person", _TAG, read, admin, answer=PersonShape
            ),
            Operation(
                "PATCH",
                one,
                "change_person",
                self.change,
                "Change a person's role; ends their sessions",
                _TAG,
                write,
                admin,
                description=no_tokens,
                body=PersonPatch,
                answer=PersonShape,
                if_match=True,
            ),
            Operation(
                "POST",
                one + "/password",
                "set_password",
                self.set_password,
                "Set a person's password; ends their sessions",
                _TAG,
                write,
                admin,
                description=no_tokens,
                body=NewPassword,
                status=204,
            ),
            Operation(
                "POST",
                one + "/disable",
                "disable_person",
                self.disable,
                "Let a person sign in no more; ends their sessions",
                _TAG,
                write,
                admin,
                description=no_tokens,
                answer=PersonShape,
                keyed=True,
            ),
            Operation(
                "POST",
                one + "/enable",
                "enable_person",
                self.enable,
                "Let a disabled person sign in again",
                _TAG,
                write,
                admin,
                description=no_tokens,
                answer=PersonShape,
                keyed=True,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        after = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        some = await self._people.list(limit=query.limit + 1, after=after)
        shown = tuple(_shape(person) for person in some[: query.limit])
        more = cursor_of(shown[-1].id) if len(some) > query.limit else None
        return Answer(PersonPage(items=shown, next=more))

    async def get(self, asked: Asked) -> Answer:
        return _answer(await self._people.get(asked.path["person_id"]))

    async def add(self, asked: Asked) -> Answer:
        body: NewPerson = asked.body
        name = checked_name(body.name)
        check_new(body.password, name)
        _keep_tokens_out(asked, body.role)
        now = self._clock.now()
        person = Person(self._ids.new(), name, body.role, now, now)
        added = await self._people.add(asked.actor, person, await self._hashed(body.password))
        headers = {"Location": f"/api/v1/people/{added.id}"}
        return Answer(_shape(added), version=added.version, headers=headers)

    async def change(self, asked: Asked) -> Answer:
        body: PersonPatch = asked.body
        person = await self._changeable(asked, body.role)
        return _answer(
            await self._people.change_role(asked.actor, person.id, body.role, self._now(), asked.if_match)
        )

    async def set_password(self, asked: Asked) -> Answer:
        body: NewPassword = asked.body
        person = await self._changeable(asked)
        check_new(body.password, person.name)
        hashed = await self._hashed(body.password)
        await self._people.change_password(asked.actor, person.id, hashed, self._now(), person.version)
        return Answer()

    async def disable(self, asked: Asked) -> Answer:
        person = await self._changeable(asked)
        return _answer(await self._people.disable(asked.actor, person.id, self._now()))

    async def enable(self, asked: Asked) -> Answer:
        person = await self._changeable(asked)
        return _answer(await self._people.enable(asked.actor, person.id, self._now()))

    async def _changeable(self, asked: Asked, role: Role | None = None) -> Person:
        person = await self._people.get(asked.path["person_id"])
        _keep_tokens_out(asked, person.role)
        if role is not None:
            _keep_tokens_out(asked, role)
        return person

    async def _hashed(self, password: str) -> str:
        try:
            return await self._passwords.hash(password)
        except TooBusy as busy:
            raise Problem(503, "busy", str(busy), headers={"Retry-After": "5"}) from busy

    def _now(self) -> datetime:
        return self._clock.now()


def _keep_tokens_out(asked: Asked, role: Role) -> None:
    """Raises Problem 403. A token that could make an admin could do everything, whatever its scopes."""
    if role is Role.ADMIN and asked.actor.kind is not ActorKind.PERSON:
        raise Problem(403, "forbidden", "Only an admin who is signed in may do this with an admin.")


def _answer(person: Person) -> Answer:
    return Answer(_shape(person), version=person.version)


def _shape(person: Person) -> PersonShape:
    return PersonShape(
        id=person.id,
        name=person.name,
        role=person.role,
        created_at=person.created_at,
        updated_at=person.updated_at,
        disabled_at=person.disabled_at,
    )
