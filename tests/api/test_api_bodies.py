"""What operations take as a body, and how what is wrong in it is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.api import reading
from tests.api.serving import RunningApi, problem

JSON = {"Content-Type": "application/json"}


async def test_a_thing_is_made(thing_api: RunningApi) -> None:
    reply = await thing_api.token("contacts:write").post("/things", {"name": "a", "parts": [{"value": "b"}]})
    assert reply.status == 201
    assert reply.json["parts"] == [{"value": "b"}]
    assert (reply.etag, reply.headers["Location"]) == ('"1"', "/api/v1/things/1")
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["body.name"]),
        ({"name": "a", "nome": 1}, ["body.nome"]),
        ({"name": 5}, ["body.name"]),
        ({"name": "a", "count": "5"}, ["body.count"]),
        ({"name": "a", "count": True}, ["body.count"]),
        ({"name": "a", "count": 2**53}, ["body.count"]),
        ({"name": "a", "parts": [{"value": "x"}, {"value": ""}]}, ["body.parts[1].value"]),
        ({"name": "a", "parts": [{"value": "x", "y": 1}, {}]}, ["body.parts[0].y", "body.parts[1].value"]),
        ({"name": "a\0"}, ["body.name"]),
        ({"name": "a", "parts": [{"value": "\0"}]}, ["body.parts[0].value"]),
        ({"name": "a", "attributes": {"x": {"y": ["\0"]}}}, ["body.attributes.x.y[0]"]),
        ({"name": "a", "attributes": {"x\0": 1}}, ["body.attributes"]),
        ({"name": "a", "at": "2026-11-22"}, ["body.at"]),
        ({"name": "a", "at": "2026-11-22T10:00:00"}, ["body.at"]),
        ({"name": "a", "at": "1764000000"}, ["body.at"]),
        ({"name": "a", "at": 1764000000}, ["body.at"]),
        ({"name": "a", "at": "9999-12-31T23:59:59-14:00"}, ["body.at"]),
        ({"name": "a", "at": "0001-01-01T00:00:00+14:00"}, ["body.at"]),
        ([], ["body"]),
        ("text", ["body"]),
    ],
)
async def test_every_wrong_member_is_named(thing_api: RunningApi, body: object, fields: list[str]) -> None:
    reply = await thing_api.token().post("/things", body)
    told = problem(reply, 422, "invalid")
    assert reply.wrong_fields == fields
    assert all(error["message"].endswith(".") for error in told["errors"])


async def test_times_are_read_with_any_zone_and_answered_in_utc(thing_api: RunningApi) -> None:
    for written, told in (
        ("2026-11-22T10:00:00.5+02:00", "2026-11-22T08:00:00.500000Z"),
        ("2026-11-22t10:00:00z", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123456Z"),
    ):
        reply = await thing_api.token().post("/things", {"name": "a", "at": written})
        assert reply.json["at"] == told


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"name": "a"} x',
        b'{"name": "a", "weight": NaN}',
        b'{"name": "a", "weight": Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "a", "attributes": {"x": {"y": 1, "y": 1}}}',
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 40 + b"]" * 40,
        b'{"name":' * 20_000,
        b'{"name": "a", "count": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda raw: raw[:24].decode("latin-1"),
)
async def test_what_is_no_json_is_told(thing_api: RunningApi, raw: bytes) -> None:
    limit = 413 if len(raw) > 64 * 1024 else 400
    reply = await thing_api.token().post("/things", data=raw, headers=JSON)
    problem(reply, limit, "not-json" if limit == 400 else "too-large")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"name": "\\ud800"}', "body.name"),
        (b'{"name": "a", "weight": 1e400}', "body.weight"),
        (b'{"name": "a", "weight": 1e300}', "body.weight"),
        (b'{"name": "a", "count": 100000000000000000000000000}', "body.count"),
        (b'{"name": "a", "attributes": {"x": 100000000000000000000000000}}', "body.attributes.x"),
    ],
)
async def test_what_no_database_takes_is_told(thing_api: RunningApi, raw: bytes, field: str) -> None:
    reply = await thing_api.token().post("/things", data=raw, headers=JSON)
    problem(reply, 422, "invalid")
    assert reply.wrong_fields == [field]


async def test_the_body_is_json_by_its_header(thing_api: RunningApi) -> None:
    for other in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"):
        reply = await thing_api.token().post("/things", data=b"{}", headers={"Content-Type": other})
        problem(reply, 415, "media-type")
    reply = await thing_api.token().post("/things", data=b"{}")
    problem(reply, 415, "media-type")
    assert reply.headers["Accept-Post"] == "application/json"
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    assert (await thing_api.token().post("/things", data=b'{"name": "a"}', headers=kind)).status == 201
    patch = {"Content-Type": "application/merge-patch+json"}
    reply = await thing_api.token().ask("PATCH", "/things/1", {"name": "a"}, headers=patch, etag='"3"')
    assert reply.status == 200


async def test_a_body_where_none_is_taken(thing_api: RunningApi) -> None:
    reply = await thing_api.token().delete("/things/1", data=b"{}")
    problem(reply, 400, "invalid")
    assert (await thing_api.token().delete("/things/1")).status == 204


async def test_a_body_is_bounded_whatever_it_says_of_itself(thing_api: RunningApi) -> None:
    async def pieces() -> Any:
        for _ in range(20):
            yield b" " * 8192

    large = await thing_api.token().post("/things", data=b" " * 70_000, headers=JSON)
    problem(large, 413, "too-large")
    chunked = await thing_api.token().ask("POST", "/things", data=pieces(), headers=JSON)
    problem(chunked, 413, "too-large")
    csv = {"Content-Type": "text/csv"}
    taken = await thing_api.token().post("/thing-files", data=b"x" * 90_000, headers=csv)
    assert (taken.status, taken.json["count"]) == (200, 90_000)
    problem(await thing_api.token().post("/thing-files", data=b"x" * 100_001, headers=csv), 413, "too-large")


async def test_a_body_that_stops_coming_is_told(
    thing_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.1)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    csv = {"Content-Type": "text/csv"}
    for path, headers in (("/things", JSON), ("/thing-files", csv)):
        async with asyncio.timeout(10):
            reply = await thing_api.token().post(path, data=stalled(), headers=headers)
        problem(reply, 408, "too-slow")


async def test_packed_bodies_are_not_taken(thing_api: RunningApi) -> None:
    reply = await thing_api.token().post(
        "/things", data=b"no gzip", headers={**JSON, "Content-Encoding": "gzip"}
    )
    problem(reply, 415, "media-type")
