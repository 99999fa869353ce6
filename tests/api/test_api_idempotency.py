from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from console.api import idempotency
from console.api.problem import Problem
from engine.ports import StoreUnavailable
from engine.registers.idempotency import Fresh, KeptAnswer, KeyedRequest, Running
from engine.registers.refusals import Refused
from tests.api.serving import RunningApi, both_databases, running_api
from tests.api.things import Things

pytestmark = both_databases
A = {"name": "a"}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it is not told when
            await asyncio.sleep(0.01)


async def test_a_request_that_is_sent_again_is_answered_again(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    first = await client.post("/things", A, key="k-1")
    again = await client.post("/things", A, key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert (again.etag, again.headers["Location"]) == (first.etag, first.headers["Location"])
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(things.made) == 1
    await client.post("/things", A, key="k-2")
    await client.post("/things", A)
    assert len(things.made) == 3


async def test_it_survives_a_restart(api_url: str, tmp_path: Path, things: Things) -> None:
    async with running_api(api_url, tmp_path, extra=things.operations()) as api:
        first = await api.token(id="t").post("/things", A, key="k")
    async with running_api(api_url, tmp_path, extra=things.operations()) as api:
        again = await api.token(id="t").post("/things", A, key="k")
    assert again.json == first.json
    assert len(things.made) == 1


async def test_another_request_with_the_key_is_refused(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    await client.post("/things", A, key="k")
    reply = await client.post("/things", {"name": "b"}, key="k")
    assert (reply.status, reply.json["type"]) == (422, "/api/problems/key-reused")
    assert (await client.post("/things?x=1", A, key="k")).status == 400
    assert len(things.made) == 1


async def test_keys_are_each_ones_own(thing_api: RunningApi, things: Things) -> None:
    for client in (thing_api.token(), thing_api.token(), thing_api.person("agent")):
        assert (await client.post("/things", A, key="k")).status == 201
    assert len(things.made) == 3


async def test_twins_are_carried_out_once(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    things.gate.clear()
    twins = [asyncio.create_task(client.post("/things", A, key="k")) for _ in range(12)]
    await until(lambda: sum(twin.done() for twin in twins) == 11)  # told at once that one still runs
    things.gate.set()
    replies = await asyncio.gather(*twins)
    assert sorted(reply.status for reply in replies) == [201] + [409] * 11
    assert len(things.made) == 1
    assert (await client.post("/things", A, key="k")).headers["Idempotency-Replayed"] == "true"


async def test_what_still_runs_is_told(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    things.gate.clear()
    first = asyncio.create_task(client.post("/things", A, key="k"))
    await until(lambda: bool(things.made))
    reply = await client.post("/things", A, key="k")
    assert (reply.status, reply.json["type"]) == (409, "/api/problems/running")
    assert reply.headers["Retry-After"] == "1"
    things.gate.set()
    assert (await first).status == 201


async def test_what_was_refused_may_be_sent_again_with_its_key(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    things.failures += [Refused("No."), StoreUnavailable("away"), Problem(409, "invalid", "No.")]
    statuses = [(await client.post("/things", A, key="k")).status for _ in range(4)]
    assert statuses == [422, 503, 409, 201]
    assert (await client.post("/things", {}, key="other")).status == 422
    assert (await client.post("/things", A, key="other")).status == 201


async def test_of_what_failed_half_way_nobody_knows(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token(id="t")
    things.failures.append(RuntimeError("half way"))
    assert (await client.post("/things", A, key="k")).status == 500
    assert (await client.post("/things", A, key="k")).status == 409
    assert not things.made


async def test_a_key_that_was_cut_off_is_told(
    thing_api: RunningApi, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request runs so long: its process has died between the beginning and the answer."""
    monkeypatch.setattr(idempotency, "INTERRUPTED_SECONDS", 0.0)
    client = thing_api.token()
    things.gate.clear()
    cut_off = asyncio.create_task(client.post("/things", A, key="k"))
    await until(lambda: bool(things.made))
    reply = await client.post("/things", A, key="k")
    assert (reply.status, reply.json["type"]) == (409, "/api/problems/interrupted")
    things.gate.set()
    await cut_off
    assert len(things.made) == 1


async def test_keys_are_forgotten_after_a_day(thing_api: RunningApi) -> None:
    keys, now = thing_api.parts.idempotency, thing_api.parts.clock.now()
    request = KeyedRequest("token:t", "k", "POST", "/p", "d")
    assert await keys.begin(request, now, forget_before=now - timedelta(hours=24)) == Fresh()
    await keys.finish(request, KeptAnswer(201, {"ETag": '"1"'}, b"{}"))
    later = now + timedelta(hours=23, minutes=59)
    kept = await keys.begin(request, later, forget_before=later - timedelta(hours=24))
    assert kept == KeptAnswer(201, {"ETag": '"1"'}, b"{}")
    later = now + timedelta(hours=24, minutes=1)
    assert await keys.begin(request, later, forget_before=later - timedelta(hours=24)) == Fresh()
    assert await keys.begin(request, later, forget_before=now) == Running(later)
    assert await keys.prune(later + timedelta(seconds=1)) == 1


async def test_a_key_is_printable(thing_api: RunningApi, things: Things) -> None:
    client = thing_api.token()
    for key in ("", "a b", "x" * 201, "ł"):
        reply = await client.post("/things", A, key=key)
        assert reply.status == 400, key
        assert reply.wrong_fields == ["header.Idempotency-Key"]
    assert not things.made
