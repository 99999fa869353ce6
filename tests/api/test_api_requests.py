"""What every operation has in common, shown on one of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from tests.api.serving import RunningApi, running_api


class Thing(Shape):
    name: Annotated[str, Field(max_length=20)]


async def make(asked: Asked) -> Answer:
    return Answer(Thing(name=asked.body.name), version=1, headers={"Location": "/api/v1/things/1"})


@pytest.fixture
async def things(api_url: str, tmp_path: Path) -> AsyncIterator[RunningApi]:
    made = Operation(
        "POST",
        "/things",
        "make_thing",
        make,
        "Make it",
        "things",
        Scope.CONTACTS_WRITE,
        Role.AGENT,
        body=Thing,
        answer=Thing,
        status=201,
        keyed=True,
    )
    async with running_api(api_url, tmp_path, extra=[made]) as running:
        yield running


async def test_a_thing_is_made(things: RunningApi) -> None:
    reply = await things.token("contacts:write").post("/things", {"name": "a"})
    assert (reply.status, reply.json, reply.etag) == (201, {"name": "a"}, '"1"'), reply.raw
