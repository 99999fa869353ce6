"""Operations of a test's own: they show what all operations have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from aiohttp import web
from pydantic import Field, JsonValue

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery
from console.api.problem import FieldError, Problem, ProblemDoc
from console.api.reading import body_chunks
from console.api.shapes import Time, WholeNumber
from engine.ports import StoreUnavailable
from engine.registers.refusals import Changed, Missing, Refused


class Part(Shape):
    value: Annotated[str, Field(min_length=1, max_length=20)]


class NewThing(Shape):
    name: Annotated[str, Field(max_length=20)]
    count: WholeNumber = 0
    weight: float = 1.0
    at: Time | None = None
    parts: Annotated[tuple[Part, ...], Field(max_length=3)] = ()
    attributes: Mapping[str, JsonValue] = Field(default_factory=dict)


class Thing(NewThing):
    id: str


class ThingQuery(PageQuery):
    word: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    since: Time | None = None
    open: bool | None = None
    least: float | None = None


class Seen(Shape):
    """The query as it was understood."""

    limit: int
    word: tuple[str, ...]
    since: Time | None
    open: bool | None
    least: float | None


@dataclass
class Things:
    """`gate`: while it is unset, making waits. `failures` are raised, the first one first."""

    made: list[NewThing] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    async def make(self, asked: Asked) -> Answer:
        if self.failures:
            raise self.failures.pop(0)
        self.made.append(asked.body)
        await self.gate.wait()
        shown = Thing(id=str(len(self.made)), **asked.body.model_dump())
        return Answer(shown, version=1, headers={"Location": f"/api/v1/things/{shown.id}"})

    async def one(self, asked: Asked) -> Answer:
        if asked.path["thing_id"] == "0":
            raise Missing("There is no thing 0.")
        return Answer(Thing(id=asked.path["thing_id"], name="a"), version=3)

    async def all(self, asked: Asked) -> Answer:
        query = asked.query
        return Answer(
            Seen(limit=query.limit, word=query.word, since=query.since, open=query.open, least=query.least)
        )

    async def change(self, asked: Asked) -> Answer:
        if asked.if_match != 3:
            raise Changed("Somebody else has changed the thing. Read it again.", 3)
        if asked.body.name == "x":
            raise Refused("No thing is called x. Take another name.", "parts[0].value")
        return Answer(Thing(id=asked.path["thing_id"], **asked.body.model_dump()), version=4)

    async def remove(self, asked: Asked) -> Answer:
        return Answer()

    async def upload(self, asked: Asked) -> Answer:
        size = 0
        async for chunk in body_chunks(asked.request, 100_000):
            size += len(chunk)
        return Answer(Thing(id="u", name="upload", count=size))

    async def stream(self, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(asked.request)
        await response.write(b"data: 1\n\n")
        if self.failures:
            raise self.failures.pop(0)
        return response

    async def fail(self, asked: Asked) -> Answer:
        match asked.path["how"]:
            case "away":
                raise StoreUnavailable("connection refused")
            case "refused":
                wrong = FieldError("path.how", "Take another way.")
                raise Problem(409, "invalid", "Not so.", errors=[wrong], extra={"rule": "r-1"})
            case "late":
                await asyncio.sleep(60)
        raise RuntimeError("secret detail")

    def operations(self) -> tuple[Operation, ...]:
        read, write, agent = Scope.CONTACTS_READ, Scope.CONTACTS_WRITE, Role.AGENT
        return (
            Operation(
                "GET", "/things", "list_things", self.all, "List things", "things", read, agent,
                query=ThingQuery, answer=Seen,
            ),
            Operation(
                "POST", "/things", "make_thing", self.make, "Make a thing", "things", write, agent,
                body=NewThing, answer=Thing, status=201, keyed=True,
            ),
            Operation(
                "GET", "/things/{thing_id}", "get_thing", self.one, "Read a thing", "things", read, agent,
                answer=Thing,
            ),
            Operation(
                "PATCH", "/things/{thing_id}", "change_thing", self.change, "Change a thing", "things",
                write, Role.SUPERVISOR, body=NewThing, answer=Thing, if_match=True,
            ),
            Operation(
                "DELETE", "/things/{thing_id}", "remove_thing", self.remove, "Remove a thing", "things",
                write, Role.MANAGER,
            ),
            Operation(
                "POST", "/thing-files", "upload_thing", self.upload, "Upload", "things", write, agent,
                body_types=("text/csv",), answer=Thing,
            ),
            Operation(
                "GET", "/thing-stream", "stream_things", self.stream, "Watch", "things", read, agent,
                answer_types=("text/event-stream",),
            ),
            Operation(
                "GET", "/failures/{how}", "fail", self.fail, "Fail", "things", read, agent, answer=Thing,
                problems=(ProblemDoc(409, "Not so.", {"rule": {"type": "string"}}),),
            ),
        )  # fmt: skip
