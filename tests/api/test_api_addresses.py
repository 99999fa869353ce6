"""Paths, methods and queries: what leads to an operation, and how it understands the query."""

from __future__ import annotations

import pytest

from tests.api.serving import RunningApi, problem


async def test_an_unknown_member_is_told_with_those_there_are(thing_api: RunningApi) -> None:
    reply = await thing_api.token("contacts:read").get("/things?limmit=5")
    (error,) = problem(reply, 400, "invalid")["errors"]
    assert error["field"] == "query.limmit"
    assert "limit, cursor" in error["message"]


async def test_the_query_is_understood(thing_api: RunningApi) -> None:
    client = thing_api.token("contacts:read")
    reply = await client.get(
        "/things?limit=7&word=a&word=%C5%82&since=2026-11-22T10:00:00%2B02:00&open=true&least=0.5"
    )
    assert reply.json == {
        "limit": 7,
        "word": ["a", "ł"],
        "since": "2026-11-22T08:00:00Z",
        "open": True,
        "least": 0.5,
    }
    assert (await client.get("/things")).json["limit"] == 50


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=x", "query.limit"),
        ("limit=0", "query.limit"),
        ("limit=1.0", "query.limit"),
        ("limit=%D9%A5", "query.limit"),
        ("limit=1&limit=2", "query.limit"),
        ("limit=" + "9" * 40, "query.limit"),
        ("open=yes", "query.open"),
        ("least=nan", "query.least"),
        ("since=2026", "query.since"),
        ("word=a&word=b&word=c&word=d", "query.word"),
        ("colour=red", "query.colour"),
    ],
)
async def test_every_wrong_parameter_is_named(thing_api: RunningApi, query: str, field: str) -> None:
    reply = await thing_api.token().get(f"/things?{query}")
    problem(reply, 400, "invalid")
    assert reply.wrong_fields == [field]
    assert (await thing_api.token().get("/things/1?colour=red")).wrong_fields == ["query.colour"]


async def test_strange_addresses_lead_nowhere(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for path in (
        "/nothing",
        "/things/1/2",
        "/things/",
        "/api",
        "/api/",
        "/api/v2/things",
        "/things/" + "x" * 201,
    ):
        assert problem(await client.get(path), 404, "not-found")
    assert (await client.get("/things/a%00b")).status == 400
    assert (await client.get("/things?cursor=a%00b")).status == 400
    assert (await client.get("/things/%01")).status == 404
    assert (await client.get("/things?cursor=%FF")).status in (200, 400)


async def test_other_methods_are_told_which_there_are(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for method, path, allowed in (
        ("PUT", "/things", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/things/1", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("HEAD", "/thing-stream", "GET, OPTIONS"),
        ("TRACE", "/things", "GET, HEAD, OPTIONS, POST"),
    ):
        reply = await client.ask(method, path)
        assert (reply.status, reply.headers["Allow"]) == (405, allowed)
    reply = await thing_api.stranger().ask("OPTIONS", "/things")
    assert (reply.status, reply.raw, reply.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")


async def test_head_answers_as_get_without_the_content(thing_api: RunningApi) -> None:
    reply = await thing_api.token().ask("HEAD", "/things/1")
    assert (reply.status, reply.raw, reply.etag) == (200, b"", '"3"')
    assert int(reply.headers["Content-Length"]) > 10
