"""What every operation has in common, shown on those of tests.api.things."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from console.api import serving
from console.api.rate_limits import Rate
from tests.api.serving import Reply, RunningApi, running_api
from tests.api.things import Things

JSON = {"Content-Type": "application/json"}


def problem(reply: Reply, status: int, kind: str) -> dict[str, Any]:
    """The problem, which is as all problems are."""
    assert reply.status == status, reply.raw
    assert reply.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = reply.json
    assert told["type"] == f"/api/problems/{kind}"
    assert told["status"] == status
    assert told["instance"] == reply.headers["X-Request-Id"]
    assert told["detail"].endswith(".")
    assert told["title"]
    return told


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


async def test_packed_bodies_are_not_taken(thing_api: RunningApi) -> None:
    reply = await thing_api.token().post(
        "/things", data=b"no gzip", headers={**JSON, "Content-Encoding": "gzip"}
    )
    problem(reply, 415, "media-type")


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


async def test_only_what_is_accepted_is_given(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for accept, status in (
        ("application/json", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/*", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0.000, text/plain", 406),
    ):
        reply = await client.get("/things", headers={"Accept": accept})
        assert reply.status == status, accept
    assert (await client.delete("/things/1", headers={"Accept": "text/html"})).status == 204
    stream = await client.get("/thing-stream", headers={"Accept": "text/event-stream"})
    assert stream.raw == b"data: 1\n\n"
    assert stream.headers["X-Request-Id"]
    problem(await client.get("/thing-stream", headers={"Accept": "application/json"}), 406, "not-acceptable")


# --- versions ---------------------------------------------------------------------------------------------


async def test_a_change_names_the_version_that_it_changes(thing_api: RunningApi) -> None:
    client = thing_api.token()
    problem(await client.patch("/things/1", {"name": "a"}, None), 428, "version-required")
    stale = await client.patch("/things/1", {"name": "a"}, '"2"')
    problem(stale, 412, "changed")
    assert stale.etag == '"3"'
    for etag in ('"3"', 'W/"3"', ' "3" '):
        done = await client.patch("/things/1", {"name": "a"}, etag)
        assert (done.status, done.etag) == (200, '"4"')
    for etag in ("3", "*", '"3", "4"', '"3'):
        reply = await client.patch("/things/1", {"name": "a"}, etag)
        problem(reply, 400, "invalid")
        assert reply.wrong_fields == ["header.If-Match"]
    for etag in ('"x"', '"99999999999999999999"', '""', '"-1"', '"03"'):
        problem(await client.patch("/things/1", {"name": "a"}, etag), 412, "changed")


async def test_what_is_known_already_is_not_sent_again(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for held in ('"3"', 'W/"3"', '"1", "3"', "*"):
        reply = await client.get("/things/1", headers={"If-None-Match": held})
        assert (reply.status, reply.raw, reply.etag) == (304, b"", '"3"')
    assert (await client.get("/things/1", headers={"If-None-Match": '"2"'})).status == 200


# --- what handlers raise ----------------------------------------------------------------------------------


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


async def test_no_handler_runs_for_ever(thing_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HANDLER_SECONDS", 0.05)
    problem(await thing_api.token().get("/failures/late"), 504, "too-slow")


# --- who may ----------------------------------------------------------------------------------------------


async def test_strangers_may_do_nothing(thing_api: RunningApi) -> None:
    reply = await thing_api.stranger().get("/things")
    problem(reply, 401, "not-signed-in")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    problem(await thing_api.stranger().post("/things", {"name": "a"}), 401, "not-signed-in")


async def test_a_session_bears_its_own_token_when_it_changes_something(thing_api: RunningApi) -> None:
    with_token, without = thing_api.person("agent"), thing_api.person("agent", csrf=False)
    assert (await with_token.post("/things", {"name": "a"})).status == 201
    problem(await without.post("/things", {"name": "a"}), 403, "csrf")
    wrong = {"X-CSRF-Token": "guessed"}
    problem(await without.post("/things", {"name": "a"}, headers=wrong), 403, "csrf")
    assert (await without.get("/things")).status == 200


async def test_names_that_are_answered_to(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for host, status in (
        ("calls.example.com", 200),
        ("CALLS.example.com:8080", 200),
        ("localhost", 200),
        ("evil.example.com", 403),
    ):
        reply = await client.get("/things", headers={"Host": host})
        assert reply.status == status
    problem(await client.get("/things", headers={"Host": "evil.example.com"}), 403, "foreign")


async def test_other_sites_pages_are_refused_unless_they_have_a_token(thing_api: RunningApi) -> None:
    foreign = {"Origin": "https://evil.example.com"}
    assert (await thing_api.token().post("/things", {"name": "a"}, headers=foreign)).status == 201
    reply = await thing_api.stranger().post("/things", {"name": "a"}, headers=foreign)
    problem(reply, 403, "foreign")


# --- how often --------------------------------------------------------------------------------------------


async def test_a_token_has_its_rate(api_url: str, tmp_path: Path, things: Things) -> None:
    async with running_api(
        api_url, tmp_path, extra=things.operations(), rate=Rate(per_second=0.001, burst=3)
    ) as api:
        client, other = api.token(), api.token()
        left = [(await client.get("/things")).headers["RateLimit"] for _ in range(3)]
        assert [header.split(";")[1] for header in left] == ["r=2", "r=1", "r=0"]
        reply = await client.get("/things")
        problem(reply, 429, "too-many")
        assert 0 < int(reply.headers["Retry-After"]) <= 1000
        assert reply.headers["RateLimit-Policy"] == '"default";q=3;w=3000'
        assert (await other.get("/things")).status == 200


async def test_strangers_have_a_rate_of_their_own(api_url: str, tmp_path: Path, things: Things) -> None:
    async with running_api(
        api_url, tmp_path, extra=things.operations(), strangers=Rate(per_second=0.001, burst=2)
    ) as api:
        assert [(await api.stranger().get("/things")).status for _ in range(3)] == [401, 401, 429]
        # Whoever guesses tokens from here is held back, even if one were right.
        assert (await api.token().get("/things")).status == 429


async def test_many_requests_at_once(thing_api: RunningApi) -> None:
    clients = [thing_api.token() for _ in range(5)]
    replies = await asyncio.gather(
        *(client.post("/things", {"name": f"n{n}"}) for client in clients for n in range(20))
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 100
