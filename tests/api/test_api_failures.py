"""What registers refuse and what fails, as the asker and the log are told."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest

from console.api import serving
from engine.ports import StoreUnavailable
from tests.api.serving import RunningApi, problem
from tests.api.things import Things


async def test_what_registers_refuse_is_told(thing_api: RunningApi) -> None:
    client = thing_api.token()
    assert problem(await client.get("/things/0"), 404, "not-found")["detail"] == "There is no thing 0."
    refused = await client.patch("/things/1", {"name": "x"}, '"3"')
    assert problem(refused, 422, "refused")["detail"] == "No thing is called x. Take another name."
    assert refused.wrong_fields == ["body.parts[0].value"]
    own = problem(await client.get("/failures/refused"), 409, "invalid")
    assert own["rule"] == "r-1"


async def test_the_database_away(thing_api: RunningApi, caplog: pytest.LogCaptureFixture) -> None:
    reply = await thing_api.token().get("/failures/away")
    problem(reply, 503, "unavailable")
    assert reply.headers["Retry-After"] == "5"
    assert "connection refused" in caplog.text
    assert b"connection refused" not in reply.raw


async def test_a_failure_tells_nothing_but_its_id(
    thing_api: RunningApi, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await thing_api.token().get("/failures/x")
    problem(reply, 500, "failed")
    assert b"secret" not in reply.raw
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert reply.headers["X-Request-Id"] in record.getMessage()
    assert "secret detail" in caplog.text


async def test_an_answer_that_fails_half_way_is_broken_off(
    thing_api: RunningApi, things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    client = thing_api.token()
    for failure, told in ((StoreUnavailable("away"), True), (ConnectionResetError("gone"), False)):
        things.failures.append(failure)
        caplog.clear()
        with pytest.raises(aiohttp.ClientError):
            async with asyncio.timeout(10):
                await client.get("/thing-stream")
        assert ("GET /api/v1/thing-stream" in caplog.text) == told
    assert (await client.get("/thing-stream")).raw == b"data: 1\n\n"


async def test_no_handler_runs_for_ever(thing_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HANDLER_SECONDS", 0.05)
    problem(await thing_api.token().get("/failures/late"), 504, "too-slow")
